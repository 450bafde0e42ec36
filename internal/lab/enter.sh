#!/usr/bin/env bash
# The first process of a lab machine: it runs as PID 1 of new mount, network, PID, UTS and IPC namespaces, makes
# the machine's root from an overlay over the cached Debian, and then becomes an init that reaps what is orphaned.
#
# The init lives as long as its standard input: the harness holds the other end, so when the harness goes, however it
# goes, the kernel ends every process in here, and mounts and network vanish with the namespaces.
#
# usage: enter.sh NAME ROOTFS RUNDIR [HOSTPATH:INSIDE…]     (NAME is also the host name)
set -euo pipefail

name=$1 rootfs=$2 run=$3
shift 3
root=$run/$name/root

mount --make-rprivate /
mkdir -p "$root" "$run/$name/upper" "$run/$name/work"
mount -t overlay overlay -o "lowerdir=$rootfs,upperdir=$run/$name/upper,workdir=$run/$name/work" "$root"

mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t sysfs -o nosuid,nodev,noexec sysfs "$root/sys"
mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=0755 tmpfs "$root/run"
mkdir -p "$root/run/lock" "$root/run/sshd"
if [[ -d /lib/modules ]]; then
  mkdir -p "$root/lib/modules"
  mount --bind -o ro /lib/modules "$root/lib/modules"
fi

for pair in "$@"; do
  mkdir -p "$root${pair#*:}"
  mount --bind "${pair%%:*}" "$root${pair#*:}"
done

hostname "$name"
printf '127.0.0.1 localhost %s\n::1 localhost ip6-localhost\n' "$name" >"$root/etc/hosts"

cd "$root"
mkdir -p .outside
pivot_root . .outside
umount -l /.outside
rmdir /.outside

# Scripts under test may set kernel parameters. Those of the network belong to this namespace; the rest would be the
# machine's own.
mount --bind /proc/sys /proc/sys
mount --bind /proc/sys/net /proc/sys/net
mount -o remount,bind,ro /proc/sys

ip link set lo up
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
exec /usr/bin/tini-static -- sh -c 'echo ready; exec cat >/dev/null'
