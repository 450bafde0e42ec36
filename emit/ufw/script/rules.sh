# shellcheck shell=bash disable=SC2034,SC2154

# existing_rules FAMILY prints ufw's own database in its order: action, protocol, port, destination, source port,
# source, direction, application, comment ("-" for none).
existing_rules() {
    awk '
        function unhex(s,   i, out) {
            for (i = 1; i < length(s); i += 2)
                out = out sprintf("%c", 16 * (index(digits, substr(s, i, 1)) - 1) + index(digits, substr(s, i + 1, 1)) - 1)
            return out
        }
        BEGIN { digits = "0123456789abcdef" }
        /^### tuple ###/ {
            comment = "-"
            if (match($0, / comment=[0-9a-f]+/)) {
                comment = unhex(substr($0, RSTART + 9, RLENGTH - 9))
                $0 = substr($0, 1, RSTART - 1)
            }
            print $4, $5, $6, $7, $8, $9, $NF, (NF >= 12 ? $10 : "-"), comment
        }' "$ETC/user$1.rules"
}

# wanted_rules FAMILY prints what this stack wants: action, protocol, port, source, tag.
wanted_rules() { ((REMOVING)) || sed -n 's/^#= //p' "$HERE/after$1.rules"; }

# claimed_rules FAMILY prints what the other stacks of this host want.
claimed_rules() {
    awk -v stack="$STACK" '
        /^# BEGIN NSELF STACK / { name = $5 }
        /^# END NSELF STACK / { name = "" }
        /^#= / && name != "" && name != stack { sub(/^#= /, ""); print }' "$WORK/after$1.rules"
}

# rule_changes FAMILY compares and prints one change a line: verb, action, protocol, port, source, tag.
#   add     the rule is missing
#   set     it is ours, but says something else (ufw replaces it in place)
#   hand    we need it no longer, another stack does: it gets that one's tag
#   keep    ssh, when a stack is removed: it gets a tag of nobody
#   delete  it is ours and nobody needs it
#   differ  a rule of somebody else stands in its place and lets in as well: it stays
#   closed  a rule of somebody else stands in its place and denies
# ufw knows a rule by protocol, port and source alone, so adding ours over one of somebody else would take it over.
rule_changes() {
    wanted_rules "$1" >"$WORK/wanted" || return 1
    claimed_rules "$1" >"$WORK/claimed" || return 1
    existing_rules "$1" | awk '$4 ~ /\/0$/ && $5 == "any" && $7 == "in" && $8 == "-"' >"$WORK/existing" || return 1
    awk -v own="nself:$STACK:" -v ssh="$SSH_PORT" -v removing="$REMOVING" '
        FILENAME == ARGV[1] { k = $2 " " $3 " " $4; if (!(k in want)) { order[++n] = k; want[k] = $1; wanttag[k] = $5 } next }
        FILENAME == ARGV[2] { k = $2 " " $3 " " $4; if (!(k in claim)) { claim[k] = $1; claimtag[k] = $5 } next }
        {
            k = $2 " " $3 " " $6
            if (k in have) next
            have[k] = $1; sub(/_log.*/, "", have[k])
            tag = $9; for (i = 10; i <= NF; i++) tag = tag " " $i
            havetag[k] = tag; present[++m] = k
        }
        END {
            for (i = 1; i <= n; i++) {
                k = order[i]
                if (!(k in have)) print "add", want[k], k, wanttag[k]
                else if (havetag[k] == wanttag[k] && have[k] == want[k]) continue
                else if (index(havetag[k], own) == 1) print "set", want[k], k, wanttag[k]
                else if (have[k] == want[k]) continue
                else if (have[k] == "allow" || have[k] == "limit") print "differ", have[k], k, havetag[k]
                else print "closed", have[k], k, havetag[k]
            }
            for (i = 1; i <= m; i++) {
                k = present[i]
                if (index(havetag[k], own) != 1 || k in want) continue
                if (k in claim) print "hand", claim[k], k, claimtag[k]
                else if (removing && index(k, "tcp " ssh " ") == 1) print "keep", have[k], k, "ssh stays open (nself)"
                else print "delete", have[k], k, havetag[k]
            }
        }' "$WORK/wanted" "$WORK/claimed" "$WORK/existing"
}

# in_force FAMILY reads rules in the form of wanted_rules and tells whether the kernel has each of them, or with
# "no" as second argument, none of them.
in_force() {
    local kernel_rules proto port source found
    kernel_rules=$(kernel "$1" -S "ufw$1-user-input") || return 1
    while read -r _ proto port source _; do
        case $source in
        */0) source='' ;;
        */*) source="-s $source " ;;
        *:*) source="-s $source/128 " ;;
        *) source="-s $source/32 " ;;
        esac
        found=yes
        [[ $kernel_rules == *"-A ufw$1-user-input $source-p $proto -m $proto --dport $port "* ]] || found=no
        [[ $found == "${2:-yes}" ]] || return 1
    done
}

# change_rule does one change by ufw's command line, which updates its files and the running firewall at once.
change_rule() {
    local verb=$1 action=$2 proto=$3 port=$4 source=$5
    shift 5
    case $verb in
    delete) change ufw delete "$action" proto "$proto" from "$source" to any port "$port" ;;
    *) change ufw "$action" proto "$proto" from "$source" to any port "$port" comment "$*" ;;
    esac
}
