# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the benchmarks, print a table and write C(build/bench.json).

A row over its budget is printed as such and breaks nothing: a machine may be busy. A benchmark that raises does.
"""

from __future__ import annotations

import argparse
import datetime
import difflib
import importlib
import json
import os
import platform
import signal
import sys
import traceback
import typing as t
from pathlib import Path

import playbook
from harness import BUILD, REGISTERED, Row, Skip

HERE = Path(__file__).resolve().parent
OUTPUT = BUILD / "bench.json"


def load() -> None:
    """Import every benchmark, which registers it. Afterwards C(ansible_collections) can be imported as well."""
    sys.path.insert(0, str(playbook.tree()))
    for file in sorted(HERE.glob("bench_*.py")):
        importlib.import_module(file.stem)


def machine() -> dict[str, t.Any]:
    """What has to be known of a machine to judge its figures."""
    from ansible.release import __version__ as ansible_core
    from daemon import connect

    try:
        client, _socket_path = connect()
        daemon = f"{client.brand} {client.server['environment']['server_version']}"
        client.transport.close()
    except Skip:
        daemon = None
    return {
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "cpus": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 2),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "ansible_core": ansible_core,
        "daemon": daemon,
    }


def run(name: str) -> list[Row]:
    """The rows of one benchmark; a single row that says so where it was skipped or has failed."""
    try:
        rows = REGISTERED[name]()
    except Skip as reason:
        return [Row(name, status="skipped", note=str(reason))]
    except Exception as error:
        traceback.print_exc()
        text = "".join(traceback.format_exception_only(error)).splitlines()[0]
        return [Row(name, status="failed", note=text)]
    return [rows] if isinstance(rows, Row) else list(rows)


HEADINGS = ("benchmark", "ours", "peer", "floor", "unit", "ratio", "(quartiles)", "budget", "", "")


def table(rows: t.Sequence[Row]) -> str:
    """The rows as text."""
    lines = [HEADINGS, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    verdict = {True: "ok", False: "OVER BUDGET", None: ""}[row.ok] if row.status == "measured" else row.status.upper()
    spread = f"({row.spread[0]:.2f}-{row.spread[1]:.2f})" if row.spread else ""
    values = [_number(value) for value in (row.ours, row.peer, row.floor)]
    ratio = "-" if row.ratio is None else f"{row.ratio:.2f}"
    return (row.name, *values, row.unit or "-", ratio, spread, row.rule or "-", verdict, row.note or "")


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the benchmarks of nfvlab.fleet.")
    parser.add_argument("--only", action="append", metavar="NAME", help="run only this benchmark; may be repeated")
    parser.add_argument("--list", action="store_true", help="print the names of the benchmarks")
    options = parser.parse_args()
    # An ended run cleans up like a failed one.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    load()
    if options.list:
        print("\n".join(REGISTERED))
        return 0
    for name in options.only or ():
        if name not in REGISTERED:
            near = difflib.get_close_matches(name, REGISTERED, 1)
            hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(REGISTERED)}"
            parser.error(f"there is no benchmark '{name}'; {hint}")
    header = machine()
    print(", ".join(f"{name} {value}" for name, value in header.items()), flush=True)
    rows: list[Row] = []
    for name in options.only or REGISTERED:
        print(f"... {name}", file=sys.stderr, flush=True)
        rows += run(name)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(
        json.dumps({"header": header, "rows": [row.as_json() for row in rows]}, indent=2) + "\n", encoding="utf-8"
    )
    print(table(rows))
    return 1 if any(row.status == "failed" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
