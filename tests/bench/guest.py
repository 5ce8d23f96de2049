# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A running Debian with Python and C(curl), for benchmarks that ask the guest API.

The role C(incus_images) builds its image once into C(build/bench/images).
"""

from __future__ import annotations

import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request, path
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client
from harness import BUILD
from playbook import play

NAME = "guest"


def start(client: Client, project: str, config: t.Mapping[str, str]) -> dict[str, str]:
    """Make it and start it; the variables with which tasks run in it."""
    variables = {
        "incus_images_cache": str(BUILD / "bench" / "images"),
        "incus_images_project": project,
        "incus_images_debian_packages": ["curl"],
        "incus_images": [{"alias": "debian", "build": "debian"}],
    }
    play([{"ansible.builtin.include_role": {"name": "nfvlab.fleet.incus_images"}}], variables)
    instance = {"name": NAME, "source": {"type": "image", "alias": "debian"}, "config": dict(config)}
    query = {"project": project}
    client.perform(Request("POST", path("1.0", "instances"), query, instance))
    client.perform(Request("PUT", path("1.0", "instances", NAME, "state"), query, {"action": "start"}))
    return {
        "ansible_connection": "nfvlab.fleet.incus",
        "ansible_host": NAME,
        "ansible_incus_project": project,
        "ansible_python_interpreter": "/usr/bin/python3",
    }
