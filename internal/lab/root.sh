#!/usr/bin/env bash
# Makes a Debian: the one that both lab machines and most stand-in images are made of, or a suite that has another version of
# a server. Runs in a mount namespace of its own, so that nothing stays mounted when it is killed.
#
# The newer suite brings the few packages whose stable version is too old to stand in for what users run. A package in it
# may stop fitting the stable C library one day: then the stable one stays, and the lab says so.
#
# usage: root.sh DIRECTORY MIRROR SUITE PACKAGES NEWER-SUITE NEWER-PACKAGES      (lists with spaces)
set -euo pipefail

root=$1 mirror=$2 suite=$3 packages=$4 newer_suite=$5 newer=$6
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# debootstrap of an older Debian has no script for a newer suite; all are the one for sid.
script=/usr/share/debootstrap/scripts/sid

mount --make-rprivate /
debootstrap --variant=minbase --keyring="$keyring" --include="${packages// /,}" "$suite" "$root" "$mirror" "$script" >"$root.log" 2>&1 || {
  tail -n 20 "$root.log" >&2
  exit 1
}

printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 0755 "$root/usr/sbin/policy-rc.d"

# add_newer installs its arguments from the newer suite. A suite that is not released yet has an index that expires after a
# week, and mirrors and frozen clocks may be behind; signatures are checked all the same.
add_newer() {
  local options=(-qq -o Acquire::Check-Valid-Until=false -o Dir::Etc::sourceparts=/dev/null
    -o Dir::Etc::sourcelist=/tmp/sources.list -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confnew)
  local name
  for name in "$suite" "$newer_suite"; do
    printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$name"
  done >"$root/tmp/sources.list"
  chroot "$root" apt-get "${options[@]}" update &&
    DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get "${options[@]}" --yes --no-install-recommends \
      -t "$newer_suite" install "$@"
}

if [[ -n $newer ]]; then
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  mount -t proc proc "$root/proc"
  read -ra newer_packages <<<"$newer"
  add_newer "${newer_packages[@]}" >>"$root.log" 2>&1 ||
    printf 'the newer suite does not fit; the lab goes on with the stable %s\n' "$newer" >&2
  umount "$root/proc"
fi

# What only takes room, and what would make two builds differ for no reason.
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* "$root"/tmp/* "$root"/etc/resolv.conf \
  "$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/info/* \
  "$root"/var/lib/postgresql/* "$root"/etc/postgresql/*
find "$root/usr/share/locale" -mindepth 1 -maxdepth 1 -type d -exec rm -rf '{}' +
mkdir -p "$root/var/log/nginx" "$root/var/log/redis" "$root/var/log/postgresql" "$root/var/cache/apt/archives/partial"
