# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`Client.get` against C(http.client) with C(json.loads), both asking for the same object on one kept connection.

What ours has in addition: the judged envelope, the remembered ETag, the errors that name the request. No budget: the
row shows what these cost beside the daemon's own time.
"""

from __future__ import annotations

import json

from daemon import RawConnection, connect
from harness import Row, alternate, benchmark, compare, timed

PATH = "/1.0/profiles/default"
BLOCKS, BLOCK = 40, 25


@benchmark
def client_get() -> Row:
    client, socket_path = connect()
    raw = RawConnection(socket_path)
    try:
        times = alternate(
            {
                "ours": timed(lambda: client.get(PATH), BLOCK),
                "floor": timed(lambda: json.loads(raw.get(PATH))["metadata"], BLOCK),
            },
            rounds=BLOCKS,
        )
    finally:
        client.transport.close()
        raw.close()
    return compare("client_get", times, unit="us", note=f"GET {PATH}, content decoded")
