#!/bin/sh
# Makes what mmdebstrap has installed an image that any number of instances start from.
set -eu

root=$1
here=${0%/*}

install -m 0644 "$here/eth0.network" "$root/etc/systemd/network/eth0.network"
mv "$root/etc/apt/sources.list.d/0000sources.list" "$root/etc/apt/sources.list"
install -m 0644 "$here/hosts" "$root/etc/hosts"
ln -sf ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
systemctl --root="$root" --quiet enable systemd-networkd.service systemd-resolved.service
# They would take the lock of the package manager at times of their own.
systemctl --root="$root" --quiet mask apt-daily.timer apt-daily-upgrade.timer console-getty.service

# The name comes from the daemon, and each instance makes an id of its own.
rm -f "$root/etc/hostname" "$root/var/lib/dbus/machine-id"
: >"$root/etc/machine-id"

# What only the build needed, and what it left.
rm -rf "$root/etc/apt/apt.conf.d/99mmdebstrap" "$root/var/lib/apt/lists" "$root"/var/log/*.log "$root"/var/log/apt/*
install -d -m 0755 "$root/var/lib/apt/lists"
