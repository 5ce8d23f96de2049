#!/bin/sh
# Fills a tree with a Debian that has systemd and Python, from the packages that the host's own package lists name.
#
# Called as build.sh TREE RELEASE PACKAGE..., see plan.sh.
set -eu

tree=$1
shift
here=${0%/*}
plan=$tree/../plan

sh "$here/plan.sh" "$@" >"$plan"
release=$(sed -n 's/^release //p' "$plan")
SOURCE_DATE_EPOCH=$(sed -n 's/^created //p' "$plan")
export SOURCE_DATE_EPOCH
packages=$(sed -n 's/^include //p' "$plan" | paste -s -d ,)
sed -n 's|^source \(.*\)|deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] \1 main|p' "$plan" >"$tree/../sources.list"
# How to reach the mirror: proxies, certificates. For the build only.
apt-config dump | sed -n -E '/^Acquire::https?::/p' >"$tree/../apt.conf"
lists=$(apt-config shell lists Dir::State::lists/f | cut -d "'" -f 2)

cat >"$tree/metadata.yaml" <<END
architecture: $ARCHITECTURE
creation_date: $SOURCE_DATE_EPOCH
properties:
  architecture: $DEBIAN_ARCHITECTURE
  description: Debian $release $DEBIAN_ARCHITECTURE
  os: Debian
  release: $release
  variant: default
END

# In a process namespace, so that whoever ends this script ends all of it, and no mount is left.
# The lists are the host's, already verified by it, so the image is made of what plan.sh has said.
exec unshare --mount --pid --fork --kill-child --mount-proc \
    mmdebstrap --quiet --mode=root --format=directory --variant=essential --skip=update --include="$packages" \
    --aptopt="$tree/../apt.conf" \
    --dpkgopt="$here/dpkg.cfg" \
    --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
    --setup-hook='mkdir -p "$1/var/lib/apt/lists" && cp '"$lists"'*_dists_* "$1/var/lib/apt/lists/"' \
    --customize-hook="$here/customize.sh"' "$1"' \
    "$release" "$tree/rootfs" "$tree/../sources.list"
