# shellcheck shell=bash disable=SC2034,SC2154

# ufw runs after.init, when it is executable, each time it has loaded its rules. The hook makes the one thing that
# iptables-restore cannot say: "this chain exists, and has this jump", without flushing the rules of others in it.
# At boot ufw starts before Docker; Docker then finds DOCKER-USER and keeps it (moby, setupUserChain).
hook_text() {
    cat <<'EOT'
# BEGIN NSELF HOOK (kept by ufw/apply.sh of nselfc: edits down to END NSELF HOOK are lost)
# Leads DOCKER-USER to the chain NSELF of after.rules, in front of Docker's own rules.
if [ "${1-}" = start ]; then
    for nself_tool in iptables ip6tables; do
        "$nself_tool" -w 10 -n -L NSELF >/dev/null 2>&1 || continue
        "$nself_tool" -w 10 -N DOCKER-USER 2>/dev/null || :
        "$nself_tool" -w 10 -C DOCKER-USER -j NSELF 2>/dev/null ||
            "$nself_tool" -w 10 -I DOCKER-USER 1 -j NSELF ||
            echo "nself: $nself_tool cannot lead DOCKER-USER to NSELF: ports of containers are open" >&2
    done
fi
EOT
}

readonly HOOK_END='# END NSELF HOOK'
readonly HOOK_OFF='exit 0 # what follows was switched off (the file was not executable) and stays so'
readonly HOOK_NEW='# nself: made this file'

# prepare_hook writes the after.init that is wanted to the work folder, or no file when none is. A text that
# was switched off, as Debian's is, stays so: only the hook in front of it runs.
prepare_hook() {
    local old=$ETC/after.init first='' last=''
    HOOK_MODE=keep
    [[ -e $old ]] || old=/dev/null
    if grep -q '^# BEGIN NSELF HOOK' "$old"; then
        grep -qFx "$HOOK_END" "$old" || problem "$old has a BEGIN NSELF HOOK without its END: remove what is left of it"
        grep -qFx "$HOOK_OFF" "$old" && last=$HOOK_OFF
        grep -qFx "$HOOK_NEW" "$old" && last=$HOOK_NEW
    elif [[ $old == /dev/null ]]; then
        last=$HOOK_NEW
    elif [[ ! -x $old ]]; then
        last=$HOOK_OFF
    fi
    sed '/^# BEGIN NSELF HOOK/,/^# END NSELF HOOK$/d' "$old" >"$WORK/init.rest"
    IFS= read -r first <"$WORK/init.rest" || :
    if [[ $first != '#!'* ]]; then
        first='#!/bin/sh'
    elif [[ $first =~ ^'#!'\ */([a-z]+/)*(env\ +)?(ba|da)?sh([[:space:]].*)?$ ]]; then
        sed -i 1d "$WORK/init.rest"
    else
        problem "$old is not a shell script ($first), so the hook cannot be put into it: make it one that starts yours"
    fi
    if needs_hook; then
        {
            say "$first"
            hook_text
            [[ -z $last ]] || say "$last"
            say "$HOOK_END"
            cat "$WORK/init.rest"
        } >"$WORK/after.init"
        sh -n "$WORK/after.init" || problem "$old is not valid shell"
        [[ -x $ETC/after.init ]] || HOOK_MODE=on
    elif [[ $last == "$HOOK_NEW" && ! -s $WORK/init.rest ]]; then
        rm -f "$WORK/after.init"
    elif grep -q '^# BEGIN NSELF HOOK' "$old"; then
        { say "$first" && cat "$WORK/init.rest"; } >"$WORK/after.init"
        [[ $last != "$HOOK_OFF" ]] || HOOK_MODE=off
    elif [[ $old != /dev/null ]]; then
        cat "$old" >"$WORK/after.init"
    fi
}

# needs_hook tells whether any stack is left in the block.
needs_hook() { grep -q '^# BEGIN NSELF [0-9]' "$WORK/after.rules" "$WORK/after6.rules"; }

# hook_differs tells whether after.init is not yet as wanted.
hook_differs() {
    if [[ ! -e $WORK/after.init ]]; then
        [[ -e $ETC/after.init ]]
        return
    fi
    [[ $HOOK_MODE == keep ]] && cmp -s "$WORK/after.init" "$ETC/after.init" && return 1
    return 0
}

install_hook() {
    if [[ ! -e $WORK/after.init ]]; then
        rm -f "$ETC/after.init"
        return
    fi
    [[ -e $ETC/after.init ]] || install -m 0640 /dev/null "$ETC/after.init" || return 1
    replace "$ETC/after.init" "$WORK/after.init" || return 1
    case $HOOK_MODE in
    on) chmod u+x "$ETC/after.init" ;;
    off) chmod a-x "$ETC/after.init" ;;
    esac
}
