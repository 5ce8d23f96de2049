# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs every test, those that need no daemon beside the others: both mostly wait.

What runs beside gets what the others leave of the processors, because those take longer. It is shown when they have
ended, and the last line counts both. With arguments for pytest it is one pytest, as one that looks for a single
failure wants it.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ALL = ("tests/unit", "tests/integration")
# They touch nothing of the host but processes and folders of their own.
BESIDE = ("test_ios_*.py", "test_kata_*.py", "test_onos.py")
SCENARIOS = [f"tests/integration/test_molecule.py::test_scenario[{name}]" for name in ("ios", "kata")]
PYTEST = [sys.executable, "-m", "pytest"]
COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped)\b")


def main() -> int:
    """Run the tests; the exit status for the shell."""
    if sys.argv[1:]:
        return subprocess.call([*PYTEST, *ALL, *sys.argv[1:]], cwd=ROOT)
    folder = ROOT / "tests" / "integration"
    beside = [str(path) for pattern in BESIDE for path in sorted(folder.glob(pattern))]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as told:
        patient = ["nice", *PYTEST, "tests/unit", *beside, *SCENARIOS]
        quiet = subprocess.Popen(patient, cwd=ROOT, stdout=told, stderr=told)
        try:
            slowest = ("--durations=30", "--durations-min=10")
            others = [*(f"--ignore={path}" for path in beside), *(f"--deselect={name}" for name in SCENARIOS)]
            rest = [*PYTEST, "tests/integration", *slowest, *others]
            with subprocess.Popen(rest, cwd=ROOT, stdout=subprocess.PIPE, text=True) as loud:
                lines = list(shown(loud.stdout or ()))
            quiet.wait()
        finally:
            quiet.kill()
        told.seek(0)
        last = [closing(lines), closing(list(shown(told)))]
    numbers = {"passed": 0, "failed": 0, "skipped": 0}
    for count, what in (found for line in last for found in COUNT.findall(line)):
        numbers[what if what in numbers else "failed"] += int(count)
    print(", ".join(f"{numbers[what]} {what}" for what in numbers), flush=True)
    return max(loud.returncode, quiet.returncode, key=abs)


def shown(lines: t.Iterable[str]) -> t.Iterator[str]:
    """The lines, each written out when it comes."""
    for line in lines:
        sys.stdout.write(line)
        sys.stdout.flush()
        yield line


def closing(lines: list[str]) -> str:
    """The line with which pytest ends; nothing where it did not get so far."""
    return next((line for line in reversed(lines) if re.match(r"=+ .* in [\d.]+s", line)), "")


if __name__ == "__main__":
    sys.exit(main())
