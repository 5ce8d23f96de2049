# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the resource modules of cisco.ios read in a configuration and render, held against ours.

What they read is put into the options of our modules, and the lines of those are configured; what they render is typed
as it is. Both times the device must end with the configuration that was read.
"""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import diff, tree
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.commands import CLASSIC
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios.declared import DECLARED, Have

from . import pairs
from .resources import SAMPLES
from .test_peers import DATA, DECIDED, device, joined

RECORDED = json.loads((DATA / "resources.json").read_text())
BY_NAME = {sample.name: sample for sample in SAMPLES}
START = "hostname r1\n"
Call = tuple[str, dict[str, t.Any]]


class NoOption(Exception):
    """Our module has no option for what theirs read."""


# From what theirs read to calls of our modules.


def _options(found: t.Mapping[str, t.Any], names: t.Mapping[str, str]) -> dict[str, t.Any]:
    """Their options under our names."""
    unknown = found.keys() - names
    if unknown:
        raise NoOption(", ".join(sorted(unknown)))
    return {names[name]: value for name, value in found.items()}


def hostname(found: dict[str, t.Any]) -> list[Call]:
    return [("ios_system", found)]


def interfaces(found: list[dict[str, t.Any]]) -> list[Call]:
    names = {name: name for name in ("name", "description", "enabled")}
    return [("ios_interface", _options(one, names)) for one in found]


def l3_interfaces(found: list[dict[str, t.Any]]) -> list[Call]:
    calls = []
    for one in found:
        given: dict[str, t.Any] = {"name": one["name"], "secondary_addresses": []}
        for address in one.get("ipv4", ()):
            text = _options(address, {"address": "address", "secondary": "secondary"})["address"]
            if address.get("secondary"):
                given["secondary_addresses"].append(text)
            else:
                given["address"] = text
        helpers = one.get("helper_addresses", {}).get("ipv4", ())
        given["helper_addresses"] = [helper["destination_ip"] for helper in helpers]
        calls.append(("ios_interface", given))
    return calls


def acl_interfaces(found: list[dict[str, t.Any]]) -> list[Call]:
    return [
        ("ios_interface", {"name": one["name"], **{f"access_group_{acl['direction']}": acl["name"] for acl in acls}})
        for one in found
        for acls in [group["acls"] for group in one["access_groups"]]
    ]


def _end(end: t.Mapping[str, t.Any]) -> str:
    """The words for a source or a destination."""
    if "host" in end:
        text = f"host {end['host']}"
    else:
        text = "any" if end.get("any") else f"{end['address']} {end['wildcard_bits']}"
    for name, value in end.get("port_protocol", {}).items():
        text += f" range {value['start']} {value['end']}" if name == "range" else f" {name} {value}"
    return text


def _entries(aces: list[dict[str, t.Any]]) -> t.Iterator[str]:
    for ace in aces:
        yield from (f"remark {text}" for text in ace.get("remarks", ()))
        if "grant" in ace:
            words = [ace["grant"], ace.get("protocol"), _end(ace["source"])]
            words += [_end(ace["destination"])] if "destination" in ace else []
            words += [name.replace("_", "-") for flags in ace.get("protocol_options", {}).values() for name in flags]
            yield " ".join(filter(None, [*words, "log" if ace.get("log") else None]))


def acls(found: list[dict[str, t.Any]]) -> list[Call]:
    return [
        ("ios_acl", {"name": acl["name"], "kind": acl["acl_type"], "entries": list(_entries(acl["aces"]))})
        for family in found
        for acl in family["acls"]
    ]


def static_routes(found: list[dict[str, t.Any]]) -> list[Call]:
    names = {"interface": "interface", "forward_router_address": "next_hop", "distance_metric": "distance"}
    return [
        ("ios_static_route", {"routes": [{"prefix": route["dest"], **_options(hop, names)}]})
        for one in found
        for family in one["address_families"]
        for route in family["routes"]
        for hop in route["next_hops"]
    ]


def ntp_global(found: dict[str, t.Any]) -> list[Call]:
    names = {"server": "address", "key_id": "key", **{name: name for name in ("prefer", "version", "source")}}
    given: dict[str, t.Any] = {"servers": [_options(server, names) for server in found.get("servers", ())]}
    if "master" in found:
        given["master"] = found["master"].get("stratum", 8)
    return [("ios_ntp", given)]


def service(found: dict[str, t.Any]) -> list[Call]:
    return [("ios_system", _options(found, {"password_encryption": "password_encryption"}))]


def logging_global(found: dict[str, t.Any]) -> list[Call]:
    """We have no module for it: what they read at all is beyond ours."""
    return [("ios_system", _options(found, {}))]


READERS = {
    reader.__name__: reader
    for reader in (
        hostname,
        interfaces,
        l3_interfaces,
        acl_interfaces,
        acls,
        static_routes,
        ntp_global,
        service,
        logging_global,
    )
}


# What the device ends with.


def configuration(router: t.Any) -> tree.Config:
    return tree.parse(pairs.running(router), CLASSIC)


def by_our_modules(calls: t.Sequence[Call]) -> tree.Config:
    """What a device ends with that our modules configure."""
    router = device(START)
    for module, given in calls:
        before = configuration(router)
        lines = DECLARED[module].intent(given, Have(before))
        pairs.type_in(router, diff.plan(before, tree.parse("\n".join(lines), CLASSIC)).lines)
    return configuration(router)


def by_their_lines(lines: t.Sequence[str]) -> tree.Config:
    """What a device ends with when their lines are typed, which is what our grammar makes of them too."""
    typed, planned = device(START), device(START)
    rows = "\n".join(lines)
    pairs.type_in(typed, joined(rows.split("\n")))
    pairs.type_in(planned, diff.plan(configuration(planned), tree.parse(rows, CLASSIC)).lines)
    assert tree.differences(configuration(typed), configuration(planned)) == []
    return configuration(typed)


def outcome(sample: t.Any, reach: t.Callable[[], tree.Config]) -> str:
    """right, wrong (refused by the device, or it ends with something else) or beyond (no option of our modules)."""
    try:
        found = reach()
    except NoOption:
        return "beyond"
    except pairs.Refused:
        return "wrong"
    return "wrong" if tree.differences(found, configuration(device(START + sample.text))) else "right"


def decided(name: str, what: str) -> t.Mapping[str, str]:
    """The verdict and its reason; where nothing is said, both agree."""
    return DECIDED.get(name, {}).get(f"cisco.ios {what}", {"verdict": "right", "reason": ""})


READ = [name for name in BY_NAME if "parsed" in RECORDED[name]]


@pytest.mark.parametrize("name", READ)
def test_what_they_read_is_what_we_read(name):
    sample, found = BY_NAME[name], RECORDED[name]["parsed"]
    seen = outcome(sample, lambda: by_our_modules(READERS[sample.resource](found)))
    assert (seen, bool(decided(name, "parsed")["reason"])) == (decided(name, "parsed")["verdict"], seen != "right")


@pytest.mark.parametrize("name", BY_NAME)
def test_what_they_render_is_what_was_there(name):
    lines = RECORDED[name].get("rendered", [])
    seen = outcome(BY_NAME[name], lambda: by_their_lines(lines))
    assert (seen, bool(decided(name, "rendered")["reason"])) == (decided(name, "rendered")["verdict"], seen != "right")


def test_every_sample_is_recorded():
    assert set(RECORDED) == set(BY_NAME)
    assert {sample.resource for sample in SAMPLES} == {*READERS, "banner"}
