#!/bin/sh
# Makes an image of what mmdebstrap has installed, from which any number of instances can start.
#
# Called as customize.sh ROOT PLAN.
set -eu

root=$1
plan=$2
here=${0%/*}

put() {
    install -D -m 0644 "$here/$1" "$root/$2"
}
put eth0.network etc/systemd/network/eth0.network
put no-udev.conf etc/systemd/system/systemd-networkd.service.d/no-udev.conf
put resolved.conf etc/systemd/resolved.conf.d/listen.conf
put hosts etc/hosts
ln -sf ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
chroot "$root" systemctl --quiet enable systemd-networkd.service systemd-resolved.service
# The timers take the package manager's lock when nobody expects it, there is no password for the console, and the kernel is the host's.
chroot "$root" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer console-getty.service systemd-modules-load.service

# Folders of the host, each at its own place.
sed -n 's/^folder \(.*\) [0-9a-f]*$/\1/p' "$plan" | while read -r folder; do
    mkdir -p "$root${folder%/*}"
    cp --archive "$folder" "$root$folder"
done

# The name comes from the daemon, the id is made at the first start.
rm -f "$root/etc/hostname" "$root/var/lib/dbus/machine-id"
: >"$root/etc/machine-id"

# What the build itself needed, and what it left.
mv "$root"/etc/apt/sources.list.d/*sources.list "$root/etc/apt/sources.list"
rm -rf "$root/etc/apt/apt.conf.d/99mmdebstrap" "$root"/var/log/*.log "$root"/var/log/apt/*
