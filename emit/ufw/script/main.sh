# shellcheck shell=bash disable=SC2034,SC2153,SC2154

COMMAND='' TIMEOUT=120 ASSUMED_SSH_PORT='' REMOVING=0

wrong_usage() {
    complain "$@"
    usage >&2
    exit 64
}

# number NAME VALUE LOW HIGH ends the run unless the value is a number in the range.
number() {
    [[ $2 =~ ^[1-9][0-9]{0,5}$ ]] || wrong_usage "$1 takes a number from $3 to $4"
    (($2 >= $3 && $2 <= $4)) || wrong_usage "$1 takes a number from $3 to $4"
}

parse() {
    while (($# > 0)); do
        case $1 in
        --check | --apply | --confirm | --rollback | --remove | --help)
            [[ -z $COMMAND ]] || wrong_usage "$COMMAND and $1 exclude each other"
            COMMAND=$1
            ;;
        --timeout)
            number --timeout "${2-}" 1 86400
            TIMEOUT=$2
            shift
            ;;
        --assume-ssh-port)
            number --assume-ssh-port "${2-}" 1 65535
            ASSUMED_SSH_PORT=$2
            shift
            ;;
        *) wrong_usage "unknown argument: $1" ;;
        esac
        shift
    done
}

# waiting says that an apply waits for its confirmation; its stack, when it is another one.
waiting() {
    local name
    name=$(pending) || return 1
    say "the last change of the firewall (stack $(cat "$STATE/$name/stack" 2>/dev/null)) waits for --confirm; --rollback undoes it"
}

check() {
    make_plan
    print_notes
    [[ ! -r $STATE/rolled-back ]] || say "Note: $(cat "$STATE/rolled-back")"
    if ((${#PLAN[@]} == 0)); then
        say "The firewall of $STACK is in force. Nothing to change."
        waiting || :
        exit 0
    fi
    say "The host is ready. --apply would:"
    printf '  %s\n' "${PLAN[@]}"
    waiting || :
    exit 2
}

apply() {
    take_lock
    make_plan
    print_notes
    if ((${#PLAN[@]} == 0)); then
        say "Nothing to change: the firewall of $STACK is $( ((REMOVING)) && printf 'removed' || printf 'in force' )."
        waiting || :
        exit 0
    fi
    ! waiting >&2 || die "decide about that one first; nothing was changed now"
    printf '  %s\n' "${PLAN[@]}"
    forget
    rm -f "$STATE/rolled-back"
    take_snapshot || {
        rm -rf "$SNAPSHOT"
        die "no snapshot could be taken in $STATE; nothing was changed"
    }
    rm -f "$STATE/pending" # it led nowhere
    ln -s "${SNAPSHOT##*/}" "$STATE/pending" || die "cannot write to $STATE; nothing was changed"
    if ! arm; then
        rm -f "$STATE/pending"
        die "the timer of the rollback could not be started; nothing was changed"
    fi
    CHANGING=1
    make_changes || exit 1
    verify || exit 1
    rm -rf "$RESERVE"
    CHANGING=0
    say "Done. Open a NEW ssh connection to this host now, and in it run:"
    say "    sudo $HERE/apply.sh --confirm"
    say "Without that, everything is put back as it was in $TIMEOUT seconds."
}

# mine NAME ends the run when a snapshot belongs to another stack, whose change this one must not decide about.
mine() {
    local stack
    stack=$(cat "$STATE/$1/stack" 2>/dev/null) || stack='?'
    [[ $stack == "$STACK" ]] || die "the last change of the firewall was of the stack $stack: use the apply.sh of that stack"
}

confirm() {
    local name
    take_lock
    if ! name=$(pending); then
        [[ ! -r $STATE/rolled-back ]] || die "too late: $(cat "$STATE/rolled-back"). Run --apply again"
        die "there is nothing to confirm"
    fi
    mine "$name"
    mv -fT "$STATE/pending" "$STATE/last" || die "cannot write to $STATE: the rollback is still armed"
    disarm "$STATE/$name"
    find_session
    if [[ -n $SESSION && $(cat "$STATE/last/session" 2>/dev/null) == "$SESSION" ]]; then
        say "Note: this ssh connection is the one that --apply came by. It was open before, and would stay open while a new"
        say "one is refused (a second ssh over a ControlMaster is the same one). Try a new one now: ssh -o ControlPath=none …"
        say "If it fails, run in this one: sudo $HERE/apply.sh --rollback"
    fi
    forget
    say "Confirmed: the firewall stays as it is."
}

roll_back() {
    local name
    take_lock
    name=$(pending) || name=$(readlink "$STATE/last" 2>/dev/null) || die "there is nothing to roll back"
    mine "$name"
    sh "$STATE/$name/rollback.sh" --now || die "the rollback failed; try again: sh $STATE/$name/rollback.sh"
    disarm "$STATE/$name"
    say "The firewall is as it was before the last change."
}

main() {
    parse "$@"
    case $COMMAND in
    --help | '')
        usage
        exit 0
        ;;
    esac
    need_root
    trap on_exit EXIT
    trap 'FAILED="line $LINENO: $BASH_COMMAND"' ERR
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 141' PIPE
    trap 'exit 143' TERM
    case $COMMAND in
    --check) check ;;
    --apply) apply ;;
    --remove)
        REMOVING=1
        apply
        ;;
    --confirm) confirm ;;
    --rollback) roll_back ;;
    esac
}

main "$@"
exit
