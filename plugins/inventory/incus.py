# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = """
name: incus
short_description: Instances of Incus and LXD as hosts
version_added: 0.1.0
description:
  - Lists the instances of one or several daemons through their API, with one request for each project, and sets the
    connection P(nfvlab.fleet.incus#connection) for them, so that they need neither a network nor an SSH server.
  - The file's name ends with C(incus.yml), C(incus.yaml), C(lxd.yml) or C(lxd.yaml).
  - Each host has the variables C(incus_name), C(incus_project), C(incus_daemon), C(incus_status), C(incus_type),
    C(incus_location) (the cluster member), C(incus_architecture), C(incus_description), C(incus_profiles),
    C(incus_fleet) (the fleet of M(nfvlab.fleet.incus_fleet) that it belongs to), C(incus_image), C(incus_config) (with
    what comes from profiles), C(incus_ipv4) and C(incus_ipv6).
  - Keys whose name says that they hold a secret, and cloud-init user data, are stars.
author:
  - The nfvlab.fleet developers (@nfvlab)
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [nfvlab.fleet.incus]
  daemons:
    description:
      - The daemons to ask, all at once. Without any, the one that the modules find on the controller.
      - Paths are relative to the inventory's file.
      - One that cannot be read is a warning, with O(strict) a failure.
    type: list
    elements: dict
    default: [{}]
    suboptions:
      name:
        description: What it is called in C(incus_daemon). Its O(daemons[].remote), address or socket if not given.
        type: str
      remote:
        description: A remote of the command line client on the controller, with its certificates and project.
        type: str
      conf:
        description: The folder of the client's configuration in which O(daemons[].remote) is looked up, where it is not
          the usual one.
        type: path
      socket:
        description: Path of its unix socket on the controller.
        type: path
      url:
        description:
          - Its address, V(https://HOST:8443) or V(unix:/path/to/unix.socket).
          - An https address needs TLS 1.3 and one of O(daemons[].server_cert) and O(daemons[].server_fingerprint).
        type: str
      client_cert:
        description: Path of the client certificate (PEM).
        type: path
      client_key:
        description: Path of the client certificate's key (PEM, not encrypted).
        type: path
      bearer_token:
        description:
          - A signed JSON Web Token instead of a client certificate, for an https O(daemons[].url), where none can pass.
          - It becomes no variable of the hosts. For their connections, set E(INCUS_BEARER_TOKEN) or
            C(ansible_incus_bearer_token).
        type: str
      server_cert:
        description: Path of the server's certificate (PEM). The server must present exactly this one.
        type: path
      server_fingerprint:
        description: SHA-256 fingerprint of the server's certificate.
        type: str
      projects:
        description: Projects whose instances are listed. That of the remote, else V(default), if not given.
        type: list
        elements: str
      all_projects:
        description: List the instances of all projects, in one request.
        type: bool
        default: false
      filter:
        description:
          - Which instances, in the daemon's own language, which looks at their own keys. An example is
            V(status eq Running and config.user.site eq north).
        type: str
  hostname:
    description:
      - Expression for the name of a host, of the variables above. The name of the instance, if not given.
      - Two hosts of one name are a failure.
    type: str
  addresses:
    description:
      - V(leases) are what the daemon's own bridges have given out, one request for each bridge.
      - V(state) is what the instances themselves say, also on other networks, for which the daemon looks into each.
    type: str
    choices: [leases, state]
    default: leases
  connect:
    description:
      - V(api) sets the connection plugin of this collection.
      - V(address) sets C(ansible_host) to the first IPv4 or IPv6 address, for SSH.
    type: str
    choices: [api, address]
    default: api
  timeout:
    description: Seconds that a daemon may be silent.
    type: float
    default: 30.0
seealso:
  - plugin: nfvlab.fleet.incus
    plugin_type: connection
  - module: nfvlab.fleet.incus_fleet
"""

EXAMPLES = """
# The daemon of this machine, its project `lab`: the file lab.incus.yml
plugin: nfvlab.fleet.incus
daemons:
  - projects: [lab]
keyed_groups:
  - {key: incus_fleet, separator: ""}
groups:
  ready: incus_status == 'Ready'

---
# Two daemons, all that runs
plugin: nfvlab.fleet.incus
daemons:
  - name: here
    all_projects: true
    filter: status eq Running
  - remote: edge-site
hostname: incus_daemon ~ '-' ~ incus_name
keyed_groups:
  - {key: incus_daemon, prefix: at}
  - {key: incus_profiles, prefix: profile}
compose:
  app_port: incus_config['user.app.port'] | default(80) | int
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: /tmp/inventory
"""

import os
import typing as t

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.display import Display
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import FleetError
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.listing import Variables, daemon, read_all

ENDINGS = ("incus.yml", "incus.yaml", "lxd.yml", "lxd.yaml")

display = Display()


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Instances as hosts."""

    NAME = "nfvlab.fleet.incus"

    def verify_file(self, path: str) -> bool:
        """Whether a file is meant for this plugin, as its name says."""
        return bool(super().verify_file(path)) and path.endswith(ENDINGS)

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        """Read the instances, or what is remembered of them, and make hosts of them."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        self.load_cache_plugin()
        key, remembers = self.get_cache_key(path), self.get_option("cache")
        rows = self._cache.get(key) if remembers and cache else None
        if rows is None:
            rows, whole = self._read(os.path.dirname(os.path.abspath(path)))
            if remembers and whole:
                self._cache[key] = rows
        for row in rows:
            self._add(row)

    def _read(self, folder: str) -> tuple[list[Variables], bool]:
        """The variables of all hosts, and whether every daemon has answered.

        :param folder: where the inventory's file is
        """
        try:
            daemons = [daemon(given, os.environ, folder) for given in self.get_option("daemons")]
        except FleetError as error:
            raise AnsibleParserError(str(error)) from None
        timeout, addresses = self.get_option("timeout"), self.get_option("addresses")
        rows, failed = read_all(daemons, timeout=timeout, addresses=addresses, environ=os.environ)
        for asked, error in failed:
            if self.get_option("strict"):
                raise AnsibleParserError(f"the daemon '{asked.name}': {error}")
            display.warning(f"The daemon '{asked.name}' is left out: {error}")
        return rows, not failed

    def _add(self, row: Variables) -> None:
        """Make a host of an instance, with its variables and groups."""
        name = self._named(row)
        if name in self.inventory.hosts and "incus_name" in self.inventory.get_host(name).get_vars():
            raise AnsibleParserError(
                f"two instances make a host '{name}': write 'hostname: incus_daemon ~ \"-\" ~ incus_name', or similar"
            )
        self.inventory.add_host(name)
        if self.get_option("connect") == "address":
            row = {key: value for key, value in row.items() if not key.startswith("ansible_")}
            found = row["incus_ipv4"] + row["incus_ipv6"]
            row.update({"ansible_host": found[0]} if found else {})
        for key, value in row.items():
            self.inventory.set_variable(name, key, value)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), row, name, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), row, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), row, name, strict=strict)

    def _named(self, row: Variables) -> str:
        """The name of a host."""
        expression = self.get_option("hostname")
        try:
            return str(self._compose(expression, row) if expression else row["incus_name"])
        except Exception as error:  # whatever a template raises
            raise AnsibleParserError(f"'hostname' cannot be evaluated: {error}") from None
