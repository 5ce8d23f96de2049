#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: onos_fwd_metrics
short_description: Read what reactive forwarding of an ONOS controller counted
version_added: 0.1.0
description:
  - Reads the counters of C(org.onosproject.fwd) for all hosts or one. Only the controller's shell shows them
    (C(reactive-fwd-metrics)), which is asked over SSH.
  - Counters are kept while the property C(recordMetrics) of C(org.onosproject.fwd.ReactiveForwarding) is true, which is
    not the default. The shell's C(null) says that nothing was counted, not that a host is idle; RV(reason) says why.
options:
  mac:
    description: MAC address of one host. If nothing was counted for it, the failure names those that there are.
    type: str
extends_documentation_fragment:
  - nfvlab.fleet.onos
  - nfvlab.fleet.onos.shell
  - nfvlab.fleet.onos.secrets
attributes:
  diff_mode:
    support: none
    details: Nothing is changed.
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: What was forwarded for one host
  nfvlab.fleet.onos_fwd_metrics:
    mac: 00:00:00:00:00:01
  register: counted

- name: What was forwarded for all hosts
  nfvlab.fleet.onos_fwd_metrics:
  register: all_counted
"""

RETURN = r"""
metrics:
  description:
    - Packets by MAC address; C(received) by the application, C(replied) (sent out by the controller itself),
      C(forwarded) (for which flows were installed) and C(dropped).
  returned: success
  type: dict
  sample:
    "00:00:00:00:00:01": {received: 5, replied: 3, forwarded: 2, dropped: 0}
reason:
  description: Why there are none, if there are none.
  returned: success
  type: str
  sample: ""
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.module import SECRET_KEYS, FleetModule
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.cli import SHELL
from ansible_collections.nfvlab.fleet.plugins.module_utils._onos.metrics import OPTIONS, read


def main() -> None:
    module = FleetModule({**SHELL, **OPTIONS, **SECRET_KEYS})
    module.run(lambda: read(module.params))


if __name__ == "__main__":
    main()
