# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Virtual devices: C(net_vhost0,iface=/run/vhost/0.sock). Pure.

Source: drivers/net/vhost/rte_eth_vhost.c, drivers/net/virtio/virtio_user_ethdev.c at v19.08 and v22.11.
"""

from __future__ import annotations

import re
import typing as t

from .._core.errors import InvalidOption, UnknownKey, Unsupported, did_you_mean

MAX_PATH = 107  # of a unix socket, in bytes

# Each driver's arguments, with the release since which it has them.
OLD = (0, 0)
DRIVERS: dict[str, dict[str, tuple[int, int]]] = {
    "net_vhost": {
        **dict.fromkeys(("iface", "queues", "client", "iommu-support", "tso"), OLD),
        "dequeue-zero-copy": OLD,
        **dict.fromkeys(("postcopy-support", "linear-buffer", "ext-buffer"), (19, 11)),
        "legacy-ol-flags": (21, 11),
    },
    "net_virtio_user": {
        **dict.fromkeys(("path", "mac", "queues", "queue_size", "cq", "server", "mrg_rxbuf", "in_order"), OLD),
        **dict.fromkeys(("packed_vq", "iface"), OLD),
        **dict.fromkeys(("speed", "vectorized"), (20, 5)),
    },
}
GONE = {"dequeue-zero-copy": (20, 11)}
ALIASES = {"eth_vhost": "net_vhost", "virtio_user": "net_virtio_user"}


def parse(text: str) -> dict[str, t.Any]:
    """A device as C({name, args}) from its text, with the driver's present name.

    :raises InvalidOption: the text is no device
    """
    name, *rest = text.split(",")
    args = {}
    for item in rest:
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise InvalidOption(
                f"'{item}' in the device '{text}' is no KEY=VALUE", next_step="write it as iface=/a/path"
            )
        args[key] = value
    return {"name": current_name(name), "args": args}


def current_name(name: str) -> str:
    """The device's name with the driver's present name for an alias."""
    for alias, driver in ALIASES.items():
        if re.fullmatch(rf"{alias}\d+", name):
            return driver + name[len(alias) :]
    return name


def driver_of(name: str) -> str | None:
    """The driver that a device's name asks for, or null where it is none of those known here."""
    found = re.fullmatch(r"(\D+?)(\d+)", current_name(name))
    return found.group(1) if found and found.group(1) in DRIVERS else None


def normalised(item: t.Any) -> dict[str, t.Any]:
    """A device as C({name, args}), from such a dictionary or from a text.

    :raises InvalidOption: it is neither
    """
    if isinstance(item, str):
        return parse(item)
    if not isinstance(item, dict) or not isinstance(item.get("name"), str) or set(item) - {"name", "args"}:
        raise InvalidOption(f"{item!r} is no device", next_step="write a text, or a dictionary of name and args")
    return {"name": current_name(item["name"]), "args": dict(item.get("args") or {})}


def vdev_text(item: t.Any, release: tuple[int, int]) -> str:
    """A device as a release's command line takes it.

    :raises InvalidOption: a value cannot be right
    :raises UnknownKey: the driver has no such argument
    :raises Unsupported: the release's driver does not have the argument
    """
    device = normalised(item)
    driver = driver_of(device["name"])
    for key, value in device["args"].items() if driver else []:
        since = DRIVERS[driver].get(key) if driver else OLD
        if since is None:
            raise UnknownKey(
                f"{driver} has no argument '{key}'",
                obj=device["name"],
                next_step=did_you_mean(key, DRIVERS[str(driver)]),
            )
        if release < since or release >= GONE.get(key, (99, 0)):
            raise Unsupported(
                f"{driver} of DPDK {release[0]}.{release[1]:02d} has no argument '{key}'",
                obj=device["name"],
                next_step="leave it out",
            )
        if key == "speed" and not (str(value).isdigit() and int(value) > 0):
            raise InvalidOption(f"the speed '{value}' is not a number of Mb/s", obj=device["name"])
    path = socket_path(device)
    if driver and not path:
        raise InvalidOption(
            f"{driver} needs the path of its socket", obj=device["name"], next_step=f"give '{_path_key(driver)}'"
        )
    if path and len(path.encode()) > MAX_PATH:
        raise InvalidOption(
            f"the socket's path has {len(path.encode())} bytes", obj=device["name"], next_step=f"keep it to {MAX_PATH}"
        )
    return ",".join([device["name"], *(f"{key}={_plain(value)}" for key, value in device["args"].items())])


def socket_path(item: t.Any) -> str | None:
    """The path of a device's socket, or null where it has none."""
    device = normalised(item)
    driver = driver_of(device["name"])
    return str(device["args"].get(_path_key(driver)) or "") or None if driver else None


def makes_socket(item: t.Any) -> bool:
    """Whether the device makes its socket, so that one which is there already stops it."""
    device = normalised(item)
    args, driver = device["args"], driver_of(device["name"])
    if driver == "net_vhost":
        return _plain(args.get("client", 0)) != "1"
    return driver == "net_virtio_user" and _plain(args.get("server", 0)) == "1"


def _path_key(driver: str | None) -> str:
    return "iface" if driver == "net_vhost" else "path"


def _plain(value: t.Any) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)
