#!/bin/sh
# Prints what decides about the image, one fact to a line, and changes nothing:
#
#   release CODENAME
#   created SECONDS            when the release was last published
#   source URI SUITE           a source of packages, as the host has it
#   include NAME               a package that is asked for
#   package NAME VERSION       a package that comes with them, as the host's package lists have it now
#   folder PATH SHA256         a folder of the host that comes along, and what is in it
#
# Called as plan.sh RELEASE [PACKAGE | /FOLDER...]; an empty RELEASE is the host's own.
set -eu
export LC_ALL=C TZ=UTC0

release=$1
shift
if [ -z "$release" ]; then
    release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
fi
architecture=$(dpkg --print-architecture)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# No package begins with a slash.
: >"$work/folders"
count=$#
while [ "$count" -gt 0 ]; do
    case $1 in
        /*)
            folder=${1%/}
            if [ ! -d "$folder" ]; then
                echo "plan.sh: this host has no folder $folder" >&2
                exit 1
            fi
            digest=$(tar --create --directory=/ --format=gnu --sort=name --mtime=@0 --numeric-owner ".$folder" | sha256sum)
            echo "folder $folder ${digest%% *}" >>"$work/folders"
            ;;
        *) set -- "$@" "$1" ;;
    esac
    shift
    count=$((count - 1))
done
set -- apt dbus iproute2 python3 systemd-resolved systemd-sysv usr-is-merged "$@"

# The release itself and what mends it: no backports, nobody else's packages.
apt-get indextargets --format "\$(CODENAME) \$(COMPONENT) \$(ARCHITECTURE) \$(REPO_URI) \$(FILENAME)" "Created-By: Packages" |
    awk -v "release=$release" -v "architecture=$architecture" \
        '$2 == "main" && $3 == architecture && ($1 == release || $1 == release "-updates" || $1 == release "-security")' |
    sort -u >"$work/targets"
lists=$(awk -v "release=$release" '$1 == release {sub("_main_binary-.*", "", $5); print $5; exit}' "$work/targets")
if [ -z "$lists" ]; then
    echo "plan.sh: this host has no package lists of $release main; give it a source of them, and run apt-get update" >&2
    exit 1
fi

# As if nothing were installed, and whatever this host prefers.
awk '{print "deb " $4 " " $1 " main"}' "$work/targets" >"$work/sources.list"
apt-get --simulate --quiet=2 --no-install-recommends -o "APT::Architectures=$architecture" -o APT::Default-Release= \
    -o Dir::State::status=/dev/null -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null install '?essential' "$@" >"$work/packages"
date=$(cat "${lists}_InRelease" "${lists}_Release" 2>/dev/null | sed -n 's/^Date: //p' | head -n 1)

echo "release $release"
echo "created $(date -d "$date" +%s)"
awk '{print "source " $4 " " $1}' "$work/targets"
printf 'include %s\n' "$@"
sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/package \1 \2/p' "$work/packages" | sort
cat "$work/folders"
