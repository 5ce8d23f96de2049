# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""1000 calls of the guest API in one task, against the shell loop with a C(curl) for each that it replaces.

Both read the same 1000 keys of an instance, in a task that runs in it over the connection plugin: ours is
C(incus_guest_config) on one kept connection, the peer C(ansible.builtin.shell). Of the peer's calls the daemon cannot
tell at once who asks and looks at every instance of the host, so they take the longer the more there are, and sometimes
a second attempt; ours come from a process that it knows (C(_guest/adopted.py)). Tasks take turns, and what each takes
is divided by the number of calls, so that starting a task is in it.

Budget: 0.5. A C(curl) costs a process and a connection; a thousand of them must not be nearly as good as one task.
"""

from __future__ import annotations

import typing as t

import guest
from daemon import connect, room
from harness import AtMost, Row, Times, benchmark, compare
from playbook import play

CALLS = 1000
TURNS = 4  # the first is not counted
SHELL = f"""
for number in $(seq {CALLS}); do
    curl -sf --retry 5 --unix-socket /dev/incus/sock http://incus/1.0/config/user.bench.$number || exit 1
done
"""
TASKS: dict[str, dict[str, t.Any]] = {
    "ours": {"nfvlab.fleet.incus_guest_config": {"keys": ["user.bench.*"]}},
    "peer": {"ansible.builtin.shell": SHELL, "changed_when": False},
}


@benchmark
def guest_calls() -> Row:
    client, _socket_path = connect()
    times: Times = {subject: [] for subject in TASKS}
    with room(client) as project:
        inside = guest.start(
            client, project, {f"user.bench.{number}": f"value {number}" for number in range(1, CALLS + 1)}
        )
        tasks = [
            {"name": subject, **TASKS[subject]}
            for turn in range(TURNS)
            for subject in list(TASKS)[:: 1 if turn % 2 else -1]
        ]
        for task in play(tasks, inside)[len(TASKS) :]:
            times[task.name].append(task.seconds / CALLS)
    return compare(
        "guest_calls", times, unit="ms", budget=AtMost(0.5), note=f"per call, {CALLS} in a task; curl for each"
    )
