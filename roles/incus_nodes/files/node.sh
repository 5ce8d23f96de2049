#!/bin/sh
# node.sh FOLDER NAMESPACE DAEMON GROUP: a daemon, of either brand, in process and mount namespaces of its own, and in a
# network namespace that is there. Whatever it starts ends with it. Does not return.
set -eu
folder=$1
namespace=$2
daemon=$3
group=$4

echo $$ >"$folder.pid"
# shellcheck disable=SC2016 # the inner shell expands it
exec nsenter --net="/run/netns/$namespace" \
  unshare --mount --pid --fork --kill-child --mount-proc --propagation private sh -c '
    set -eu
    export INCUS_DIR=$1 LXD_DIR=$1
    unset INCUS_SOCKET LXD_SOCKET # would be the place of its own socket
    # sysfs shows the network in which it was mounted; control groups and security modules stay as they are.
    mkdir -p "$INCUS_DIR/.sys"
    mount --rbind /sys "$INCUS_DIR/.sys"
    mount -t sysfs sysfs /sys
    for part in fs/cgroup kernel/security; do
      if mountpoint -q "$INCUS_DIR/.sys/$part"; then mount --rbind "$INCUS_DIR/.sys/$part" "/sys/$part"; fi
    done
    umount -l "$INCUS_DIR/.sys"
    rmdir "$INCUS_DIR/.sys"
    # Several daemons would lock the same files.
    mount -t tmpfs -o mode=1777 tmpfs /run/lock
    # Not in place of the shell: the first process has to wait for orphans. It ends when the daemon does.
    "$2" --group "$3" --logfile "$INCUS_DIR/daemon.log" &
    daemon=$!
    while kill -0 "$daemon" 2>/dev/null; do wait "$daemon" || :; done
  ' node "$folder" "$daemon" "$group"
