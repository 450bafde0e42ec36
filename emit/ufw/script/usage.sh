# shellcheck shell=bash disable=SC2034,SC2154

set -Eeuo pipefail
export LC_ALL=C
umask 077
PATH=${PATH:+$PATH:}/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin

usage() {
    cat <<EOT
Usage: apply.sh COMMAND [--timeout SECONDS] [--assume-ssh-port PORT]

Brings the firewall of the stack $STACK onto this host (ufw and DOCKER-USER).

  --check      say what --apply would change and whether the host is ready; changes nothing
  --apply      change it. Unless --confirm follows within 120 seconds (or --timeout),
               everything is put back as it was.
  --confirm    keep what --apply did. Run it from a NEW ssh connection: that proves the way in.
               A reboot ends the wait: the change stays then, and --rollback undoes it.
  --rollback   put the firewall back as it was before the last --apply or --remove
  --remove     take the rules of this stack out again. ufw stays on and ssh stays open;
               the same --confirm is asked for.
  --help       this text

  --assume-ssh-port PORT   for a host on which no ssh server can be found (an unusual one,
               or one that is reached in another way): the port on which it listens

Exit status: 0 nothing to change, or done; 2 (--check only) ready, with changes to make;
1 refused or failed, and the reason says what to do; 64 wrong usage.

Rules without the comment "nself:$STACK:..." are never changed. The chain NSELF, reached from
DOCKER-USER, denies containers' ports that no stack of this host publishes; rules of others
in DOCKER-USER stay where they are. "ufw disable" does not lift it: --remove does.
EOT
}
