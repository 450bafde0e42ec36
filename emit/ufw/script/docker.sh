# shellcheck shell=bash disable=SC2034,SC2154

# check_docker refuses settings of Docker under which DOCKER-USER does not protect: with
# "firewall-backend": "nftables" (Docker 29) there is no such chain, with "iptables": false Docker
# writes no rules at all. No Docker, or no daemon.json, is fine.
check_docker() {
    local line backend
    while IFS= read -r line; do
        problem "$line"
    done < <("$PYTHON" -I - <<'EOT' || printf 'the settings of Docker could not be read\n'
import glob, json, os

def arguments():
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            words = open(path, "rb").read().decode("utf-8", "replace").split("\0")
        except OSError:
            continue
        if os.path.basename(words[0]) == "dockerd":
            yield words[1:]

def option(words, name):
    for i, word in enumerate(words):
        if word == "--" + name:
            follows = words[i + 1] if i + 1 < len(words) else ""
            return "true" if name.startswith("ip") else follows
        if word.startswith("--" + name + "="):
            return word.split("=", 1)[1]

def judge(where, iptables, backend, bridge):
    if str(iptables).lower() in ("false", "0", "f"):
        print(f"{where} says iptables=false: Docker then writes no rules, and published ports do not work or cannot be"
              " filtered; remove that setting and restart Docker")
    if backend not in (None, "", "iptables"):
        print(f"{where} chooses the firewall backend {backend}, which has no DOCKER-USER chain: set"
              ' "firewall-backend": "iptables" and restart Docker')
    if bridge not in (None, "", "none") and not bridge.startswith(("docker", "br-", "nself-")):
        print(f"{where} names the default bridge {bridge}, which these rules do not know: name it docker0 or nself-0")

files = {"/etc/docker/daemon.json"}
for words in arguments():
    judge("the command line of dockerd", option(words, "iptables"), option(words, "firewall-backend"), option(words, "bridge"))
    if option(words, "config-file"):
        files.add(option(words, "config-file"))
for path in sorted(files):
    try:
        with open(path, encoding="utf-8") as f:
            settings = json.load(f)
        judge(path, settings.get("iptables"), settings.get("firewall-backend"), settings.get("bridge"))
    except FileNotFoundError:
        pass
    except (OSError, ValueError, AttributeError) as e:
        print(f"{path} cannot be read ({e}), so nobody can tell which firewall Docker uses: mend it")
EOT
    )
    if running dockerd && command -v docker >/dev/null; then
        backend=$(timeout 5 docker info --format '{{.FirewallBackend.Driver}}' 2>/dev/null) || backend=''
        case $backend in
        '' | iptables | iptables+*) ;;
        *) problem "Docker uses the firewall backend $backend, which has no DOCKER-USER chain: set \"firewall-backend\": \"iptables\" in /etc/docker/daemon.json and restart Docker" ;;
        esac
    fi
}
