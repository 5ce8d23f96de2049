# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request to the guest API that no module of ours sends, as a module of the tests; what it says or fails with."""

from __future__ import annotations

from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.module import FleetModule
from ansible_collections.nfvlab.fleet.plugins.module_utils._guest.options import CONNECTION, run


def main() -> None:
    options = {"method": {"type": "str"}, "path": {"type": "str"}, "body": {"type": "raw"}}

    def work(guest, task):
        params = task.params
        response = guest.ask(Request(params["method"], params["path"], body=params["body"]))
        return {"changed": False, "status": response.status, "text": response.body.decode()}

    run(FleetModule({**CONNECTION, **options}), work)


if __name__ == "__main__":
    main()
