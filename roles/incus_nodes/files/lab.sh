#!/bin/sh
# A cluster's machines on one host: a network namespace on a common bridge and a folder for each, and in them a daemon.
#
# lab.sh missing|up|down FOLDER DAEMON GROUP BRIDGE ADDRESS/LENGTH NAME=ADDRESS...
#   missing  what is not there, a line for each; changes nothing
#   up       make that
#   down     end the daemons with whatever they started, and take the network away
set -eu
action=$1
folder=$2
daemon=$3
group=$4
bridge=$5
address=$6
shift 6

has_link() { ip link show dev "$1" >/dev/null 2>&1; }

# A file where nothing is mounted was left by a namespace that is gone.
has_space() { mountpoint -q "/run/netns/$1"; }

# The process that holds a node, where it runs.
holder() {
  pid=$(cat "$folder/$1.pid" 2>/dev/null) || return 1
  tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF " node $folder/$1 " && echo "$pid"
}

# What the containers of a dead node have left outside of its namespaces: control groups and AppArmor's profiles.
sweep() {
  for root in "$folder/$1"/containers/*; do
    [ -d "$root" ] || [ -L "$root" ] || continue # links into pools that only the node sees
    for kind in payload monitor; do
      pattern="*/lxc.$kind.${root##*/}"
      find /sys/fs/cgroup -depth -type d \( -path "$pattern" -o -path "$pattern/*" -o -path "$pattern-[0-9]*" \) \
        -exec rmdir {} + 2>/dev/null || :
    done
  done
  if [ -d /sys/kernel/security/apparmor ] && command -v apparmor_parser >/dev/null; then
    find "$folder/$1/security/apparmor/profiles" -type f -exec apparmor_parser --remove {} \; 2>/dev/null || :
  fi
}

missing() {
  has_link "$bridge" || echo "bridge $bridge"
  for node in "$@"; do
    name=${node%%=*}
    { has_space "$name" && has_link "$name"; } || echo "network of $name"
    holder "$name" >/dev/null || echo "daemon of $name"
  done
}

up() {
  if ! has_link "$bridge"; then
    ip link add name "$bridge" type bridge
    ip address add "$address" dev "$bridge"
  fi
  ip link set dev "$bridge" up
  for node in "$@"; do
    name=${node%%=*}
    if ! has_space "$name"; then
      rm -f "/run/netns/$name"
      ip netns add "$name"
    fi
    if ! has_link "$name"; then
      ip link add name "$name" type veth peer name eth0 netns "$name"
      ip link set dev "$name" master "$bridge"
      ip -netns "$name" address add "${node#*=}/${address#*/}" dev eth0
    fi
    ip link set dev "$name" up
    ip -netns "$name" link set dev lo up
    ip -netns "$name" link set dev eth0 up
    ip -netns "$name" route replace default via "${address%/*}"
    if ! holder "$name" >/dev/null; then
      mkdir -p "$folder/$name"
      chmod 0711 "$folder/$name"
      sweep "$name"
      setsid sh "$folder/node.sh" "$folder/$name" "$name" "$daemon" "$group" </dev/null >>"$folder/$name.log" 2>&1 &
    fi
  done
}

down() {
  for node in "$@"; do
    name=${node%%=*}
    if pid=$(holder "$name"); then
      inside=$(cat "/proc/$pid/task/$pid/children")
      kill -KILL "$pid"
      for child in $inside; do
        while [ -e "/proc/$child" ]; do sleep 0.1; done
      done
    fi
    sweep "$name"
    if has_link "$name"; then ip link delete dev "$name"; fi
    if [ -e "/run/netns/$name" ]; then ip netns delete "$name"; fi
  done
  if has_link "$bridge"; then ip link delete dev "$bridge"; fi
}

"$action" "$@"
