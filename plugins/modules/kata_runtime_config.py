#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kata_runtime_config
short_description: Set the agent's options in the configuration of a Kata runtime
version_added: 0.1.0
description:
  - Sets or removes options of the section C([agent.kata]) of a runtime's C(configuration.toml). Everything else,
    comments and order included, stays byte for byte.
  - A new sandbox has the new options; one that runs keeps its own.
options:
  path:
    description: The configuration file, such as V(/etc/kata-containers/configuration.toml). It must be there.
    type: path
    required: true
  options:
    description:
      - The options to set; null removes one. Others in the section stay.
      - "Booleans: V(enable_debug), V(enable_tracing), V(debug_console_enabled), V(mem_agent_enable)."
      - "Whole numbers: V(dial_timeout), V(dial_timeout_ms), V(reconnect_timeout_ms), V(create_container_timeout),
        V(cdh_api_timeout), V(launch_process_timeout), V(container_pipe_size), V(health_check_request_timeout_ms)."
      - "A list of texts: V(kernel_modules), each a module with its parameters."
    type: dict
    required: true
extends_documentation_fragment:
  - nfvlab.fleet.kata.local
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: A debug console in every new sandbox
  nfvlab.fleet.kata_runtime_config:
    path: /etc/kata-containers/configuration.toml
    options:
      debug_console_enabled: true

- name: Modules that guests load, and the runtime's own dial timeout again
  nfvlab.fleet.kata_runtime_config:
    path: /etc/kata-containers/configuration.toml
    options:
      kernel_modules: [vfio-pci, e1000e InterruptThrottleRate=3000]
      dial_timeout: null
"""

RETURN = r"""
options:
  description: The options of the section afterwards, those that the module knows.
  returned: success
  type: dict
  sample: {debug_console_enabled: true, kernel_modules: []}
actions:
  description: The file that was written and the options that changed; in check mode what would be.
  returned: success
  type: list
  elements: dict
  sample:
    - {file: /etc/kata-containers/configuration.toml, keys: [debug_console_enabled], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.settings import RUNTIME, run, runtime


def main() -> None:
    run(RUNTIME, runtime)


if __name__ == "__main__":
    main()
