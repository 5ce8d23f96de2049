#!/bin/sh
# Packs what a builder leaves in a tree into a unified image: the same tree gives the same bytes.
#
#   pack.sh BUILDER IMAGE OLD [ARGUMENT...]
#
# BUILDER   folder with the script build.sh, which is called with the tree that it has to fill (metadata.yaml and rootfs/) and the
#           arguments; $ARCHITECTURE is the daemon's name of the architecture, $DEBIAN_ARCHITECTURE Debian's. What is younger than the
#           creation_date in metadata.yaml gets that time
# IMAGE     file to write; its end (.tar, .tar.gz, .tar.xz, .tar.zst) says how it is compressed; IMAGE.sha256 is written as well
# OLD       glob pattern of files that this image replaces, looked for beside it
set -eu
umask 022
export LC_ALL=C TZ=UTC0

builder=$1
image=$2
old=$3
shift 3
folder=${image%/*}
name=${image##*/}

# Beside this script, which whoever calls it has put on the same file system as the image.
work=$(mktemp -d "${0%/*}/build-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

DEBIAN_ARCHITECTURE=$(dpkg --print-architecture)
case $DEBIAN_ARCHITECTURE in
    amd64) ARCHITECTURE=x86_64 ;;
    arm64) ARCHITECTURE=aarch64 ;;
    armel) ARCHITECTURE=armv6l ;;
    armhf) ARCHITECTURE=armv7l ;;
    i386) ARCHITECTURE=i686 ;;
    loong64) ARCHITECTURE=loongarch64 ;;
    mips64el) ARCHITECTURE=mips64 ;;
    ppc64el) ARCHITECTURE=ppc64le ;;
    riscv64 | s390x) ARCHITECTURE=$DEBIAN_ARCHITECTURE ;;
    *) echo "pack.sh: the daemon's name of the architecture $DEBIAN_ARCHITECTURE is not known" >&2; exit 1 ;;
esac
export ARCHITECTURE DEBIAN_ARCHITECTURE

mkdir "$work/tree"
# A builder does not outlive this script.
setpriv --pdeathsig KILL sh "$builder/build.sh" "$work/tree" "$@"

created=$(sed -n 's/^creation_date: //p' "$work/tree/metadata.yaml")
tar --create --file="$work/tar" --directory="$work/tree" --format=gnu --sort=name --mtime="@$created" --clamp-mtime --numeric-owner \
    metadata.yaml rootfs
case $name in
    *.tar) mv "$work/tar" "$work/$name" ;;
    *.tar.gz) gzip -n -9 <"$work/tar" >"$work/$name" ;;
    *.tar.xz) xz --threads=1 <"$work/tar" >"$work/$name" ;;
    *.tar.zst) zstd --quiet --threads=1 <"$work/tar" >"$work/$name" ;;
    *) echo "pack.sh: $name: the end of the name says no known compression" >&2; exit 1 ;;
esac
(cd "$work" && sha256sum "$name" >"$name.sha256")
sync "$work/$name" "$work/$name.sha256"

# The image comes last: where it is, all of it is.
mv -f "$work/$name.sha256" "$image.sha256"
mv -f "$work/$name" "$image"

find "$folder" -maxdepth 1 -type f -name "$old" ! -name "$name" ! -name "$name.sha256" -exec rm -f {} +
