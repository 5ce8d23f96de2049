# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIMULATOR: the shipped apps and their properties, as an ONOS 2.7.0 with these apps shows them."""

from __future__ import annotations

import typing as t

ORG = "org.onosproject."
APPS: dict[str, dict[str, t.Any]] = {
    ORG + "drivers": {"description": "Default Drivers", "active": True, "explicit": True, "category": "Drivers"},
    ORG + "optical-model": {"description": "Optical Network Model", "category": "Optical"},
    ORG + "openflow-base": {
        "description": "OpenFlow Base Provider", "category": "Provider", "required": [ORG + "optical-model"],
    },
    ORG + "hostprovider": {"description": "Host Location Provider", "category": "Provider"},
    ORG + "lldpprovider": {"description": "LLDP Link Provider", "category": "Provider"},
    ORG + "openflow": {
        "description": "OpenFlow Provider Suite", "category": "Provider", "own": False,
        "required": [ORG + "hostprovider", ORG + "lldpprovider", ORG + "openflow-base"],
    },
    ORG + "proxyarp": {"description": "Proxy ARP/NDP", "category": "Traffic Engineering"},
    ORG + "fwd": {"description": "Reactive Forwarding", "category": "Traffic Engineering"},
}  # fmt: skip

Properties = dict[str, tuple[str, str, str]]  # name: type, default, description


def _flags(**described: str) -> Properties:
    return {name: ("boolean", "false", f"Enable {text}; default is false") for name, text in described.items()}


FWD: Properties = {
    **_flags(
        packetOutOnly="packet-out only forwarding",
        packetOutOfppTable="first packet forwarding using OFPP_TABLE port instead of PacketOut with actual port",
    ),
    "flowTimeout": ("integer", "10", "Configure Flow Timeout for installed flow rules; default is 10 sec."),
    "flowPriority": ("integer", "10", "Configure Flow Priority for installed flow rules; default is 10"),
    **_flags(
        ipv6Forwarding="IPv6 forwarding",
        matchDstMacOnly="matching Dst Mac Only",
        matchVlanId="matching Vlan ID",
        matchIpv4Address="matching IPv4 Addresses",
        matchIpv4Dscp="matching IPv4 DSCP and ECN",
        matchIpv6Address="matching IPv6 Addresses",
        matchIpv6FlowLabel="matching IPv6 FlowLabel",
        matchTcpUdpPorts="matching TCP/UDP ports",
        matchIcmpFields="matching ICMPv4 and ICMPv6 fields",
        ignoreIPv4Multicast="ignore (do not forward) IPv4 multicast packets",
        recordMetrics="record metrics for reactive forwarding",
        inheritFlowTreatment="use of builder from packet context to define flow treatment",
    ),
}

# By component: the app that it belongs to (none for what is always there) and its properties.
COMPONENTS: dict[str, tuple[str, Properties]] = {
    ORG + "fwd.ReactiveForwarding": (ORG + "fwd", FWD),
    ORG + "provider.lldp.impl.LldpLinkProvider": (
        ORG + "lldpprovider",
        {
            "enabled": ("boolean", "true", "If false, link discovery is disabled"),
            "useBddp": ("boolean", "true", "Use BDDP for link discovery"),
            "probeRate": ("integer", "3000", "LLDP and BDDP probe rate specified in millis"),
            "staleLinkAge": ("integer", "10000", "Number of millis beyond which links will be considered stale"),
            "maxDiscoveryDelayMs": ("integer", "1000", "Number of millis an LLDP is considered to be valid"),
        },
    ),
    ORG + "provider.host.impl.HostLocationProvider": (
        ORG + "hostprovider",
        {
            "hostRemovalEnabled": ("boolean", "true", "Enable host removal on port/device down events"),
            "requestArp": ("boolean", "true", "Request ARP packets for neighbor discovery"),
            "useArp": ("boolean", "true", "Enable using ARP for neighbor discovery"),
        },
    ),
    ORG + "openflow.controller.impl.OpenFlowControllerImpl": (
        ORG + "openflow-base",
        {
            "openflowPorts": ("string", "6633,6653", "Port numbers (comma separated) used by OpenFlow protocol"),
            "workerThreads": ("integer", "0", "Number of controller worker threads"),
        },
    ),
    ORG + "provider.of.flow.impl.OpenFlowRuleProvider": (
        ORG + "openflow-base",
        {
            "flowPollFrequency": ("integer", "5", "Frequency (in seconds) for polling flow statistics"),
            "adaptiveFlowSampling": ("boolean", "false", "Adaptive Flow Sampling is on or off"),
        },
    ),
    ORG + "net.flow.impl.FlowRuleManager": (
        "",
        {
            "allowExtraneousRules": ("boolean", "false", "Allow flow rules in switch not installed by ONOS"),
            "fallbackFlowPollFrequency": ("integer", "30", "Frequency (in seconds) for polling flow statistics"),
        },
    ),
}
PROCESSORS = {
    ORG + "fwd": ORG + "fwd.ReactiveForwarding$ReactivePacketProcessor",
    ORG + "hostprovider": ORG + "provider.host.impl.HostLocationProvider$InternalHostProvider",
    ORG + "lldpprovider": ORG + "provider.lldp.impl.LldpLinkProvider$InternalPacketProcessor",
    ORG + "proxyarp": ORG + "proxyarp.DefaultProxyArp$ProxyArpProcessor",
}
SUBJECTS = ("apps", "devices", "ports", "hosts", "links", "regions", "layouts")
# The keys that subsystems take, and the fields of those that are held against a list.
CONFIG_KEYS: dict[str, dict[str, tuple[str, ...] | None]] = {
    "apps": {"suppression": None, "reactiveRouting": None},
    "devices": {
        "basic": (
            "type", "driver", "managementAddress", "pipeconf", "manufacturer", "hwVersion", "swVersion", "serial",
            "name", "purgeOnDisconnection", "deviceKeyId", "latitude", "longitude", "locType", "gridX", "gridY",
            "uiType", "rackAddress", "owner", "allowed",
        ),
        "classifiers": None,
    },
    "ports": {"interfaces": None, "basic": None},
    "hosts": {"basic": ("ips", "locations", "auxLocations", "innerVlan", "outerTpid", "name", "latitude", "longitude")},
    "links": {
        "basic": (
            "type", "metric", "latency", "bandwidth", "jitter", "delay", "loss", "availability", "flapping", "durable",
            "bidirectional", "allowed",
        ),
    },
    "regions": {"basic": None},
    "layouts": {"basic": None},
}  # fmt: skip
THIRD_PARTY = ("java.", "javax.", "org.osgi.", "org.slf4j", "com.google.", "org.apache.", "com.fasterxml.")
