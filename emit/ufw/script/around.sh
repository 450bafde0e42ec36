# shellcheck shell=bash disable=SC2034,SC2154

# Rules of others stay as they are. But one that stands in front of ours decides before ours, and whoever reads that
# the firewall is in force must know what it does not close.

# check_around looks at the kernel's rules in front of ufw's and of NSELF, and at the way to DOCKER-USER.
check_around() {
    local f rules verdict rule
    for f in "${FAMILIES[@]}"; do
        rules=$(kernel "$f" -S) || problem "ip${f}tables -S fails"
        while read -r verdict rule; do
            case $verdict in
            all) problem "this rule of ip${f}tables lets everything in before these rules are asked: \"$rule\". Delete it (ip${f}tables -D ${rule#-A }), and wherever it is made at boot" ;;
            some) note "a rule of others lets packets in before these rules are asked (ip${f}tables): $rule" ;;
            round) problem "this rule of ip${f}tables leads to the ports of containers past DOCKER-USER: \"$rule\". Restart Docker, which puts its rules in order" ;;
            bridge) note "the ports of containers on the bridge $rule are not closed by these rules, which know docker*, br-* and nself-*: name it so (com.docker.network.bridge.name)" ;;
            esac
        done < <(in_front <<<"$rules")
    done
    if running dockerd && ! kernel '' -n -L DOCKER >/dev/null 2>&1; then
        note "Docker runs but has no rules in $(iptables -V 2>/dev/null): if it is not rootless, restart it, or let both use the same iptables (update-alternatives --config iptables)"
    fi
}

# in_front reads the rules of a family and prints what concerns check_around: a word and the rule.
in_front() {
    awk '
        function target(   i) {
            for (i = 3; i < NF; i++) if ($i == "-j" || $i == "-g") to = $(i + 1)
            return to
        }
        function passes(chain) { print ($0 == "-A " chain " -j " to ? "all" : "some"), $0 }
        # loopback, answers and ICMP are let in by ufw too; nself-hold is ours
        function harmless() {
            return / -i lo / || / -p (icmp|ipv6-icmp|icmpv6) / || / nself-hold / ||
                /^-A [A-Z-]+ -m (conntrack --ctstate|state --state) [A-Z,]+ -j / && !/NEW|INVALID|UNTRACKED/
        }
        $1 != "-A" { next }
        { to = ""; target() }
        $2 == "INPUT" && to ~ /^ufw6?-/ { input_done = 1 }
        $2 == "INPUT" && to == "ACCEPT" && !input_done && !harmless() { passes("INPUT") }
        $2 == "DOCKER-USER" && to == "NSELF" { user_done = 1 }
        $2 == "DOCKER-USER" && !user_done { user[++users] = $0; user_to[users] = to }
        $2 == "FORWARD" && to == "DOCKER-USER" { forward_done = 1 }
        $2 == "FORWARD" && !forward_done {
            if (to == "ACCEPT" && !harmless()) { forward[++forwards] = $0 }
            if (to ~ /^DOCKER/ && to !~ /^DOCKER-ISOLATION/) print "round", $0
        }
        $2 ~ /^(FORWARD|DOCKER)/ && to == "DOCKER" {
            for (i = 3; i < NF; i++) if ($i == "-o" && $(i - 1) != "!" && $(i + 1) !~ /^(docker|br-|nself-)/) bridges[$(i + 1)] = 1
        }
        END {
            # without a jump, ours will be put in front of them
            if (user_done) for (i = 1; i <= users; i++) {
                $0 = user[i]; to = user_to[i]
                if ((to == "ACCEPT" || to == "RETURN") && !harmless()) passes("DOCKER-USER")
            }
            # as long as Docker has no rules, it has still to put its own in front
            if (forward_done) for (i = 1; i <= forwards; i++) { $0 = forward[i]; to = "ACCEPT"; passes("FORWARD") }
            for (b in bridges) print "bridge", b
        }'
}

# check_openings tells which rules of ufw, beside those of this stack, open something.
check_openings() {
    local f action proto port sport src dir tag others=''
    for f in "${FAMILIES[@]}"; do
        existing_rules "$f" >"$WORK/rules" || problem "ufw's rules in $ETC/user$f.rules cannot be read"
        wanted_rules "$f" | awk '{ print $2, $3, $4 }' >"$WORK/wanted" || problem "$HERE/after$f.rules cannot be read"
        while read -r action proto port _ sport src dir _ tag; do
            [[ $dir == in* && ($action == allow* || $action == limit*) && $tag != "nself:$STACK:"* ]] || continue
            if [[ ($proto == any || $proto == tcp) && $sport == any ]] && covers_port "$port"; then
                ((${#SSH_FROM[@]} == 0)) || in_networks "$src" "${SSH_FROM[@]}" ||
                    note "ssh stays open to $src by another rule of ufw, wider than nself.hcl says ($action $port/$proto, ${tag/#-/no comment}): \"ufw status numbered\" shows it"
            elif [[ $tag != nself:* ]] && ! grep -qFx -- "$proto $port $src" "$WORK/wanted"; then
                others+="; $action $port/$proto from $src"
                [[ $tag == - ]] || others+=" ($tag)"
            fi
        done <"$WORK/rules"
    done
    [[ -z $others ]] || note "rules of ufw that are not of this stack, and stay: ${others#; }"
}
