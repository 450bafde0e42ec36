# shellcheck shell=bash disable=SC2034,SC2154

CHANGING=0 # from the moment the timer is armed until everything is verified

# change runs one command that changes the host. No command may hang for longer than the operator can wait.
change() { timeout -k 5 60 "$@" 9>&- >"$WORK/said" 2>&1 || { complain "this failed: $*: $(tail -n 3 "$WORK/said" | paste -sd' ' -)"; return 1; }; }

# shellcheck disable=SC2317 # a trap calls it
# on_exit puts everything back when a run ends between its first change and its last check, for whatever reason.
on_exit() {
    local status=$?
    # Nothing may end this early, a terminal that is gone and takes no message least of all.
    set +e
    trap '' HUP INT TERM PIPE
    trap - EXIT
    # Most commands are silenced, as they may fail: one that may not must not end the run without a word.
    [[ -z $FAILED ]] || ((status >= 128)) || complain "stopped, as a command failed that should not (status $status): $FAILED"
    if ((CHANGING)); then
        ((status != 0)) || status=1
        complain "putting the firewall back as it was"
        if sh "$SNAPSHOT/rollback.sh" --now; then
            disarm "$SNAPSHOT"
            complain "done: nothing is changed"
        else
            complain "that failed too; the timer tries again, and so does: sh $SNAPSHOT/rollback.sh"
        fi
    fi
    [[ -z $WORK ]] || rm -rf "$WORK"
    exit "$status"
}

set_ipv6() {
    awk '/^IPV6=/ { if (!done++) print "IPV6=yes"; next } { print } END { if (!done) print "IPV6=yes" }' "$DEFAULTS" >"$WORK/default" &&
        replace "$DEFAULTS" "$WORK/default"
}

# load FAMILY puts the block into the kernel in one step; at no moment is a container's port open that should not be.
load() {
    local tool=ip$1tables
    if grep -q '^# BEGIN NSELF [0-9]' "$WORK/after$1.rules"; then
        block "$WORK/after$1.rules" >"$WORK/block"
        change "$tool-restore" -w 10 -n "$WORK/block" || return 1
        kernel "$1" -n -L DOCKER-USER >/dev/null 2>&1 || change "$tool" -w 10 -N DOCKER-USER || return 1
        kernel "$1" -C DOCKER-USER -j NSELF 2>/dev/null || change "$tool" -w 10 -I DOCKER-USER 1 -j NSELF
        return
    fi
    while kernel "$1" -C DOCKER-USER -j NSELF 2>/dev/null; do
        change "$tool" -w 10 -D DOCKER-USER -j NSELF || return 1
    done
    printf '%s\n' '*filter' '-F NSELF' '-F NSELF-IN' '-X NSELF' '-X NSELF-IN' COMMIT >"$WORK/block"
    change "$tool-restore" -w 10 -n "$WORK/block" || return 1
    # a DOCKER-USER that Docker refers to, or that holds rules of others, refuses to go
    kernel "$1" -X DOCKER-USER 2>/dev/null || :
}

# hold keeps ssh open while ufw restarts: it empties its chains before it lifts the policy, and for that moment
# drops everything. "hold -I" puts the rules in front, "hold -D" takes them away; so does a rollback.
hold() {
    local f source port rules
    for f in "${FAMILIES[@]}"; do
        rules=$(sed -n "s/^#= \([a-z]* tcp $SSH_PORT .*\)/\1/p" "$HERE/after$f.rules") || return 1
        [[ -n $rules ]] || continue
        while read -r _ _ port source _; do
            hold_rule "$1" "$f" INPUT -s "$source" -p tcp --dport "$port" && hold_rule "$1" "$f" OUTPUT -d "$source" -p tcp --sport "$port" || return 1
        done <<<"$rules"
    done
}

hold_rule() { change "ip$2tables" -w 10 "$1" "${@:3}" -m comment --comment nself-hold -j ACCEPT; }

# Room beside ufw's files, for a rollback to put them back: ufw writes over its files in place, and a disk that fills
# up meanwhile would leave them half written. A rollback gives the room free before it begins.
readonly RESERVE=$ETC/.nself.reserve
reserve() {
    mkdir -p "$RESERVE" && cp "$ETC"/*.rules "$ETC/ufw.conf" "$RESERVE" && sync "$RESERVE"/* && return
    complain "there is no room in $ETC"
    return 1
}

# make_changes opens before it closes, and ssh before everything. Whatever fails, on_exit puts all of it back.
make_changes() {
    local item f
    reserve || return 1
    [[ -z "${SETTINGS[*]-}$ACTIVATE" ]] || hold -I || return 1
    for item in "${SETTINGS[@]}"; do
        [[ $item != ipv6 ]] || set_ipv6 || return 1
    done
    # ufw takes rules for IPv6 only once its chains for IPv6 are there
    [[ $ACTIVATE != reload ]] || change ufw reload || return 1
    for item in "${SSH_RULES[@]}" "${OPEN_RULES[@]}"; do
        # shellcheck disable=SC2086 # the fields of a rule are words
        change_rule $item || return 1
    done
    for item in "${FILES[@]}"; do
        case $item in
        after.init) install_hook || return 1 ;;
        *) replace "$ETC/$item" "$WORK/$item" || return 1 ;;
        esac
    done
    for f in "${FAMILIES[@]}"; do
        # ufw has rewritten this one; a reload must not meet a file that it cannot load
        test_rules "$f" "$ETC/user$f.rules" >/dev/null 2>&1 || return 1
    done
    for item in "${SETTINGS[@]}"; do
        # shellcheck disable=SC2086
        [[ $item == ipv6 ]] || change ufw $item || return 1
    done
    [[ $ACTIVATE != enable ]] || change ufw --force enable || return 1
    [[ -z "${SETTINGS[*]-}$ACTIVATE" ]] || hold -D || return 1
    for f in "${FAMILIES[@]}"; do
        chain_in_force "$f" || load "$f" || return 1
    done
    for item in "${CLOSE_RULES[@]}"; do
        # shellcheck disable=SC2086
        change_rule $item || return 1
    done
}

# verify asks the host again, and not what was done to it.
verify() {
    local f rules
    for f in "${FAMILIES[@]}"; do
        rules=$(rule_changes "$f") || return 1
        ! grep -qv '^differ ' <<<"${rules:-differ }" || { complain "ufw's rules are not as wanted"; return 1; }
        rules=$(kernel "$f" -S) || return 1
        [[ $rules != *nself-hold* ]] || { complain "a rule that held ssh open is left over"; return 1; }
    done
    for f in "${FAMILIES[@]}"; do
        chain_in_force "$f" || { complain "the chain NSELF is not in force (ip${f}tables)"; return 1; }
    done
    if ! is_active || ! is_enabled; then
        ((REMOVING)) && return 0
        complain "ufw is not active"
        return 1
    fi
    for f in "${FAMILIES[@]}"; do
        wanted_rules "$f" >"$WORK/wanted" || return 1
        printf '%s\n' "${CLOSE_RULES[@]}" | awk -v six="$f" 'NF && (index($5, ":") > 0) == (six == 6) { print $2, $3, $4, $5 }' >"$WORK/gone" || return 1
        if ! in_force "$f" <"$WORK/wanted" || ! in_force "$f" no <"$WORK/gone"; then
            complain "the kernel does not have ufw's rules as wanted (ip${f}tables)"
            return 1
        fi
    done
    ((REMOVING)) && return 0
    for f in "${FAMILIES[@]}"; do
        kernel "$f" -S INPUT | grep -qFx -- '-P INPUT DROP' || { complain "incoming packets are not denied (ip${f}tables)"; return 1; }
    done
}
