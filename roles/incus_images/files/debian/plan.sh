#!/bin/sh
# Prints what decides about the image, one fact to a line, and changes nothing:
#
#   release CODENAME
#   created SECONDS            of the release's own date
#   source URI SUITE           a source of packages, as the host has it
#   include NAME               a package that is asked for
#   package NAME VERSION       a package that comes with them, as the host's package lists have it now
#
# Called as plan.sh RELEASE PACKAGE...; an empty RELEASE is the host's own. The packages come on top of those below.
set -eu
export LC_ALL=C TZ=UTC0

release=$1
shift
if [ -z "$release" ]; then
    release=$(. /etc/os-release && echo "$VERSION_CODENAME")
fi
set -- apt dbus iproute2 python3 systemd-resolved systemd-sysv usr-is-merged "$@"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# Only the release itself and what mends it: no backports, nobody else's packages.
apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI) $(FILENAME)' 'Created-By: Packages' |
    awk -v release="$release" '$2 == "main" && ($1 == release || $1 == release "-updates" || $1 == release "-security")' |
    sort -u >"$work/targets"
lists=$(awk -v release="$release" '$1 == release {sub("_main_binary-.*", "", $4); print $4; exit}' "$work/targets")
if [ -z "$lists" ]; then
    echo "plan.sh: the host has no package lists of $release main; add a source of it, or run apt-get update" >&2
    exit 1
fi

awk '{print "deb " $3 " " $1 " main"}' "$work/targets" >"$work/sources.list"
apt-get --simulate --quiet=2 --no-install-recommends -o Dir::State::status=/dev/null -o APT::Architectures::= \
    -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null -o Dir::Etc::preferences=/dev/null \
    install '?essential' "$@" >"$work/packages"

echo "release $release"
date=$(cat "${lists}_InRelease" "${lists}_Release" 2>"$work/errors" | sed -n 's/^Date: //p' | head -n 1)
echo "created $(date -d "$date" +%s)"
awk '{print "source " $3 " " $1}' "$work/targets"
printf 'include %s\n' "$@"
sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/package \1 \2/p' "$work/packages" | sort
