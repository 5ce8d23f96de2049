#!/usr/bin/python

# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: kata_agent_config
short_description: Render, check and compare the options of a Kata agent
version_added: 0.1.0
description:
  - Renders an agent's options as its TOML file and as kernel parameters, and writes the file where O(path) is given.
  - An agent ignores a misspelt key and ends on a malformed value. Both are errors here, before anything is written.
  - It needs no agent and talks to none.
options:
  options:
    description:
      - The options in the names of the agent's file. Null leaves an option out.
      - "Flags and booleans: V(debug_console), V(dev_mode), V(tracing), V(visible_cdi_devices),
        V(secure_storage_integrity) (true by default), V(unified_cgroup_hierarchy)."
      - "Ports, 0 for none: V(debug_console_vport), V(log_vport), V(passfd_listener_port)."
      - "Whole seconds: V(hotplug_timeout) (3), V(cdh_api_timeout) (50), V(image_pull_timeout) (1200), V(cdi_timeout)
        (100), V(launch_process_timeout) (6)."
      - "V(log_level): V(fatal), V(panic), V(critical), V(error), V(warn), V(warning), V(info), V(debug) or V(trace)."
      - "V(server_addr): V(vsock://-1:1024), V(unix:///PATH), V(unix://@NAME) or V(tcp://HOST:PORT)."
      - "V(https_proxy) (a URL), V(no_proxy), V(container_pipe_size) (bytes)."
      - "V(guest_components_rest_api): V(all), V(attestation) or V(resource). V(guest_components_procs): V(none),
        V(attestation-agent), V(confidential-data-hub) or V(api-server-rest)."
      - "V(policy_file): in the file only."
      - "The memory agent, from 4.1 on: V(mem_agent_enable), V(mem_agent_memcg_disable), V(mem_agent_memcg_swap),
        V(mem_agent_memcg_swappiness_max), V(mem_agent_memcg_period_secs), V(mem_agent_memcg_period_psi_percent_limit),
        V(mem_agent_memcg_eviction_psi_percent_limit), V(mem_agent_memcg_eviction_run_aging_count_min),
        V(mem_agent_compact_disable), V(mem_agent_compact_period_secs), V(mem_agent_compact_period_psi_percent_limit),
        V(mem_agent_compact_psi_percent_limit), V(mem_agent_compact_sec_max), V(mem_agent_compact_order),
        V(mem_agent_compact_threshold), V(mem_agent_compact_force_times)."
    type: dict
    default: {}
  path:
    description:
      - The file to write. Its folder must be there. The whole file is the module's.
      - The agent reads it when it is started with C(-c FILE) or C(--config FILE) as two words, or with the kernel
        parameter C(agent.config_file=FILE); C(--config=FILE) is ignored by it.
    type: path
  mode:
    description: Permissions of the file as an octal text.
    type: str
    default: "0644"
  agent_version:
    description: Version of the agent, so that options which it cannot take are refused.
    type: str
  cmdline:
    description: A kernel command line to compare with. Its C(agent.) words that no agent knows are warned of.
    type: str
extends_documentation_fragment:
  - nfvlab.fleet.kata.local
author:
  - The nfvlab.fleet developers (@nfvlab)
"""

EXAMPLES = r"""
- name: The options of a standalone agent
  nfvlab.fleet.kata_agent_config:
    path: /etc/kata-agent.toml
    agent_version: 4.0.0
    options:
      server_addr: unix:///run/kata-agent.sock
      log_level: debug
      hotplug_timeout: 10

- name: What to put on the kernel command line of a guest, and whether this one has it
  nfvlab.fleet.kata_agent_config:
    options:
      debug_console: true
      debug_console_vport: 1026
      log_vport: 1025
    cmdline: "{{ guest_cmdline }}"
  register: parameters
"""

RETURN = r"""
toml:
  description: The file.
  returned: success
  type: str
  sample: |
    # Managed by Ansible (nfvlab.fleet.kata_agent_config).
    log_level = "debug"
    hotplug_timeout = { secs = 10, nanos = 0 }
kernel_parameters:
  description: The same as kernel parameters; null where one cannot be said so.
  returned: success
  type: list
  elements: str
  sample: [agent.log=debug, agent.hotplug_timeout=10]
options:
  description: The options as they were understood.
  returned: success
  type: dict
  sample: {log_level: debug, hotplug_timeout: 10}
differs:
  description: By option, what O(cmdline) gives and what is wanted, defaults included.
  returned: when O(cmdline) is given
  type: dict
  sample: {log_level: {is: info, wanted: debug}}
actions:
  description: The file that was written; in check mode the one that would be.
  returned: when O(path) is given
  type: list
  elements: dict
  sample:
    - {file: /etc/kata-agent.toml, keys: [hotplug_timeout, log_level], sent: true}
"""

from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.settings import AGENT, agent, run


def main() -> None:
    run(AGENT, agent)


if __name__ == "__main__":
    main()
