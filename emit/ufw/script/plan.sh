# shellcheck shell=bash disable=SC2034,SC2154

# What is to be changed. The order of the fields of a rule is that of rule_changes.
SETTINGS=()     # words for ufw ("default deny incoming"), or "ipv6"
SSH_RULES=()    # rules of the ssh port that open: first of all
OPEN_RULES=()   # other rules that add or retag
CLOSE_RULES=()  # rules that go
FILES=()        # files of the work folder that replace the host's
LOAD=()         # families whose chain or jump is not in force
ACTIVATE=''     # "enable" or "reload", when ufw must be started
PLAN=()         # the same for people
HOOK_MODE=keep

plan() { PLAN+=("$*"); }

plan_settings() {
    local value
    ((REMOVING)) && return 0
    if [[ $(setting IPV6 "$DEFAULTS") != yes && " ${FAMILIES[*]} " == *6* ]]; then
        SETTINGS+=(ipv6)
        plan "change IPV6 in $DEFAULTS to yes, so that IPv6 is filtered and not dead"
    fi
    for value in INPUT:incoming FORWARD:routed; do
        case $(setting "DEFAULT_${value%:*}_POLICY" "$DEFAULTS") in
        drop | reject) ;;
        *)
            SETTINGS+=("default deny ${value#*:}")
            plan "change the default policy: deny ${value#*:}"
            ;;
        esac
    done
    # A host that denies what it sends itself is stricter than this stack asks for: it stays so.
    [[ $(setting DEFAULT_OUTPUT_POLICY "$DEFAULTS") == accept ]] ||
        note "outgoing connections of the host are denied by default, which stays so"
    case $(setting LOGLEVEL "$ETC/ufw.conf") in
    low | medium | high | full) ;;
    *)
        SETTINGS+=("logging low")
        plan "change logging to low"
        ;;
    esac
}

plan_rules() {
    local f verb action proto port source tag rule
    for f in "${FAMILIES[@]}"; do
        rule_changes "$f" >"$WORK/changes" || problem "ufw's rules in $ETC/user$f.rules cannot be read"
        while read -r verb action proto port source tag; do
            [[ $tag != - ]] || tag='without a comment'
            rule="$verb $action $proto $port $source $tag"
            case $verb in
            differ)
                note "ufw has the rule $action $port/$proto from $source ($tag) in the place of ours; it stays"
                continue
                ;;
            closed)
                problem "ufw has the rule $action $port/$proto from $source ($tag) that closes what the stack opens: delete it with \"ufw delete $action proto $proto from $source to any port $port\""
                continue
                ;;
            delete)
                CLOSE_RULES+=("$rule")
                plan "delete the ufw rule: $action $port/$proto from $source ($tag)"
                continue
                ;;
            add) plan "add the ufw rule: $action $port/$proto from $source ($tag)" ;;
            set) plan "change the ufw rule: $action $port/$proto from $source ($tag)" ;;
            hand) plan "leave the ufw rule to another stack: $action $port/$proto from $source ($tag)" ;;
            keep) plan "leave the ufw rule: $action $port/$proto from $source ($tag)" ;;
            esac
            if [[ $port == "$SSH_PORT" && $proto == tcp ]]; then
                SSH_RULES+=("$rule")
            else
                OPEN_RULES+=("$rule")
            fi
        done <"$WORK/changes"
    done
}

plan_files() {
    local f
    for f in '' 6; do
        cmp -s "$WORK/after$f.rules" "$ETC/after$f.rules" && continue
        FILES+=("after$f.rules")
        plan "change the block in $ETC/after$f.rules; rules of this stack that differ:"
        # diff ends with 1 when there is a difference, which is why we are here
        mapfile -t -O "${#PLAN[@]}" PLAN < <(diff "$ETC/after$f.rules" "$WORK/after$f.rules" |
            sed -n -e '/nself:/!d' -e 's/^< -A NSELF-IN /    - /p' -e 's/^> -A NSELF-IN /    + /p')
    done
    if hook_differs; then
        FILES+=(after.init)
        plan "change the hook in $ETC/after.init, which leads DOCKER-USER to NSELF"
    fi
}

# chain_in_force FAMILY compares the kernel's chains with the block by the remarks of their rules, in order: two rule sets
# with the same remarks are the same, for a remark repeats its rule. Without a block there must be no chain.
chain_in_force() {
    kernel "$1" -S 2>/dev/null | awk '
        function remark(   r) {
            if (!match($0, /--comment ("[^"]*"|[^ ]+)/)) return "foreign rule: " $0
            r = substr($0, RSTART + 10, RLENGTH - 10)
            gsub(/"/, "", r)
            return r
        }
        FILENAME == ARGV[1] {
            if (/^# BEGIN NSELF [0-9]/) blocks = inside = 1
            if (inside && /^-A NSELF(-IN)? /) wanted[$2] = wanted[$2] remark() "\n"
            if (/^# END NSELF$/) inside = 0
            next
        }
        $0 == "-N NSELF" { exists = 1 }
        $0 == "-A DOCKER-USER -j NSELF" { jump = 1 }
        /^-A NSELF(-IN)? / { has[$2] = has[$2] remark() "\n" }
        END {
            if (!blocks) exit exists
            exit !(jump && has["NSELF"] == wanted["NSELF"] && has["NSELF-IN"] == wanted["NSELF-IN"])
        }' "$WORK/after$1.rules" -
}

plan_activation() {
    local f
    if is_active && is_enabled; then
        [[ " ${SETTINGS[*]-} " != *" ipv6 "* ]] || ACTIVATE=reload
        for f in "${FAMILIES[@]}"; do
            ((${#SSH_RULES[@]} + ${#OPEN_RULES[@]} + ${#SETTINGS[@]} == 0)) || continue
            wanted_rules "$f" >"$WORK/wanted" || problem "$HERE/after$f.rules cannot be read"
            in_force "$f" <"$WORK/wanted" && continue
            ACTIVATE=reload
            plan "reload ufw: the kernel lacks rules that ufw's files have (ip${f}tables)"
        done
    elif ! ((REMOVING)); then
        ACTIVATE=enable
        plan "enable ufw"
    fi
    for f in "${FAMILIES[@]}"; do
        chain_in_force "$f" && continue
        LOAD+=("$f")
        plan "bring the chain NSELF in the kernel in line with the block (ip${f}tables)"
    done
}

# make_plan fills the lists above and ends the run when the host is not ready. It changes nothing.
make_plan() {
    make_work_folder
    find_session
    check_tools
    check_parts
    check_ufw_files
    check_docker
    check_uplink
    if ! ((REMOVING)); then
        check_boot
        check_ssh
        check_client
        check_denials
        check_around
        check_openings
    fi
    prepare_files
    refuse_on_problems
    prepare_hook
    plan_settings
    plan_rules
    plan_files
    plan_activation
    if ((REMOVING && ${#PLAN[@]} > 0)) && ! needs_hook; then
        note "no stack is left: from then on Docker alone decides who reaches the ports of containers"
    fi
    refuse_on_problems
}
