# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Trials: send through a forwarder, and account for every packet.

A trial ends with a drain: the generator sends no more and goes on receiving until no counter moves. Then, for each
link, what one side has sent is what the other has received, exactly; what the forwarder received and did not send, it
dropped. Anything else is unexplained, and the trial failed. All counters come from telemetry.

Frame sizes count the frame check sequence. testpmd is told four bytes less where it sends first and forwards then, and
the size itself for C(flowgen); so is Pktgen. The byte counters have to agree.
"""

from __future__ import annotations

import json
import os
import time
import typing as t

from .._core import files
from .._core.errors import FleetError, InvalidOption, NotKept, OperationFailed, Unreachable, Unsupported
from .._core.fields import Spec
from .._core.resource import Task
from .apps import CRC
from .control import Control, settled
from .eal import lcore_map, oversubscribed
from .host import Host
from .process import STATES
from .running import program
from .telemetry import Telemetry, path_of

OPTIONS: Spec = {
    "generator": {"type": "str", "required": True},
    "generator_kind": {"type": "str", "choices": ["testpmd", "pktgen"], "default": "testpmd"},
    "generator_telemetry": {"type": "path"},
    "forwarder_telemetry": {"type": "path", "required": True},
    "trials": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "size": {"type": "int", "default": 64},
            "mode": {"type": "str", "choices": ["max", "closed_loop", "rate", "count", "search"], "default": "max"},
            "duration": {"type": "float", "default": 1.0},
            "bursts": {"type": "int", "default": 1},
            "rate": {"type": "float"},
            "count": {"type": "int"},
            "loss_goal": {"type": "float", "default": 0.0},
            "resolution": {"type": "float", "default": 0.5},
            "max_loss": {"type": "float"},
        },
    },
    "report": {"type": "path"},
}
MIN_FRAME, MAX_FRAME = 64, 1518
LIMIT = 60.0  # seconds that a count may take


class Counters(t.NamedTuple):
    """The counters of both sides at one moment, each by port."""

    generator: dict[int, dict[str, int]]
    forwarder: dict[int, dict[str, int]]

    def since(self, before: Counters) -> Counters:
        """What was counted since then."""
        return Counters(_less(self.generator, before.generator), _less(self.forwarder, before.forwarder))


def _less(now: dict[int, dict[str, int]], before: dict[int, dict[str, int]]) -> dict[int, dict[str, int]]:
    return {port: {key: value - before[port].get(key, 0) for key, value in row.items()} for port, row in now.items()}


def account(counted: Counters) -> dict[str, t.Any]:
    """Where the packets of a trial went.

    Port N of the generator is linked to port N of the forwarder. C(unexplained) lists, for each link and direction that
    does not agree, how many one side has sent and the other received.
    """
    unexplained = []
    for port, row in counted.generator.items():
        other = counted.forwarder[port]
        for direction, sent, received in (
            ("generator to forwarder", row["opackets"], other["ipackets"]),
            ("forwarder to generator", other["opackets"], row["ipackets"]),
        ):
            if sent != received:
                unexplained.append({"port": port, "direction": direction, "sent": sent, "received": received})
    sent = sum(row["opackets"] for row in counted.generator.values())
    received = sum(row["ipackets"] for row in counted.generator.values())
    into = sum(row["ipackets"] for row in counted.forwarder.values())
    out = sum(row["opackets"] for row in counted.forwarder.values())
    if out > into:
        unexplained.append({"port": None, "direction": "through the forwarder", "sent": into, "received": out})
    return {
        "sent": sent,
        "forwarded": received,
        "lost": sent - received,
        "dropped_by_forwarder": max(0, into - out),
        "loss": round((sent - received) / sent, 9) if sent else 0.0,
        "bytes": sum(row["obytes"] for row in counted.generator.values()),
        "unexplained": unexplained,
    }


def search(probe: t.Callable[[float], float], goal: float, resolution: float, top: float = 100.0) -> tuple[float, int]:
    """The highest rate whose loss keeps to the goal, by bisection.

    :param probe: from a rate in percent to its loss, 0 to 1
    :param goal: the loss that is allowed: 0 for the no-drop rate
    :param resolution: percent that the result may be below the truth
    :returns: the rate and how many probes it took; 0 where even the lowest loses too much
    """
    if probe(top) <= goal:
        return top, 1
    low, high, probes = 0.0, top, 1
    while high - low > resolution:
        middle = (low + high) / 2
        probes += 1
        if probe(middle) <= goal:
            low = middle
        else:
            high = middle
    return low, probes


def check(trial: t.Mapping[str, t.Any], kind: str) -> None:
    """Raise what a trial cannot be, or what its generator cannot do.

    :raises Unsupported: with the reason
    """
    mode, size = trial["mode"], trial["size"]
    if not MIN_FRAME <= size <= MAX_FRAME:
        raise InvalidOption(f"a frame of {size} bytes", next_step=f"give {MIN_FRAME} to {MAX_FRAME}, with the FCS")
    if kind == "testpmd" and mode in ("rate", "count", "search"):
        raise Unsupported(
            f"testpmd cannot do '{mode}': it sends as fast as it can",
            next_step="use 'max' or 'closed_loop', or Pktgen as the generator",
        )
    if kind == "pktgen" and mode == "closed_loop":
        raise Unsupported(
            "Pktgen cannot do 'closed_loop': it does not send again what it receives",
            next_step="use testpmd as the generator",
        )
    if mode in ("rate", "count") and trial.get(mode) is None:
        raise InvalidOption(f"a trial of mode '{mode}' needs '{mode}'")
    if trial.get("rate") is not None and not 0 < trial["rate"] <= 100:
        raise InvalidOption(f"the rate is {trial['rate']}", next_step="give percent of the link, above 0 and up to 100")
    if trial.get("count") is not None and trial["count"] < 1:
        raise InvalidOption(f"the count is {trial['count']}", next_step="give 1 or more")
    if trial["bursts"] < 1 or trial["duration"] <= 0:
        raise InvalidOption("a trial of no packets", next_step="give 'bursts' of 1 or more and a 'duration' above 0")


class Generator:
    """What a trial asks of a generator."""

    def __init__(self, control: Control) -> None:
        self.control = control

    def begin(self, trial: t.Mapping[str, t.Any]) -> None:
        """Start to send."""
        raise NotImplementedError

    def drain(self) -> None:
        """Send no more, and go on receiving."""
        raise NotImplementedError

    def end(self) -> None:
        """Do nothing any more."""
        raise NotImplementedError


class Testpmd(Generator):
    """testpmd: C(flowgen) sends unpaced and receives; C(io) sends again what comes back, a known number of packets."""

    def begin(self, trial: t.Mapping[str, t.Any]) -> None:
        if trial["mode"] == "closed_loop":
            first = f"start tx_first {trial['bursts']}"
            self.control.send(f"set txpkts {trial['size'] - CRC}", "set fwd io", first)
        else:  # this mode takes the FCS off by itself
            self.control.send(f"set txpkts {trial['size']}", "set fwd flowgen", "start")

    def drain(self) -> None:
        self.control.send("stop", "set fwd rxonly", "start")

    def end(self) -> None:
        self.control.send("stop")


class Pktgen(Generator):
    """Pktgen: it always receives."""

    def begin(self, trial: t.Mapping[str, t.Any]) -> None:
        rate, count = trial.get("rate") or 100, trial.get("count") or 0
        self.control.send(
            f"set all size {trial['size']}", f"set all rate {rate:g}", f"set all count {count}", "start all"
        )

    def drain(self) -> None:
        self.control.send("stop all")

    def end(self) -> None:
        self.control.send("stop all")


KINDS: dict[str, type[Generator]] = {"testpmd": Testpmd, "pktgen": Pktgen}


class Bench:
    """A generator and a forwarder that are linked port by port."""

    def __init__(self, generator: Generator, sender: Telemetry, forwarder: Telemetry) -> None:
        self.generator = generator
        self.sender = sender
        self.forwarder = forwarder

    def counters(self) -> Counters:
        """All counters now."""
        return Counters(self.sender.counters(), self.forwarder.counters())

    def check_links(self) -> None:
        """Raise where the two do not fit, or a link is down."""
        if self.sender.ports() != self.forwarder.ports():
            raise InvalidOption(
                f"the generator has the ports {self.sender.ports()} and the forwarder {self.forwarder.ports()}",
                next_step="give both the same devices in the same order",
            )
        for telemetry in (self.forwarder, self.sender):
            for port in telemetry.ports():
                if not telemetry.is_up(port):
                    raise Unreachable(
                        f"the link of port {port} is down",
                        endpoint=telemetry.path,
                        next_step="start the process at its other end; when it was restarted, the generator too",
                    )

    def run(self, trial: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """One trial at one rate, from an empty link to an empty link."""
        self.generator.drain()
        before = settled(self.counters)
        self.generator.end()
        try:
            self.generator.begin(trial)
            speed = self._watch(trial)
        finally:
            self.generator.drain()
        after = settled(self.counters)
        self.generator.end()
        counted = after.since(before)
        result = {
            **{key: trial[key] for key in ("size", "mode", "duration")},
            **account(counted),
            **speed,
            "ports": {"generator": counted.generator, "forwarder": counted.forwarder},
        }
        _check_sizes(result, trial["size"])
        return result

    def _watch(self, trial: t.Mapping[str, t.Any]) -> dict[str, float]:
        """Packets per second that come back while the trial runs, in millions."""
        start, first = time.monotonic(), _received(self.sender.counters())
        if trial["mode"] == "count":
            settled(self.counters, timeout=LIMIT)
        else:
            time.sleep(trial["duration"])
        last, end = _received(self.sender.counters()), time.monotonic()
        return {"mpps": round((last - first) / (end - start) / 1e6, 6)}


def _received(counters: dict[int, dict[str, int]]) -> int:
    return sum(row["ipackets"] for row in counters.values())


def _check_sizes(result: t.Mapping[str, t.Any], size: int) -> None:
    """Raise where the bytes are not those of frames of this size; a driver may count the FCS or not."""
    if not result["sent"]:
        raise OperationFailed("the generator sent nothing", next_step="see its log and its link")
    if result["bytes"] not in (result["sent"] * size, result["sent"] * (size - CRC)):
        raise NotKept(
            f"frames of {size} bytes were asked for, and {result['bytes'] / result['sent'] + CRC:.1f} were sent",
            next_step="the generator did not take the size",
        )


def faults(trial: t.Mapping[str, t.Any], result: t.Mapping[str, t.Any]) -> list[str]:
    """What is wrong with a trial's result, one clause each."""
    found = [
        f"port {row['port']}, {row['direction']}: {row['sent']} sent, {row['received']} received"
        for row in result["unexplained"]
    ]
    if not result["forwarded"]:
        found.append("nothing came back")
    if trial["mode"] == "count":
        expected = trial["count"] * len(result["ports"]["generator"])
        if result["sent"] != expected:
            found.append(f"{expected} were to be sent, and {result['sent']} were")
    limit = trial.get("max_loss")
    if limit is not None and result["loss"] * 100 > limit:
        found.append(f"{result['lost']} lost, which is {result['loss'] * 100:g} %, and at most {limit:g} % may be")
    return found


def circumstances(sender: Telemetry, forwarder: Telemetry, host: Host) -> dict[str, t.Any]:
    """What one has to know to repeat a run."""
    sides = {}
    for name, telemetry in (("generator", sender), ("forwarder", forwarder)):
        eal_words, words = telemetry.arguments()
        sides[name] = {
            "version": telemetry.version,
            "eal": eal_words,
            "arguments": words,
            "lcores": _named(_lcores(eal_words)),
            **program(host, telemetry.peer()),
        }
    maps = [lcores for side in sides.values() for lcores in _lcores(side["eal"])]
    facts = host.facts()
    return {**sides, "host": facts, "oversubscribed": oversubscribed(*[_workers(one, facts) for one in maps])}


def _named(maps: t.Sequence[dict[int, list[int]]]) -> dict[str, list[int]]:
    """The CPUs of each lcore, by its number as a text, as JSON has it."""
    return {str(lcore): cpus for one in maps for lcore, cpus in one.items()}


def _lcores(words: t.Sequence[str]) -> list[dict[int, list[int]]]:
    return [lcore_map(word.partition("=")[2]) for word in words if word.startswith("--lcores=")]


def _workers(lcores: dict[int, list[int]], facts: t.Mapping[str, t.Any]) -> dict[int, list[int]]:
    """The lcores with their CPUs; one without a place of its own may run on each."""
    everywhere = [row["cpu"] for row in facts["cpus"]]
    return {lcore: cpus or everywhere for lcore, cpus in lcores.items()}


def work(task: Task) -> dict[str, t.Any]:
    """The module dpdk_traffic."""
    params = task.params
    trials = params["trials"]
    for trial in trials:
        check(trial, params["generator_kind"])
    if task.check_mode:
        return {"changed": False, "trials": [], "summary": []}
    folder = os.path.join(STATES, params["generator"])
    control = Control(folder, echoes=params["generator_kind"] == "testpmd")
    socket = params["generator_telemetry"] or path_of(folder, params["generator"])
    with Telemetry(socket) as sender, Telemetry(params["forwarder_telemetry"]) as forwarder:
        bench = Bench(KINDS[params["generator_kind"]](control), sender, forwarder)
        bench.check_links()
        around = circumstances(sender, forwarder, Host())
        rows = [measure(bench, trial, around) for trial in trials]
    wrong = [f"trial {number}: {fault}" for number, row in enumerate(rows, 1) for fault in row["faults"]]
    result = {
        "changed": False,
        "trials": rows,
        "circumstances": around,
        "summary": [_row(row, around["oversubscribed"]) for row in rows],
    }
    if params["report"]:
        _keep(params["report"], {"trials": rows, **around})
    if wrong:
        error = OperationFailed(
            f"{wrong[0]}" + (f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""),
            obj="traffic",
            next_step="the counters of each port are in 'trials'",
        )
        return {"failed": True, "msg": str(error), "failure": error.failure(), **result}
    return result


def measure(bench: Bench, trial: dict[str, t.Any], around: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """A trial, or the search for the highest rate and one trial at that."""
    if trial["mode"] == "search":
        rate, probes = search(
            lambda percent: float(bench.run({**trial, "rate": percent})["loss"]),
            trial["loss_goal"] / 100,
            trial["resolution"],
        )
        if not rate:
            raise OperationFailed("each rate loses more than the goal", next_step="raise 'loss_goal', or slow down")
        result = {**bench.run({**trial, "rate": rate}), "rate": rate, "probes": probes}
    else:
        result = bench.run(trial)
    mhz = around["host"]["cpu_mhz"]
    cores = sum(len(lcores) - 1 for lcores in _lcores(around["forwarder"]["eal"]))
    # A core that polls is always busy, so what it does for a packet is its frequency over its rate.
    cycles = round(mhz * cores / result["mpps"], 1) if mhz and cores and result["mpps"] else None
    return {**result, "cycles_per_packet": cycles, "faults": faults(trial, result)}


def _row(result: t.Mapping[str, t.Any], shared: bool) -> list[str]:
    """A trial as the summary of a run shows it."""
    status = "unexplained" if result["unexplained"] else "accounted for"
    more = [
        f"{result['sent']} sent",
        f"{result['forwarded']} forwarded",
        f"{result['lost']} lost",
        f"{result['mpps']:.2f} Mpps",
    ]
    if result["cycles_per_packet"]:
        more.append(f"{result['cycles_per_packet']:.0f} cycles/packet")
    if shared:
        more.append("oversubscribed")
    return [f"traffic {result['size']} bytes, {result['mode']}", status, ", ".join(more)]


def _keep(path: str, report: t.Mapping[str, t.Any]) -> None:
    """Write what was measured; a log of the run, not a state of the host."""
    try:
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        files.replace(path, json.dumps(report, indent=1, sort_keys=True) + "\n")
    except OSError as error:
        problem: FleetError = OperationFailed(f"the report cannot be written: {error.strerror}", endpoint=path)
        raise problem from None
