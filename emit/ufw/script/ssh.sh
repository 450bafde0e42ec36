# shellcheck shell=bash disable=SC2034,SC2154

# Where sshd listens is asked of three witnesses: its configuration, the kernel's listening sockets, and
# the session that this script runs in. The declared port must be known to each one that has an answer:
# a configuration without a restart, or a restart without the new configuration, would lock out later.

# outward drops addresses on loopback from lines of address:port, and prints the ports.
outward() { sed -n -e '/^127\./d' -e '/^\[::1\]/d' -e '/^localhost:/d' -e 's/^.*:\([0-9][0-9]*\)$/\1/p'; }

# socket_ports prints the ports of systemd's ssh.socket, which overrides the Port of sshd_config.
socket_ports() {
    local unit
    [[ -d /run/systemd/system ]] || return 0
    for unit in ssh.socket sshd.socket; do
        if systemctl is-active --quiet "$unit" 2>/dev/null; then
            systemctl show -p Listen --value "$unit" 2>/dev/null | sed -n 's/ (Stream)$//p' | sed 's/^\([0-9]*\)$/*:\1/' | outward
        fi
    done
}

ssh_listening_ports() {
    socket_ports
    command -v ss >/dev/null || return 0
    ss -Hltnp 2>/dev/null | awk '/"(sshd|dropbear)"/ { print $4 }' | outward
}

ssh_config_ports() {
    local sshd effective
    [[ -z $(socket_ports) ]] || return 0
    if sshd=$(command -v sshd); then
        effective=$(timeout 10 "$sshd" -T 2>/dev/null) ||
            effective=$(timeout 10 "$sshd" -T -C user=root,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22 2>/dev/null) || effective=''
        if [[ $effective == *listenaddress* ]]; then
            sed -n 's/^listenaddress //p' <<<"$effective" | outward
            return 0
        elif [[ -n $effective ]]; then
            sed -n 's/^port //p' <<<"$effective"
            return 0
        fi
    fi
    [[ -r /etc/ssh/sshd_config ]] || return 0
    # sshd -T did not answer: read the file as far as ports go. Match blocks cannot set one.
    cat /etc/ssh/sshd_config.d/*.conf /etc/ssh/sshd_config 2>/dev/null | awk '
        { sub(/^[ \t]+/, ""); sub(/[ \t]*=[ \t]*/, " "); key = tolower($1) }
        key == "match" { skip = 1 }
        key == "port" && !skip { print $2; found = 1 }
        key == "listenaddress" && !skip && ($2 ~ /\]:[0-9]+$/ || $2 ~ /^[^:]+:[0-9]+$/) { sub(/.*:/, "", $2); print $2; found = 1 }
        END { if (!found) print 22 }'
}

# find_session sets SESSION to SSH_CONNECTION, and CLIENT and SESSION_PORT from it. sudo drops that variable, but
# the processes above sudo still have it.
SESSION='' CLIENT='' SESSION_PORT=''
find_session() {
    local connection=${SSH_CONNECTION-} pid=$$ above
    while [[ -z $connection && $pid -gt 1 ]]; do
        connection=$(tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | sed -n 's/^SSH_CONNECTION=//p') || connection=''
        above=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status" 2>/dev/null) || above=0
        pid=${above:-0}
    done
    SESSION=$connection
    read -r CLIENT _ _ SESSION_PORT _ <<<"$connection" || :
}

# witness NAME PORT... complains when the declared port is not among the ports.
witness() {
    local name=$1 port
    shift
    (($# > 0)) || return 0
    WITNESSES=$((WITNESSES + 1))
    for port in "$@"; do
        [[ $port == "$SSH_PORT" ]] && return 0
    done
    problem "ssh would be closed: nself.hcl says port $SSH_PORT, but $name port $(printf '%s\n' "$@" | sort -un | paste -sd, -). Correct firewall { ssh { port } } or sshd, then build again"
}

check_ssh() {
    local -a config listening
    local port
    WITNESSES=0
    if [[ -n $ASSUMED_SSH_PORT ]]; then
        witness "--assume-ssh-port says" "$ASSUMED_SSH_PORT"
    else
        mapfile -t config < <(ssh_config_ports)
        mapfile -t listening < <(ssh_listening_ports)
        witness "sshd is configured for" "${config[@]}"
        witness "sshd listens on" "${listening[@]}"
        for port in $(printf '%s\n' "${config[@]}" "${listening[@]}" | sort -un); do
            [[ $port == "$SSH_PORT" ]] || note "sshd has the port $port too, which this stack does not open"
        done
    fi
    if [[ -n $SESSION_PORT ]]; then
        witness "your own session came in on" "$SESSION_PORT"
    fi
    if ((WITNESSES == 0)); then
        problem "no ssh server was found, so nobody can tell which port must stay open: say --assume-ssh-port $SSH_PORT if ssh listens there"
    fi
}

# in_networks ADDRESS|CIDR CIDR... tells whether the first lies in one of the networks.
in_networks() {
    "$PYTHON" -I -c '
import ipaddress, sys
inner = ipaddress.ip_network(sys.argv[1].split("%")[0], strict=False)
mapped = getattr(inner.network_address, "ipv4_mapped", None)
if mapped:
    inner = ipaddress.ip_network(mapped)
outer = (ipaddress.ip_network(n, strict=False) for n in sys.argv[2:])
sys.exit(not any(inner.version == n.version and inner.subnet_of(n) for n in outer))' "$@" 2>/dev/null
}

# check_client refuses a source list that would shut out whoever runs this.
check_client() {
    ((${#SSH_FROM[@]} > 0)) || return 0
    if [[ -z $CLIENT ]]; then
        note "this is no ssh session, so nothing can be said of your address; ssh will be open to ${SSH_FROM[*]} only"
    elif ! in_networks "$CLIENT" "${SSH_FROM[@]}"; then
        problem "you are connected from $CLIENT, and ssh would be open to ${SSH_FROM[*]} only: add your address to firewall { ssh { from } }"
    fi
}

# check_denials refuses when a rule of somebody else, in front of ours, closes ssh. ufw takes the first rule that fits.
check_denials() {
    local f action proto port sport src dir tag
    for f in '' 6; do
        existing_rules "$f" >"$WORK/rules" || problem "ufw's rules in $ETC/user$f.rules cannot be read"
        while read -r action proto port _ sport src dir _ tag; do
            [[ $dir == in* && ($proto == any || $proto == tcp) && $sport == any ]] || continue
            covers_port "$port" || continue
            reaches_client "$f" "$src" || continue
            case $action in
            allow* | limit*) break ;;
            deny* | reject*)
                [[ $tag != - ]] || tag='no comment'
                problem "a rule of yours closes ssh ($action $proto from $src to port $port, $tag): find it with \"ufw status numbered\" and delete it"
                break
                ;;
            esac
        done <"$WORK/rules"
    done
}

# covers_port LIST tells whether a port list of ufw ("any", "22", "20:30,80") holds the ssh port.
covers_port() {
    local part
    local -a parts
    [[ $1 == any ]] && return 0
    IFS=, read -ra parts <<<"$1"
    for part in "${parts[@]}"; do
        [[ $part == *[!0-9:]* ]] && continue
        ((SSH_PORT >= ${part%%:*} && SSH_PORT <= ${part##*:})) && return 0
    done
    return 1
}

# reaches_client FAMILY SOURCE tells whether a rule is about the client, or about everybody when it is unknown.
reaches_client() {
    [[ $2 == 0.0.0.0/0 || $2 == ::/0 ]] && return 0
    [[ -n $CLIENT ]] && in_networks "$CLIENT" "$2"
}
