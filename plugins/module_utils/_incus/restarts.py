# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Which configuration keys a running instance takes up at its next start only.

The reference document "Instance options" tells for each key whether it is updated live. Keys that only the daemon
itself reads (C(boot.), C(snapshots.), C(cluster.), C(migration.)) act without a restart, whatever it says of them.
"""

from __future__ import annotations

import typing as t

_ALWAYS = (
    "cloud-init.",
    "user.meta-data",
    "user.network-config",
    "user.user-data",
    "user.vendor-data",
    "security.guestapi",
    "security.devlxd",
)
_CONTAINER = (
    "limits.kernel.",
    "linux.sysctl.",
    "nvidia.",
    "raw.idmap",
    "raw.lxc",
    "raw.seccomp",
    "security.idmap.",
    "security.privileged",
    "security.syscalls.",
)
_VIRTUAL_MACHINE = (
    "agent.nic_config",
    "limits.memory.hugepages",
    "raw.qemu",
    "security.agent.metrics",
    "security.csm",
    "security.iommu",
    "security.secureboot",
    "security.sev",
)
# What lies below the above and is live all the same, or is asked anew each time.
_LIVE = (
    "security.guestapi.images",
    "security.devlxd.images",
    "security.syscalls.intercept.mount.allowed",
    "security.syscalls.intercept.mount.fuse",
    "security.syscalls.intercept.mount.shift",
)


def needs_restart(key: str, type_: str) -> bool:
    """Whether a key acts at the next start only.

    :param type_: the instance's type, as the API has it
    """
    acting = (*_ALWAYS, *(_VIRTUAL_MACHINE if type_ == "virtual-machine" else _CONTAINER))
    return key.startswith(acting) and key not in _LIVE


def expanded(
    profiles: t.Sequence[str], contents: t.Mapping[str, t.Mapping[str, t.Any]], own: t.Mapping[str, str]
) -> dict[str, str]:
    """The configuration that acts: that of the profiles in their order, and the instance's own on top.

    :param contents: the profiles' own objects by name
    """
    merged: dict[str, str] = {}
    for name in profiles:
        merged.update(contents[name].get("config") or {})
    return {**merged, **own}


def pending(before: t.Mapping[str, str], after: t.Mapping[str, str], type_: str) -> list[str]:
    """The keys whose change waits for a restart.

    :param before: the configuration that acts now
    :param after: the same then
    """
    return [
        key
        for key in sorted({**before, **after})
        if before.get(key) != after.get(key)
        and not key.startswith(("volatile.", "image."))
        and needs_restart(key, type_)
    ]
