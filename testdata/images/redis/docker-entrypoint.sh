#!/usr/bin/env bash
# The official image's contract in our own words: a first argument that is an option or a .conf file is for redis-server;
# root hands /data to redis and becomes redis, without any capability; files are made for the owner only.
set -euo pipefail

if [[ ${1:-} == -* || ${1:-} == *.conf ]]; then
  set -- redis-server "$@"
fi

if [[ ${1##*/} == redis-server ]]; then
  if ((EUID == 0)) && [[ -z ${SKIP_DROP_PRIVS:-} ]]; then
    [[ -n ${SKIP_FIX_PERMS:-} ]] || find . ! -user redis -exec chown redis '{}' + || true
    exec setpriv --reuid redis --regid redis --clear-groups --nnp --inh-caps=-all --ambient-caps=-all \
      --bounding-set=-all "$0" "$@"
  fi
  # The official binary is built with protected-mode off; Debian's is not. A word of the user's own wins.
  if [[ $* != *protected-mode* ]] && ! grep -qs '^[[:space:]]*protected-mode' "${2:-/nonexistent}"; then
    set -- "$@" --protected-mode no
  fi
fi

[[ $(umask) != 0022 ]] || umask 0077
exec "$@"
