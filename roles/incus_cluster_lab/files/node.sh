#!/bin/sh
# A node: a daemon in process, mount and network namespaces of its own. Whatever it starts ends with it.
# node.sh FOLDER NAMESPACE runs it in an existing network namespace and does not return.
set -eu
folder=$1
namespace=$2
daemon=$3

echo $$ >"$folder.pid"
# shellcheck disable=SC2016 # expanded by the inner shell
exec nsenter --net="/run/netns/$namespace" unshare --mount --pid --fork --kill-child --mount-proc --propagation private sh -c '
  set -eu
  export INCUS_DIR=$1
  # sysfs shows the network namespace in which it was mounted; control groups and security modules stay as they are.
  mkdir -p "$INCUS_DIR/.sys"
  mount --rbind /sys "$INCUS_DIR/.sys"
  mount -t sysfs sysfs /sys
  for part in fs/cgroup kernel/security; do
    if mountpoint -q "$INCUS_DIR/.sys/$part"; then mount --rbind "$INCUS_DIR/.sys/$part" "/sys/$part"; fi
  done
  umount -l "$INCUS_DIR/.sys"
  rmdir "$INCUS_DIR/.sys"
  mount -t tmpfs -o mode=1777 none /run/lock
  # Without a break in between: the first process has to wait for orphans, and ends when the daemon does.
  "$2" --group incus-admin --logfile "$INCUS_DIR/daemon.log" &
  daemon=$!
  trap "kill -PWR $daemon" TERM
  while kill -0 "$daemon" 2>/dev/null; do wait "$daemon" || :; done
' node "$folder" "$daemon"
