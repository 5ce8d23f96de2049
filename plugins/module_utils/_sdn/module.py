# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""What the modules of the fabric have in common."""

from __future__ import annotations

import typing as t

from .._core.fields import Spec
from .._core.module import FleetModule
from .fabric import Fabric
from .machine import Machine
from .openvswitch import Host, OpenVSwitch


def converge_fabric() -> t.NoReturn:
    """The main function of C(sdn_fabric)."""
    fabric = Fabric()
    module = FleetModule(fabric.spec())
    machine = Machine(module.params["db"], module.params["timeout"])
    module.run(lambda: module.converge(fabric, machine))


def run(options: Spec, work: t.Callable[[FleetModule], dict[str, t.Any]]) -> t.NoReturn:
    """The main function of a module that is not a resource."""
    module = FleetModule(options)
    module.run(lambda: work(module))


def converge_daemons() -> t.NoReturn:
    """The main function of C(sdn_openvswitch)."""
    daemons = OpenVSwitch()
    module = FleetModule(daemons.spec())
    module.run(lambda: module.converge(daemons, Host(module.params["rundir"], module.params["timeout"])))
