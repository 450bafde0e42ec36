# shellcheck shell=bash disable=SC2034,SC2154

SNAPSHOT='' # the folder; its name is the token that a timer must still find under "pending"

pending() { [[ -d $STATE/pending/ ]] && readlink "$STATE/pending"; }

# take_snapshot keeps everything that a rollback needs: copies of ufw's files, the kernel's rules, and rollback.sh.
take_snapshot() {
    local f
    install -d -m 0700 "$STATE" && SNAPSHOT=$(mktemp -d "$STATE/snapshot.XXXXXXXX") || return 1
    cp -a "$ETC" "$SNAPSHOT/ufw" && cp -a "$DEFAULTS" "$SNAPSHOT/default" || return 1
    for f in "${FAMILIES[@]}"; do
        "ip${f}tables-save" >"$SNAPSHOT/ip${f}tables.save" && kernel "$f" -S >"$SNAPSHOT/ip${f}tables.rules" || return 1
    done
    say "$STACK" >"$SNAPSHOT/stack" && say "$SESSION" >"$SNAPSHOT/session" && cat "$HERE/rollback.sh" >"$SNAPSHOT/rollback.sh" || return 1
    # What cannot be put back must not be changed: the rollback tries its own input first.
    sh "$SNAPSHOT/rollback.sh" --test || return 1
}

# arm starts the timer of the rollback: systemd if it runs the host, else at, else a process of its own session,
# which neither the end of this script nor of the ssh session takes along.
arm() {
    local unit="nself-ufw-rollback-${SNAPSHOT##*.}" job
    if [[ -d /run/systemd/system ]] && command -v systemd-run >/dev/null &&
        timeout 20 systemd-run --quiet --collect --unit="$unit" --on-active="${TIMEOUT}s" --timer-property=AccuracySec=1s \
            /bin/sh "$SNAPSHOT/rollback.sh" --timer 9>&-; then
        say "systemd $unit.timer" >"$SNAPSHOT/timer"
        return
    fi
    if running atd && command -v at >/dev/null &&
        job=$(printf 'exec /bin/sh %s --timer\n' "$SNAPSHOT/rollback.sh" | timeout 20 at "now + $((TIMEOUT / 60 + 1)) minutes" 2>&1 9>&-); then
        say "at $(sed -n 's/^job \([0-9]*\) .*/\1/p' <<<"$job")" >"$SNAPSHOT/timer"
        return
    fi
    # shellcheck disable=SC2016 # the inner shell expands these
    setsid sh -c 'sleep "$1"; exec /bin/sh "$2" --timer' nself-ufw-rollback "$TIMEOUT" "$SNAPSHOT/rollback.sh" \
        </dev/null >>"$STATE/rollback.log" 2>&1 9>&- &
    say "process $!" >"$SNAPSHOT/timer"
    sleep 0.1
    kill -0 $! 2>/dev/null
}

# disarm stops a timer. It only tidies up: a timer whose snapshot is no longer pending does nothing.
disarm() {
    local kind='' id=''
    read -r kind id <"$1/timer" 2>/dev/null || return 0
    case $kind in
    systemd) timeout 20 systemctl stop "$id" 2>/dev/null || : ;;
    at) [[ -z $id ]] || atrm "$id" 2>/dev/null || : ;;
    process) if [[ -r /proc/$id/cmdline ]] && grep -q nself-ufw-rollback "/proc/$id/cmdline"; then kill -- "-$id" 2>/dev/null || :; fi ;;
    esac
}

# forget removes the snapshots that neither "pending" nor "last" names.
forget() {
    local folder
    for folder in "$STATE"/snapshot.*; do
        [[ -d $folder ]] || continue
        case ${folder##*/} in
        "$(readlink "$STATE/pending" 2>/dev/null)" | "$(readlink "$STATE/last" 2>/dev/null)") ;;
        *) rm -rf "$folder" ;;
        esac
    done
}
