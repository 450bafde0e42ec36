# shellcheck shell=bash disable=SC2034,SC2154

PROBLEMS=() # what forbids to go on
NOTES=()    # what its reader should know
FAILED=''   # the command that set -e ends the run for

say() { printf '%s\n' "$*"; }
complain() { printf 'apply.sh: %s\n' "$*" >&2; }
problem() { PROBLEMS+=("$*"); }
note() { NOTES+=("$*"); }

die() {
    complain "$@"
    exit 1
}

# refuse_on_problems ends the run when the host is not ready. Nothing was changed.
refuse_on_problems() {
    ((${#PROBLEMS[@]} == 0)) && return 0
    complain "the host is not ready; nothing was changed:"
    printf '  * %s\n' "${PROBLEMS[@]}" >&2
    exit 1
}

print_notes() {
    ((${#NOTES[@]} == 0)) || printf 'Note: %s\n' "${NOTES[@]}"
}
