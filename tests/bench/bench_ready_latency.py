# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long after a guest has reported itself ready the host's wait for it ends, by the one clock that both have.

The guest reports at a random moment of the host's looks. Budget: 0.5 s at the median over 20 reports.
"""

from __future__ import annotations

import statistics
import threading
import time

import guest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import path
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.inside import Exec
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.waits import Waiting, Watch, parse
from daemon import connect, room
from harness import AtMost, Row, benchmark

REPORTS = 20
# Reports a state after a while, and says when that was done.
SCRIPT = """
import random, socket, sys, time
time.sleep(random.uniform(0.3, 0.7))
body = b'{"state":"%s"}' % sys.argv[1].encode()
with socket.socket(socket.AF_UNIX) as api:
    api.connect("/dev/incus/sock")
    api.sendall(b"PATCH /1.0 HTTP/1.1\\r\\nHost: guest\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
    if b" 200 " not in api.recv(4096):
        sys.exit("refused")
print(time.time())
"""


@benchmark
def ready_latency() -> Row:
    client, _socket_path = connect()
    took: list[float] = []
    with room(client) as project:
        guest.start(client, project, {})

        def report(state: str) -> float:
            words = ("python3", "-c", SCRIPT, state)
            done = Exec(path("1.0", "instances", guest.NAME), {"project": project}, words, must=True).perform(client)
            client.transport.close()
            return float(done.stdout)

        for _number in range(REPORTS):
            report("Started")
            told: list[float] = []
            reporter = threading.Thread(target=lambda told=told: told.append(report("Ready")))
            reporter.start()
            for _one, error in Watch(client, project).wait([Waiting(guest.NAME, "guest", parse(["ready"]), 30)]):
                if error is not None:
                    raise error
            ended = time.time()
            reporter.join()
            took.append(ended - told[0])
    return Row(
        "ready_latency",
        ours=statistics.median(took),
        unit="s",
        budget=AtMost(0.5, of="ours"),
        note=f"from a guest's report to the end of the host's wait, {REPORTS} reports, at most {max(took):.2f} s",
    )
