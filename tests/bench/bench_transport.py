# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our transport against C(http.client) itself, both asking for the same object on one kept connection.

The floor is a connection class of five lines without timeouts, errors that say something, or care for a peer that has
hung up. 1000 requests of each kind in blocks that take turns, so that both see the same daemon.

Budget: 1.2, the price of those three.
"""

from __future__ import annotations

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Transport, UnixEndpoint
from daemon import RawConnection, connect
from harness import AtMost, Row, alternate, benchmark, compare, timed

TARGET = "/1.0/profiles/default"
BLOCKS, BLOCK = 40, 25


@benchmark
def transport() -> Row:
    _client, socket_path = connect()
    ours, raw = Transport(UnixEndpoint(socket_path)), RawConnection(socket_path)
    try:
        times = alternate(
            {
                "ours": timed(lambda: ours.request("GET", TARGET), BLOCK),
                "floor": timed(lambda: raw.get(TARGET), BLOCK),
            },
            rounds=BLOCKS,
        )
    finally:
        ours.close()
        raw.close()
    return compare("transport", times, unit="us", budget=AtMost(1.2), note=f"GET {TARGET}, kept connection")
