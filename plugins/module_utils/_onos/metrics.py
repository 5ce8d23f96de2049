# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""The counters of reactive forwarding, which only the controller's shell shows (C(reactive-fwd-metrics)).

They are kept for each host, and only while the property C(recordMetrics) is true. An address that is not among them is
printed as C(null), which says nothing of the host.
"""

from __future__ import annotations

import re
import typing as t

from .._core.errors import FleetError, InvalidOption, NotFound, OperationFailed
from .._core.fields import Spec
from .cli import Shell
from .known import FWD

OPTIONS: Spec = {"mac": {"type": "str"}}
# The names in ReactiveForwardMetrics, and what they count.
COUNTERS = {"inpkt": "received", "replypkt": "replied", "forwardpkt": "forwarded", "droppkt": "dropped"}

_ROW = re.compile(r"^\s*(?P<mac>(?:[0-9A-F]{2}:){5}[0-9A-F]{2})\s+(?:null|ReactiveForwardMetrics\{(?P<values>.*)\})$")
_VALUE = re.compile(r"(\w+)Counter\s*=\s*(\d+)")


def parse(text: str) -> dict[str, dict[str, int] | None]:
    """The counters by address; null where there are none."""
    found: dict[str, dict[str, int] | None] = {}
    for row in filter(None, map(_ROW.match, text.splitlines())):
        values = row["values"]
        found[row["mac"]] = (
            None
            if values is None
            else {COUNTERS[name]: int(n) for name, n in _VALUE.findall(values) if name in COUNTERS}
        )
    return found


def read(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The counters that a task wants, and why there are none."""
    mac = params["mac"].upper() if params["mac"] else None
    if mac and not re.fullmatch(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}", mac):
        raise InvalidOption(f"'mac' is '{params['mac']}'", next_step="give it as 00:00:00:00:00:01")
    shell = Shell(params)
    metrics = {name: values for name, values in parse(_printed(shell)).items() if values is not None}
    reason = "" if metrics else _why(shell)
    if mac and mac not in metrics:
        raise NotFound(
            f"there are no counters of {mac}",
            endpoint=shell.endpoint,
            next_step=reason or f"there are those of {', '.join(sorted(metrics))}",
        )
    return {"changed": False, "metrics": {mac: metrics[mac]} if mac else metrics, "reason": reason}


def _printed(shell: Shell) -> str:
    try:
        return shell.run("reactive-fwd-metrics").out
    except OperationFailed as error:
        if (error.text or "").startswith("Command not found"):
            raise _inactive(shell, error) from None
        raise


def _inactive(shell: Shell, error: FleetError) -> FleetError:
    return NotFound(
        "there are no counters: reactive forwarding does not work now",
        endpoint=shell.endpoint,
        text=error.text,
        next_step="activate org.onosproject.fwd (nfvlab.fleet.onos_app)",
    )


def _why(shell: Shell) -> str:
    """Why nothing is counted."""
    if "recordMetrics=true" in shell.run(f"cfg -s get {FWD} recordMetrics").out:
        return "nothing was forwarded since 'recordMetrics' is true: send something"
    return f"'recordMetrics' of {FWD} is false, which is its default: set it (nfvlab.fleet.onos_component_config)"
