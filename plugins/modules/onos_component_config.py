#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: onos_component_config
short_description: Set properties of an ONOS controller's components
version_added: 0.1.0
description:
  - Sets properties of components, or returns them to their defaults. Properties that are not named are left alone.
  - One component, or many with O(components), which reads the controller once for all of them.
  - An unknown property, and for the properties listed below a value of the wrong type or out of range, is refused
    before anything is sent; the controller itself checks no range, and keeps the rest of a change that it refuses in
    part.
  - Components are told of a change a little later than the controller shows it, so a change is followed by a pause of
    one second.
options:
  component:
    description: Name of one component, such as V(org.onosproject.fwd.ReactiveForwarding).
    type: str
  properties:
    description:
      - Properties of O(component), by name. Booleans and numbers are stored as the controller spells them.
      - Null returns a property to its default. That is possible for the properties listed below, whose defaults are
        known here; the controller's REST interface does not tell them. With O(preset), the default is stored for a
        component that is not registered.
      - C(org.onosproject.fwd.ReactiveForwarding) has
        C(flowTimeout) (seconds an idle flow stays, 1 to 65535, default 10),
        C(flowPriority) (0 to 65535, default 10), and these booleans, all V(false) by default,
        C(packetOutOnly) (no flows, every packet through the controller),
        C(packetOutOfppTable) (send the first packet to the switch's table instead of a port),
        C(ipv6Forwarding), C(matchDstMacOnly) (overrides all other match options), C(matchVlanId),
        C(matchIpv4Address), C(matchIpv4Dscp) (with C(matchIpv4Address)), C(matchIpv6Address),
        C(matchIpv6FlowLabel) (with C(matchIpv6Address)),
        C(matchTcpUdpPorts) and C(matchIcmpFields) (with C(matchIpv4Address) or C(matchIpv6Address)),
        C(ignoreIPv4Multicast), C(recordMetrics) (count packets per host, see M(nfvlab.fleet.onos_fwd_metrics)) and
        C(inheritFlowTreatment) (since 2.5.0).
      - C(org.onosproject.provider.lldp.impl.LldpLinkProvider) has C(enabled) (true), C(useBddp) (true), C(probeRate)
        (3000 ms), C(staleLinkAge) (10000 ms) and C(maxDiscoveryDelayMs) (1000).
      - C(org.onosproject.openflow.controller.impl.OpenFlowControllerImpl) has C(openflowPorts) (6633,6653) and
        C(workerThreads) (0); C(org.onosproject.provider.of.flow.impl.OpenFlowRuleProvider) has
        C(flowPollFrequency) (5 s) and C(adaptiveFlowSampling) (V(false)).
      - These and all other properties of a registered component can be set; the type of one that is not listed here is
        checked by the controller.
    type: dict
  components:
    description: Properties of many components, by component and property.
    type: dict
  preset:
    description:
      - Store values also for a component that is not registered, because its app is inactive or not installed. They
        take effect when the app becomes active, and cannot be read before, so every run sends them until then.
      - Without it, such a component is an error.
    type: bool
    default: false
extends_documentation_fragment:
  - nfvlab.fleet.onos
  - nfvlab.fleet.onos.secrets
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: Flows by address that stay for half a minute
  nfvlab.fleet.onos_component_config:
    component: org.onosproject.fwd.ReactiveForwarding
    properties:
      flowTimeout: 30
      matchIpv4Address: true
      matchTcpUdpPorts: null

- name: Many components at once
  nfvlab.fleet.onos_component_config:
    components:
      org.onosproject.fwd.ReactiveForwarding: {recordMetrics: true}
      org.onosproject.openflow.controller.impl.OpenFlowControllerImpl: {openflowPorts: 6653}
"""

RETURN = r"""
component_config:
  description: The components with all their properties, as the controller shows them; secrets masked.
  returned: success
  type: dict
  sample:
    org.onosproject.fwd.ReactiveForwarding: {flowTimeout: "30", recordMetrics: "true"}
actions:
  description: Method, path and keys of each request that was sent, in order; in check mode of what would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {method: POST, path: /configuration/org.onosproject.fwd.ReactiveForwarding, keys: [flowTimeout], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.component_config import ComponentConfig
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.options import run


def main() -> None:
    run(
        ComponentConfig("component_config"),
        mutually_exclusive=[("component", "components")],
        required_one_of=[("component", "components")],
        required_together=[("component", "properties")],
    )


if __name__ == "__main__":
    main()
