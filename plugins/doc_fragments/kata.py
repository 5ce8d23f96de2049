# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options that the modules of the Kata agent share."""

    # How to reach the agent, and what every module of this system does.
    DOCUMENTATION = r"""
options:
  address:
    description:
      - Where the agent listens, as the managed host reaches it.
      - V(vsock://CID:1024), V(hvsock:///PATH:1024) (hybrid vsock of Cloud Hypervisor, Firecracker, Dragonball),
        V(unix:///PATH), V(unix://@NAME), V(tcp://HOST:PORT) or V(remote:///PATH). A path alone is a unix socket.
      - Taken from E(KATA_AGENT_ADDRESS) where not given.
    type: str
  runtime_sandbox:
    description:
      - Id of a sandbox that a container runtime on the managed host keeps. Its agent is found through the shim's
        monitor socket, of the runtime in Go or the one in Rust. It wins over O(address).
      - Such an agent belongs to its runtime, see O(allow_foreign).
    type: str
  allow_foreign:
    description:
      - Allow what takes something away from the runtime that an agent of O(runtime_sandbox) belongs to.
      - Without it, C(GetOOMEvent), C(ResumeContainer), C(RemoveContainer) and C(DestroySandbox) are refused, and so are
        C(WaitProcess), C(ReadStdout) and C(ReadStderr) of processes that this task did not start.
      - An agent that is reached by its O(address) counts as one's own.
    type: bool
    default: false
  timeout:
    description: Seconds that a call may take. The agent is told, and the module gives up two seconds later by itself.
    type: float
    default: 30.0
  connect_timeout:
    description: Seconds that connecting may take, with all repetitions of a hybrid vsock's handshake.
    type: float
    default: 10.0
attributes:
  check_mode:
    description: Can run in check mode and predict the changed status without modifying the target.
    support: full
  diff_mode:
    description: Returns details on what has changed (or would change in check mode) when in diff mode.
    support: full
  idempotent:
    description: When run twice with the same options, the second run changes nothing.
    support: full
  action_group:
    description: Use C(group/nfvlab.fleet.kata) or C(group/nfvlab.fleet.all) in C(module_defaults) to set options once.
    support: full
    membership:
      - nfvlab.fleet.all
      - nfvlab.fleet.kata
  platform:
    description: Hosts that the module runs on. They need Python 3.9 or later and nothing else.
    support: full
    platforms: posix
notes:
  - Speaks with agents from 2.5 to 4.1; what is said of answers was recorded from 4.0.0 and 4.1.0.
  - In check mode, only calls are sent that change nothing and take nothing away.
"""

    SECRETS = r"""
options:
  secret_keys:
    description:
      - Names or shell patterns of keys whose values are secrets. They are shown as stars in results, diffs and logs.
      - Keys whose name says so (password, passphrase, secret, token, credential, private key) always are, and so are
        C(Env), C(stdin), C(content) and C(policy).
    type: list
    elements: str
    default: []
"""

    # Modules that write files and talk to no agent.
    LOCAL = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and predict the changed status without modifying the target.
    support: full
  diff_mode:
    description: Returns details on what has changed (or would change in check mode) when in diff mode.
    support: full
  idempotent:
    description: When run twice with the same options, the second run changes nothing.
    support: full
  action_group:
    description: Use C(group/nfvlab.fleet.all) in C(module_defaults) to set options once.
    support: full
    membership:
      - nfvlab.fleet.all
  platform:
    description: Hosts that the module runs on. They need Python 3.9 or later and nothing else.
    support: full
    platforms: posix
"""
