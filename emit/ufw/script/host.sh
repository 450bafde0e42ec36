# shellcheck shell=bash disable=SC2034,SC2154

readonly ETC=/etc/ufw
readonly DEFAULTS=/etc/default/ufw
readonly STATE=/var/lib/nself-ufw # snapshots; "pending" is the one that waits for --confirm, "last" the confirmed one
readonly LOCK=/run/nself-ufw.lock
HERE=$(readlink -f -- "${BASH_SOURCE[0]:?run the file, beside the others of its folder}") || exit 1
HERE=${HERE%/*}
readonly HERE

# An address family is written as the suffix of its tools and files: "" and 6.
FAMILIES=('' 6)
WORK=''
PYTHON=/usr/bin/python3 # ufw is written in Python: it is there
[[ -x $PYTHON ]] || PYTHON=python3

need_root() {
    [[ $(id -u) == 0 ]] && return
    die "this needs root, because ufw's files and the kernel's rules are closed to others: sudo $0 $COMMAND"
}

# take_lock allows one run at a time. The lock ends with the process.
take_lock() {
    exec 9>"$LOCK" || die "cannot open $LOCK"
    flock -w 5 9 || die "another run of apply.sh or of a rollback is at work: wait for it to end"
}

# check_boot refuses a ufw that the next boot leaves off, although its own settings say that it is on.
check_boot() {
    local state
    [[ -d /run/systemd/system ]] || return 0
    state=$(timeout 20 systemctl is-enabled ufw.service 2>/dev/null) || :
    case $state in
    disabled | masked*) problem "ufw.service is $state, so the next boot would have no firewall: systemctl unmask ufw.service && systemctl enable ufw.service" ;;
    esac
}

make_work_folder() {
    WORK=$(mktemp -d) || die "cannot make a temporary folder"
}

check_tools() {
    local tool
    command -v ufw >/dev/null || problem "ufw is not installed: apt-get install ufw"
    for tool in iptables iptables-restore ip6tables ip6tables-restore iptables-save ip6tables-save "$PYTHON" \
        awk cmp cp flock mktemp mv sed setsid sha256sum sort sync timeout; do
        command -v "$tool" >/dev/null || problem "the command $tool is missing"
    done
    refuse_on_problems
    kernel '' -S >/dev/null 2>&1 || problem "iptables -S fails: $(kernel '' -S 2>&1 | tail -n 1)"
    if [[ ! -e /proc/net/if_inet6 ]]; then
        note "this kernel runs without IPv6, so only the block in $ETC/after6.rules is written; run --apply again when IPv6 comes"
        FAMILIES=('')
    else
        # taking this for a missing IPv6 would leave it out of the snapshot too
        kernel 6 -S >/dev/null 2>&1 || problem "ip6tables -S fails, although this kernel has IPv6: $(kernel 6 -S 2>&1 | tail -n 1)"
    fi
    if command -v firewall-cmd >/dev/null && timeout 10 firewall-cmd --state >/dev/null 2>&1; then
        problem "firewalld is running, and two firewalls undo each other's rules: systemctl disable --now firewalld"
    fi
}

# check_parts refuses a set of files that do not belong together.
check_parts() {
    local file sum
    while read -r file sum; do
        if [[ ! -r $HERE/$file ]]; then
            problem "$HERE/$file is missing: copy the whole ufw folder of the output"
        elif [[ $(sha256sum <"$HERE/$file") != "$sum  -" ]]; then
            problem "$HERE/$file is not the one that this apply.sh was generated with: run nselfc build, and copy the whole ufw folder"
        fi
    done <<EOT
after.rules $AFTER_SHA256
after6.rules $AFTER6_SHA256
rollback.sh $ROLLBACK_SHA256
EOT
    refuse_on_problems
}

check_ufw_files() {
    local file
    for file in "$ETC"/{ufw.conf,before.rules,before6.rules,after.rules,after6.rules,user.rules,user6.rules} "$DEFAULTS"; do
        if [[ -L $file ]]; then
            problem "$file is a symbolic link, which a safe replacement would cut: make it a file"
        elif [[ ! -f $file || ! -r $file ]]; then
            problem "$file is missing or unreadable: apt-get install --reinstall -o Dpkg::Options::=--force-confmiss ufw"
        fi
    done
    if [[ -L $ETC/after.init || (-e $ETC/after.init && ! -f $ETC/after.init) ]]; then
        problem "$ETC/after.init is not a plain file"
    fi
    refuse_on_problems
    if [[ $(setting MANAGE_BUILTINS "$DEFAULTS") == yes ]]; then
        problem "MANAGE_BUILTINS=yes in $DEFAULTS makes ufw wipe Docker's rules at every reload: set it to no"
    fi
}

# setting NAME FILE prints the value of NAME=value as ufw reads it: the last one, without quotes, in lower case.
setting() {
    awk -F= -v name="$1" '$1 == name { v = $2 } END { gsub(/["\047 \t]/, "", v); print tolower(v) }' "$2"
}

# check_uplink refuses an uplink with a container's name: what comes in through it would pass as container traffic.
check_uplink() {
    local uplink
    while read -r uplink; do
        case $uplink in
        docker* | br-* | nself-*) problem "the default route goes through $uplink, and interfaces named docker*, br-* and nself-* are taken for bridges of containers: rename it" ;;
        esac
    done < <({
        awk '$2 == "00000000" && $8 == "00000000" { print $1 }' /proc/net/route 2>/dev/null
        awk '$2 == "00" && $1 ~ /^0+$/ && $10 != "lo" { print $10 }' /proc/net/ipv6_route 2>/dev/null
    } | sort -u)
}

# running NAME tells whether a process of that name runs in sight of this one.
running() {
    local comm name
    for comm in /proc/[0-9]*/comm; do
        # not $(<file): bash would end, without a word, when a process does before its name is read
        { read -r name <"$comm"; } 2>/dev/null && [[ $name == "$1" ]] && return 0
    done
    return 1
}

# kernel FAMILY ARGUMENT... asks the kernel; -w waits for Docker, which may hold the lock of the tables.
kernel() {
    local family=$1
    shift
    "ip${family}tables" -w 10 "$@"
}

is_active() { kernel '' -n -L ufw-user-input >/dev/null 2>&1; }
is_enabled() { [[ $(setting ENABLED "$ETC/ufw.conf") == yes ]]; }

# replace TARGET NEW puts the text of NEW into TARGET in one step, with TARGET's owner and mode.
replace() {
    local temp
    temp=$(mktemp "${1%/*}/.nself.XXXXXX") || return 1
    if cp --attributes-only --preserve=mode,ownership "$1" "$temp" && cat "$2" >"$temp" && sync "$temp" && mv -f "$temp" "$1"; then
        return 0
    fi
    rm -f "$temp"
    return 1
}
