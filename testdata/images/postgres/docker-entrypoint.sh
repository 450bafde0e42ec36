#!/usr/bin/env bash
# The official image's contract in our own words. What a user of that image may rely on, and the lab tests with:
# - POSTGRES_{PASSWORD,USER,DB,INITDB_ARGS}, or the same with _FILE (both at once is an error); read before root is left;
# - as root: own PGDATA and the socket folder, then become postgres; as anyone else: go on as that user;
# - only on an empty PGDATA: initdb, "host all all all METHOD" appended to pg_hba.conf, a server on the unix socket only,
#   with the arguments of the real one, the database, then /docker-entrypoint-initdb.d in the order of names;
# - from 18 on, PGDATA is /var/lib/postgresql/MAJOR/docker, and data of another major version in the volume is refused;
# - psql stops at the first error, and then the container stops, with PGDATA left as it is.
set -Eeuo pipefail

fail() {
  printf 'docker-entrypoint: %s\n' "$*" >&2
  exit 1
}

# setting NAME [DEFAULT]: NAME from the environment, or from the file that NAME_FILE names.
setting() {
  local name=$1 file_name=$1_FILE value=${2:-}
  local given=${!name:-} file=${!file_name:-}
  if [[ -n $given && -n $file ]]; then
    fail "both $name and $file_name are set"
  elif [[ -n $given ]]; then
    value=$given
  elif [[ -n $file ]]; then
    value=$(<"$file")
  fi
  export "$name=$value"
  unset "$file_name"
}

read_settings() {
  setting POSTGRES_PASSWORD
  setting POSTGRES_USER postgres
  setting POSTGRES_DB "$POSTGRES_USER"
  setting POSTGRES_INITDB_ARGS
  : "${POSTGRES_HOST_AUTH_METHOD:=}"
}

make_folders() {
  mkdir -p "$PGDATA"
  # These may fail on a mount that somebody else owns; the server will say so better.
  chmod 0700 "$PGDATA" || true
  mkdir -p /var/run/postgresql || true
  chmod 3775 /var/run/postgresql || true
  if ((EUID == 0)); then
    find "$PGDATA" /var/run/postgresql ! -user postgres -exec chown postgres '{}' +
  fi
}

check_password() {
  if [[ -z $POSTGRES_PASSWORD && $POSTGRES_HOST_AUTH_METHOD != trust ]]; then
    fail 'the database is new and POSTGRES_PASSWORD is empty'
  fi
}

check_other_versions() {
  local folder
  [[ $PGDATA == "/var/lib/postgresql/$PG_MAJOR/docker" ]] || return 0
  for folder in /var/lib/postgresql /var/lib/postgresql/data /var/lib/postgresql/*/docker; do
    [[ ! -s $folder/PG_VERSION ]] || fail "there is data of another major version in $folder"
  done
  ! mountpoint -q /var/lib/postgresql/data || fail 'there is a volume at /var/lib/postgresql/data, which nothing would use'
}

init_database() {
  # POSTGRES_INITDB_ARGS is shell text in the official image too: it may hold quotes.
  eval "initdb --username=\"\$POSTGRES_USER\" --pwfile=<(printf '%s\n' \"\$POSTGRES_PASSWORD\") $POSTGRES_INITDB_ARGS"
}

append_hba() {
  local method=$POSTGRES_HOST_AUTH_METHOD
  [[ -n $method ]] || method=$(postgres -C password_encryption "$@")
  printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
}

sql() {
  PGHOST='' PGHOSTADDR='' psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password --no-psqlrc "$@"
}
# The name that scripts in /docker-entrypoint-initdb.d know it by; they may also call the psql array.
docker_process_sql() {
  sql ${POSTGRES_DB:+--dbname "$POSTGRES_DB"} "$@"
}

run_init_files() {
  local file
  # shellcheck disable=SC2034 # for sourced scripts
  psql=(docker_process_sql)
  for file; do
    case $file in
      *.sh)
        if [[ -x $file ]]; then
          printf 'docker-entrypoint: running %s\n' "$file"
          "$file"
        else
          printf 'docker-entrypoint: sourcing %s\n' "$file"
          # shellcheck disable=SC1090 # whatever the user mounts there
          . "$file"
        fi
        ;;
      *.sql) printf 'docker-entrypoint: running %s\n' "$file" && docker_process_sql -f "$file" ;;
      *.sql.gz) printf 'docker-entrypoint: running %s\n' "$file" && gunzip -c "$file" | docker_process_sql ;;
      *.sql.xz) printf 'docker-entrypoint: running %s\n' "$file" && xzcat "$file" | docker_process_sql ;;
      *.sql.zst) printf 'docker-entrypoint: running %s\n' "$file" && zstd -dc "$file" | docker_process_sql ;;
      *) printf 'docker-entrypoint: ignoring %s\n' "$file" ;;
    esac
  done
}

set_up() {
  local arguments=("$@") exists
  [[ ${arguments[0]} == postgres ]] && arguments=("${arguments[@]:1}")
  check_password
  check_other_versions
  ls /docker-entrypoint-initdb.d/ >/dev/null
  init_database
  append_hba "${arguments[@]}"

  export PGPASSWORD=${PGPASSWORD:-$POSTGRES_PASSWORD}
  arguments+=(-c "listen_addresses=" -p "${PGPORT:-5432}")
  PGUSER=${PGUSER:-$POSTGRES_USER} pg_ctl -D "$PGDATA" -o "$(printf '%q ' "${arguments[@]}")" -w start
  exists=$(sql --dbname postgres --set db="$POSTGRES_DB" --tuples-only <<<"SELECT 1 FROM pg_database WHERE datname = :'db';")
  [[ -n $exists ]] || sql --dbname postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
  shopt -s nullglob
  run_init_files /docker-entrypoint-initdb.d/*
  PGUSER=${PGUSER:-postgres} pg_ctl -D "$PGDATA" -m fast -w stop
  unset PGPASSWORD
  printf '\nPostgreSQL init process complete; ready for start up.\n\n'
}

wants_information() {
  local argument
  for argument; do
    case $argument in
      '-?' | --help | --describe-config | -V | --version) return 0 ;;
    esac
  done
  return 1
}

main() {
  [[ ${1:0:1} == - ]] && set -- postgres "$@"
  if [[ $1 == postgres ]] && ! wants_information "$@"; then
    read_settings
    make_folders
    if ((EUID == 0)); then
      exec gosu postgres "${BASH_SOURCE[0]}" "$@"
    fi
    if [[ -s $PGDATA/PG_VERSION ]]; then
      printf '\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n'
    else
      set_up "$@"
    fi
  fi
  exec "$@"
}

main "$@"
