#!/bin/sh
# Fills a tree with an image that holds the host's static busybox and the files beside this script.
set -eu

tree=$1
here=${0%/*}
root=$tree/rootfs
busybox=/bin/busybox
# Part of what the image is, so never the clock's: 2026-01-01.
created=1767225600

# A dynamic one would start nothing, as there are no libraries in the image.
if LC_ALL=C ldd "$busybox" >/dev/null 2>&1; then
    echo "build.sh: $busybox is not static; install the package busybox-static" >&2
    exit 1
fi
release=$("$busybox" | sed -n '1s/^BusyBox v\([^ ]*\).*/\1/p')

for folder in bin dev etc/init.d etc/udhcpc mnt opt proc root run sbin srv sys usr/bin usr/sbin var/cache var/lib var/log var/spool; do
    mkdir -p "$root/$folder"
done
chmod 0700 "$root/root"
mkdir -m 1777 "$root/tmp" "$root/var/tmp"
ln -s /run "$root/var/run"

install -m 0755 "$busybox" "$root/bin/busybox"
"$busybox" --list-full | while read -r applet; do
    [ "$applet" = bin/busybox ] || [ "$applet" = sbin/init ] || ln -s /bin/busybox "$root/$applet"
done

install -m 0755 "$here/init" "$root/sbin/init"
install -m 0755 "$here/rcS" "$root/etc/init.d/rcS"
install -m 0755 "$here/default.script" "$root/etc/udhcpc/default.script"
for file in group hosts passwd profile; do
    install -m 0644 "$here/$file" "$root/etc/$file"
done
install -m 0640 "$here/shadow" "$root/etc/shadow"
ln -s /proc/mounts "$root/etc/mtab"

cat >"$tree/metadata.yaml" <<END
architecture: $ARCHITECTURE
creation_date: $created
properties:
  architecture: $DEBIAN_ARCHITECTURE
  description: BusyBox $release $DEBIAN_ARCHITECTURE
  os: BusyBox
  release: "$release"
  variant: default
END
