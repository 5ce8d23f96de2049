# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Component properties that are known beforehand, so that a wrong value is refused before it is sent.

The REST interface shows every value as text and neither its type nor its default; those are here from the source of
2.7.0 (ReactiveForwarding, LldpLinkProvider, OpenFlowControllerImpl, OpenFlowRuleProvider). Only of ReactiveForwarding
they are all that there are. The controller itself checks the type but no range: it stores a timeout of -5. Any other
property is checked by name only, and its value by the controller.
"""

from __future__ import annotations

import typing as t

from .._core.errors import InvalidOption, UnknownKey, did_you_mean
from .._core.fields import scalar


class Property(t.NamedTuple):
    """One property.

    :param type: C(bool), C(int) or C(str)
    :param default: its default, as the controller shows it
    :param low: the least integer
    :param high: the greatest integer
    :param since: the first version that has it, where that is not 1.13
    """

    type: str
    default: str
    low: int = 0
    high: int = 2**31 - 1
    since: str = ""


FWD = "org.onosproject.fwd.ReactiveForwarding"
_SWITCH = Property("bool", "false")
_16_BIT = 2**16 - 1  # OpenFlow's time-outs and priorities

KNOWN: dict[str, dict[str, Property]] = {
    FWD: {
        "packetOutOnly": _SWITCH,
        "packetOutOfppTable": _SWITCH,
        "flowTimeout": Property("int", "10", 1, _16_BIT),
        "flowPriority": Property("int", "10", 0, _16_BIT),
        "ipv6Forwarding": _SWITCH,
        "matchDstMacOnly": _SWITCH,
        "matchVlanId": _SWITCH,
        "matchIpv4Address": _SWITCH,
        "matchIpv4Dscp": _SWITCH,
        "matchIpv6Address": _SWITCH,
        "matchIpv6FlowLabel": _SWITCH,
        "matchTcpUdpPorts": _SWITCH,
        "matchIcmpFields": _SWITCH,
        "ignoreIPv4Multicast": _SWITCH,
        "recordMetrics": _SWITCH,
        "inheritFlowTreatment": Property("bool", "false", since="2.5.0"),
    },
    "org.onosproject.provider.lldp.impl.LldpLinkProvider": {
        "enabled": Property("bool", "true"),
        "useBddp": Property("bool", "true"),
        "probeRate": Property("int", "3000", 1),
        "staleLinkAge": Property("int", "10000", 1),
        "maxDiscoveryDelayMs": Property("int", "1000", 1),
    },
    "org.onosproject.openflow.controller.impl.OpenFlowControllerImpl": {
        "openflowPorts": Property("str", "6633,6653"),
        "workerThreads": Property("int", "0", 0, 1024),
    },
    "org.onosproject.provider.of.flow.impl.OpenFlowRuleProvider": {
        "flowPollFrequency": Property("int", "5", 1, 86400),
        "adaptiveFlowSampling": _SWITCH,
    },
}
# Properties of reactive forwarding that do nothing without one of the others.
_ONLY_WITH = {
    "matchIpv4Dscp": ("matchIpv4Address",),
    "matchTcpUdpPorts": ("matchIpv4Address", "matchIpv6Address"),
    "matchIcmpFields": ("matchIpv4Address", "matchIpv6Address"),
    "matchIpv6FlowLabel": ("matchIpv6Address",),
}


def check_value(component: str, name: str, value: t.Any) -> str:
    """A wanted value as the controller stores it.

    :raises InvalidOption: it cannot be right
    """
    text = scalar(name, value)
    known = KNOWN.get(component, {}).get(name)
    if text == "" and (known is None or known.type != "str"):
        raise InvalidOption(
            f"'{name}' of {component} is empty, which the controller refuses",
            next_step="null returns it to its default",
        )
    if known is None or known.type == "str":
        return text
    if known.type == "bool":
        if text.lower() not in ("true", "false"):
            raise InvalidOption(f"'{name}' of {component} is '{text}'", next_step="give true or false")
        return text.lower()
    try:
        number = int(text)
    except ValueError:
        number = known.low - 1
    if not known.low <= number <= known.high:
        raise InvalidOption(
            f"'{name}' of {component} is '{text}'", next_step=f"give a whole number from {known.low} to {known.high}"
        )
    return str(number)


def check_name(component: str, name: str, present: t.Iterable[str]) -> None:
    """Raise where a component has no such property.

    :param present: the properties that it has
    """
    names = list(present)
    if name in names:
        return
    since = KNOWN.get(component, {}).get(name, _SWITCH).since
    raise UnknownKey(
        f"{component} has no property '{name}'",
        next_step=f"it came with ONOS {since}"
        if since
        else did_you_mean(name, names) or f"it has {', '.join(sorted(names)) or 'none'}",
    )


def same(one: str, other: str) -> bool:
    """Whether two stored values are the same: booleans keep the spelling in which they were given."""
    return one == other or (one.lower() == other.lower() and one.lower() in ("true", "false"))


def advice(values: t.Mapping[str, str]) -> list[str]:
    """What does nothing in a configuration of reactive forwarding, as sentences."""
    on = {name for name, value in values.items() if value.lower() == "true"}
    said = [
        f"'{name}' does nothing unless '{needed[0]}' is true too"
        for name, needed in _ONLY_WITH.items()
        if name in on and not on & set(needed)
    ]
    overridden = sorted(name for name in on if name.startswith("match") and name != "matchDstMacOnly")
    if "matchDstMacOnly" in on and overridden:
        said.append(f"'matchDstMacOnly' makes {', '.join(overridden)} do nothing")
    return said
