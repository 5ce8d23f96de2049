#!/bin/sh
# Fills a tree with a Debian that has systemd and Python, as plan.sh describes it.
#
# Called as build.sh TREE RELEASE [PACKAGE | /FOLDER...].
set -eu

tree=$1
shift
here=${0%/*}
work=${tree%/*}

sh "$here/plan.sh" "$@" >"$work/plan"
release=$(sed -n 's/^release //p' "$work/plan")
SOURCE_DATE_EPOCH=$(sed -n 's/^created //p' "$work/plan")
export SOURCE_DATE_EPOCH
# Modules that Python compiles by the way would hold times, and only where the caller lets it.
export PYTHONDONTWRITEBYTECODE=1
include=$(sed -n 's/^include //p' "$work/plan" | paste -s -d ,)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
sed -n "s|^source \(.*\)|deb [signed-by=$keyring] \1 main|p" "$work/plan" >"$work/sources.list"
# How this host reaches the mirror: proxies, certificates. The image does not get it.
apt-config dump | sed -n '/^Acquire::https\{0,1\}::/p' >"$work/apt.conf"
lists=$(apt-config shell lists Dir::State::lists/d | cut -d "'" -f 2)

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

# With the host's own lists, which it has verified, it becomes what plan.sh says, whatever the mirror has got meanwhile.
# In namespaces of its own: when this process ends, so does everything in it, and no mount is left.
exec unshare --mount --pid --fork --kill-child --mount-proc \
    mmdebstrap --quiet --mode=root --format=directory --variant=essential --skip=update \
    --aptopt="$work/apt.conf" --dpkgopt="$here/dpkg.cfg" --include="$include" \
    --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
    --setup-hook="mkdir -p \"\$1/var/lib/apt/lists\" && cp '$lists/'*_dists_* \"\$1/var/lib/apt/lists/\"" \
    --customize-hook="sh '$here/customize.sh' \"\$1\" '$work/plan'" \
    "$release" "$tree/rootfs" "$work/sources.list"
