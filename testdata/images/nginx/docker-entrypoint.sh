#!/bin/sh
# The official image's contract in our own words: scripts in /docker-entrypoint.d run in the order of their names when
# nginx is what starts, *.envsh are sourced, others are ignored; a script that fails stops the container. The official
# image ships four scripts, all of which leave a read-only file system and a mounted nginx.conf alone; here are none.
set -e

say() {
  [ -n "${NGINX_ENTRYPOINT_QUIET_LOGS:-}" ] || echo "docker-entrypoint: $*"
}

case "${1:-}" in
  nginx | nginx-debug)
    for script in /docker-entrypoint.d/*; do
      [ -f "$script" ] || continue
      case "$script" in
        *.envsh | *.sh)
          if [ ! -x "$script" ]; then
            say "$script is not executable, ignored"
            continue
          fi
          ;;
        *)
          say "$script ignored"
          continue
          ;;
      esac
      say "running $script"
      if [ "${script%.envsh}" != "$script" ]; then
        # shellcheck disable=SC1090 # whatever the user mounts there
        . "$script"
      else
        "$script"
      fi
    done
    ;;
esac

exec "$@"
