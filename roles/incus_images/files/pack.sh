#!/bin/sh
# Packs what a builder leaves in a tree into a unified image: the same tree gives the same bytes.
#
#   pack.sh BUILDER IMAGE [OLD...]
#
# BUILDER  folder with the script build.sh, which is called with the tree that it has to fill: metadata.yaml and rootfs/
# IMAGE    file to write; its end (.tar, .tar.gz, .tar.xz) says how it is compressed; IMAGE.sha256 is written as well
# OLD      glob patterns of files that this image replaces, looked for beside it
set -eu
umask 022
export LC_ALL=C TZ=UTC0

builder=$1
image=$2
shift 2
folder=${image%/*}
name=${image##*/}

# Beside this script, which whoever calls it has put on the same file system as the image.
work=$(mktemp -d "${0%/*}/build-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

mkdir "$work/tree"
sh "$builder/build.sh" "$work/tree"

tar --create --file="$work/tar" --directory="$work/tree" --format=gnu --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner \
    metadata.yaml rootfs
case $name in
    *.tar) mv "$work/tar" "$work/$name" ;;
    *.tar.gz) gzip -n -9 <"$work/tar" >"$work/$name" ;;
    *.tar.xz) xz --threads=1 <"$work/tar" >"$work/$name" ;;
    *) echo "pack.sh: $name: the end of the name says no known compression" >&2; exit 1 ;;
esac
(cd "$work" && sha256sum "$name" >"$name.sha256")
sync "$work/$name" "$work/$name.sha256"

# The image comes last: where it is, all of it is.
mv -f "$work/$name.sha256" "$image.sha256"
mv -f "$work/$name" "$image"

for pattern in "$@"; do
    find "$folder" -maxdepth 1 -type f -name "$pattern" ! -name "$name" ! -name "$name.sha256" -exec rm -f {} +
done
