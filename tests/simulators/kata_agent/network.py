# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIMULATOR: interfaces, routes, neighbours and packet filters, as state only."""

from __future__ import annotations

import ipaddress

from .server import Refusal

LOOPBACK = {
    "name": "lo",
    "mtu": 65536,
    "hwAddr": "00:00:00:00:00:00",
    "IPAddresses": [{"family": "v6", "address": "127.0.0.1", "mask": "8"}, {"address": "::1", "mask": "128"}],
}


def quoted(text: str, code: int = 13) -> Refusal:
    """A text as the agent's string errors show it."""
    return Refusal('"' + text.replace("\n", "\\n") + '"', code, trace=False)


class Network:
    """One interface beside the loopback; what an agent says of it, its mistakes included."""

    def __init__(self, version: str) -> None:
        self.by_name = version >= "4.1"
        self.links = {"eth0": {"name": "eth0", "mtu": 1500, "hwAddr": "02:00:00:00:00:01", "IPAddresses": []}}
        self.routes: list[dict] = []
        self.neighbours: dict[str, str] = {}
        self.tables: dict[bool, bytes] = {False: b"", True: b""}

    def interfaces(self) -> dict:
        shown = []
        for link in self.links.values():
            # the real agent turns the families round
            addresses = [
                {**entry, "family": "v4" if ":" in entry["address"] else "v6"} for entry in link["IPAddresses"]
            ]
            shown.append({**link, "IPAddresses": addresses})
        return {"Interfaces": [LOOPBACK, *shown]}

    def update_interface(self, request: dict) -> dict:
        wanted = request.get("interface")
        if wanted is None:
            raise quoted("empty update interface request", 3)
        path = wanted.get("devicePath", "")
        if set(path) - set("0123456789abcdef/."):
            raise quoted(
                f"Invalid PCI path for network interface: Failed to parse PCI path from '{path}'\n\n"
                "Caused by:\n    invalid digit found in string"
            )
        address = wanted.get("hwAddr", "")
        parts = address.split(":")
        for part in parts:
            if not part or any(digit not in "0123456789abcdefABCDEF" for digit in part):
                why = "invalid digit found in string" if part else "cannot parse integer from empty string"
                raise quoted(f"update interface: Failed to parse MAC address: {address}\n\nCaused by:\n    {why}")
        link = next((one for one in self.links.values() if one["hwAddr"].lower() == address.lower()), None)
        if link is None and self.by_name:
            link = self.links.get(wanted.get("name", ""))
        if link is None:
            raise quoted(f"update interface: Link not found (Address: {address})")
        for entry in wanted.get("IPAddresses", ()):
            if _ip(entry.get("address", "")) is None:
                raise quoted("update interface: invalid IP address syntax")
            if not entry.get("mask", "").isdigit():
                raise quoted("update interface: invalid digit found in string")
        if not wanted.get("mtu"):
            name = wanted.get("name", "")
            raise quoted(
                f"update interface: Failure in LinkSetRequest for interface {name}: "
                "Received a netlink error message Invalid argument (os error 22)"
            )
        kept = [entry for entry in link["IPAddresses"] if ":" not in entry["address"]]  # IPv6 goes with the link down
        fresh = [{"address": one["address"], "mask": one["mask"]} for one in wanted.get("IPAddresses", ())]
        self.routes = [
            route for route in self.routes if route.get("device") != link["name"] or ":" not in route.get("dest", "")
        ]
        del self.links[link["name"]]
        link = {
            "name": wanted.get("name") or link["name"],
            "mtu": wanted["mtu"],
            "hwAddr": address.upper(),
            "IPAddresses": kept + [entry for entry in fresh if entry not in kept],
        }
        self.links[link["name"]] = link
        for entry in fresh:
            self._add(
                {
                    "dest": str(ipaddress.ip_interface(f"{entry['address']}/{entry['mask']}").network),
                    "device": link["name"],
                    "scope": 253,
                }
            )
        return wanted

    def _add(self, route: dict) -> None:
        if route not in self.routes:
            self.routes.append(route)

    def update_routes(self, request: dict) -> dict:
        if "routes" not in request:
            raise quoted("empty update routes request", 3)
        for route in request["routes"].get("Routes", ()):
            dest, gateway = route.get("dest", ""), route.get("gateway", "")
            if route.get("device") not in self.links:
                raise quoted("Failed to update routes: Received a netlink error message No such device (os error 19)")
            for text in filter(None, (dest, gateway)):
                if _ip(text) is None:
                    raise quoted(f"Failed to update routes: invalid address: {text}")
            if gateway and not self._reaches(gateway):
                raise quoted(
                    f"Failed to update routes: Failed to add IP v{6 if ':' in gateway else 4} route "
                    f"(src: {route.get('source', '')}, dst: {dest}, gtw: {gateway},"
                    "Err: Network is unreachable (os error 101))"
                )
            self._add({key: value for key, value in route.items() if key in ("dest", "gateway", "device", "scope")})
        return self.list_routes()

    def _reaches(self, gateway: str) -> bool:
        near = (ipaddress.ip_network(route["dest"]) for route in self.routes if "gateway" not in route)
        return any(ipaddress.ip_address(gateway) in network for network in near)

    def list_routes(self) -> dict:
        """A route through a gateway loses its destination, as with the real agent."""
        shown = []
        for route in self.routes:
            lost = {"dest": "::1" if ":" in route["gateway"] else "0.0.0.0"} if route.get("gateway") else {}
            shown.append({**route, **lost})
        return {"Routes": shown}

    def add_neighbours(self, request: dict) -> dict:
        if "neighbors" not in request:
            raise quoted("empty add arp neighbours request", 3)
        for entry in request["neighbors"].get("ARPNeighbors", ()):
            address = entry.get("toIPAddress", {}).get("address", "")
            start = f"Failed to add ARP neighbours: Failed to add ARP neighbor {address}: "
            if "toIPAddress" not in entry:
                raise quoted(start + "Unable to determine ip address of ARP neighbor")
            if _ip(address) is None:
                raise quoted(start + f"Failed to parse IP {address}: AddrParseError(Ip)")
            if entry.get("device") not in self.links:
                raise quoted(start + "Received a netlink error message No such device (os error 19)")
            if len(entry.get("lladdr", "").split(":")) != 6:
                raise quoted(start + "parsing lladdr\n\nCaused by:\n    invalid digit found in string")
            self.neighbours[address] = entry["lladdr"]
        return {}

    def set_tables(self, request: dict) -> dict:
        data, six = request.get("data", b""), request.get("is_ipv6", False)
        if six and not self.by_name:
            raise quoted("/usr/sbin/ip6tables-save failed: unrecognized option '--wait'")
        if data and not data.lstrip().startswith(b"*"):
            raise quoted('/sbin/iptables-restore failed: \\"iptables-restore: line 1 failed\\"')
        self.tables[six] = data
        return {}


def _ip(text: str) -> ipaddress.IPv4Interface | ipaddress.IPv6Interface | None:
    try:
        return ipaddress.ip_interface(text)
    except ValueError:
        return None
