# shellcheck shell=sh

# Puts the firewall back as it was. apply.sh copies this file into each snapshot; there, at a console, it also runs
# alone: sh /var/lib/nself-ufw/pending/rollback.sh
#
#   --timer  do nothing unless the snapshot still waits for its confirmation
#   --now    the caller holds the lock
#   --test   load what would be put back, without effect
#
# Only ufw's chains, ours and the policies are put back, in one step for each address family: what Docker has done to
# its own rules since then stays.
set -u
LC_ALL=C
PATH=${PATH:+$PATH:}/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin
export LC_ALL PATH
umask 077
STATE=/var/lib/nself-ufw
LOCK=/run/nself-ufw.lock

# restore_text TOOL prints the input for iptables-restore that turns the rules of now into those of the snapshot.
restore_text() {
    now=$("$1" -w 10 -S) || return 1
    printf '%s\n' "$now" | awk '
        function ours(chain) { return chain ~ /^ufw6?-/ || chain == "NSELF" || chain == "NSELF-IN" }
        function target(   i) {
            for (i = 3; i < NF; i++) if ($i == "-j" || $i == "-g" || $i == "--jump" || $i == "--goto") return $(i + 1)
            return ""
        }
        FNR == NR {
            if ($1 == "-P") policies = policies ":" $2 " " $3 " [0:0]\n"
            if ($1 == "-N" && ours($2)) { kept[$2] = 1; chains = chains ":" $2 " - [0:0]\n" }
            if ($1 == "-N" && $2 == "DOCKER-USER") had_user = 1
            if ($1 == "-A" && ours($2)) rules = rules $0 "\n"
            if ($0 == "-A DOCKER-USER -j NSELF") had_jump = 1
            next
        }
        $1 == "-N" { exists[$2] = 1; if (ours($2) && !($2 in kept)) extra[$2] = 1; next }
        $1 == "-A" { n++; rule[n] = substr($0, 4); from[n] = $2; to[n] = target() }
        END {
            printf "*filter\n%s%s", policies, chains
            for (i = 1; i <= n; i++) {
                if (to[i] == "DOCKER-USER") referred = 1
                if (rule[i] ~ /--comment "?nself-hold"? /) print "-D " rule[i]
                if (from[i] == "DOCKER-USER" && to[i] == "NSELF") {
                    if (!had_jump) print "-D " rule[i]
                    has_jump = 1
                    continue
                }
                if (from[i] == "DOCKER-USER") others = 1
                if (to[i] in extra && !ours(from[i])) print "-D " rule[i]
            }
            for (c in extra) print "-F " c
            for (c in extra) print "-X " c
            printf "%s", rules
            if (had_jump && !has_jump && "DOCKER-USER" in exists) print "-I DOCKER-USER 1 -j NSELF"
            if (!had_user && "DOCKER-USER" in exists && !referred && !others) print "-X DOCKER-USER"
            print "COMMIT"
        }' "$here/$1.rules" -
}

# restore_kernel TOOL [--test]
restore_kernel() {
    [ -e "$here/$1.rules" ] || return 0
    # no temporary file: a full disk must not keep the kernel's part from coming back
    text=$(restore_text "$1") && printf '%s\n' "$text" | "$1-restore" -w 10 -n ${2:+"$2"}
}

# restore_file TARGET COPY puts a file back with its owner, mode and time, or removes it when it was not there.
restore_file() {
    if [ ! -e "$2" ]; then
        rm -f "$1"
    else
        rm -f "$1.nself" && cp -a "$2" "$1.nself" && mv -f "$1.nself" "$1" && return
        rm -f "$1.nself"
        cmp -s "$2" "$1" # a file that is as it was needs no room on a full disk
    fi
}

main() {
    here=$(cd "$(dirname "$0")" && pwd -P) || exit 1
    mode=${1-}
    if [ "$mode" = --test ]; then
        restore_kernel iptables --test && restore_kernel ip6tables --test
        exit
    fi
    [ "$(id -u)" = 0 ] || { echo "rollback.sh: this needs root" >&2; exit 1; }
    trap '' HUP INT TERM PIPE
    # A shell whose exec fails is gone, so the subshell tries first.
    if [ "$mode" != --now ] && (exec 9>"$LOCK") 2>/dev/null; then
        exec 9>"$LOCK"
        # An apply that still holds the lock after a minute hangs, and is what this is here for.
        flock -w 60 9 || echo "rollback.sh: going on without the lock" >&2
    fi
    if [ "$mode" = --timer ] && [ "$(readlink "$STATE/pending")" != "${here##*/}" ]; then
        exit 0
    fi
    failed=0
    # what an apply left unfinished, and the room that it held for this
    rm -rf /etc/ufw/.nself.* /etc/default/.nself.*
    restore_kernel iptables || failed=1
    restore_kernel ip6tables || failed=1
    for file in user.rules user6.rules after.rules after6.rules after.init ufw.conf; do
        restore_file "/etc/ufw/$file" "$here/ufw/$file" || failed=1
    done
    restore_file /etc/default/ufw "$here/default" || failed=1
    if [ "$failed" = 1 ]; then
        echo "rollback.sh: not everything could be put back; try again: sh $here/rollback.sh" >&2
        exit 1
    fi
    for link in pending last; do
        [ "$(readlink "$STATE/$link" 2>/dev/null)" != "${here##*/}" ] || rm -f "$STATE/$link"
    done
    if [ "$mode" = --timer ]; then
        echo "the change of the stack $(cat "$here/stack") was not confirmed in time and was rolled back on $(date -u +%FT%TZ)" >"$STATE/rolled-back"
        logger -t nself-ufw -f "$STATE/rolled-back" 2>/dev/null || :
    fi
}

main "$@"
exit
