# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the resource modules of cisco.ios read in configurations and render, into tests/data/ios/resources.json.

C(state=parsed) reads a text, C(state=rendered) makes lines of what it read; neither needs a device. `make
oracles-record` downloads the wheel of the newest C(ansible) package, which brings cisco.ios, and runs

    python tests/oracles/ios_resources.py ansible-*.whl tests/data/ios/resources.json

C(ios_banner) is no resource module: only its lines for a text are recorded. `tests/unit/ios/test_resources.py` holds
the answers against ours.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import pathlib
import runpy
import sys
import tempfile
import types
import zipfile

from ansible.module_utils.testing import patch_module_args

HERE = pathlib.Path(__file__).resolve()
COLLECTIONS = tuple(f"ansible_collections/{name}/" for name in ("cisco/ios", "ansible/netcommon", "ansible/utils"))
MODULES = "ansible_collections.cisco.ios.plugins.modules"


def samples():
    """The configurations, without the package around them, which needs more than this environment has."""
    return runpy.run_path(str(HERE.parents[1] / "unit/ios/resources.py"))["SAMPLES"]


def run(resource, **options):
    """What a module returns: it prints its result and exits, as modules do."""
    printed = io.StringIO()
    module = importlib.import_module(f"{MODULES}.ios_{resource}")
    with patch_module_args(options), contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        module.main()
    return json.loads(printed.getvalue())


def answers(resource, text):
    """What a resource module reads, and renders from it; the message where it fails."""
    found = {}
    for state, key in (("parsed", "running_config"), ("rendered", "config")):
        result = run(resource, state=state, **{key: found.get("parsed", text)})
        if state not in result:
            return {**found, "failed": result["msg"]}
        found[state] = result[state]
    return found


def banner(text):
    """The lines of ios_banner for a text, on a device that has none."""
    _word, kind, rest = text.split(None, 2)
    wanted = {"text": rest.removeprefix("^C\n").removesuffix("^C\n")}
    module = importlib.import_module(f"{MODULES}.ios_banner")
    fake = types.SimpleNamespace(params={"banner": kind, "state": "present", "multiline_delimiter": "@"})
    return {"rendered": module.map_obj_to_commands((wanted, {}), fake)}


def main():
    wheel, record = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder, [name for name in packed.namelist() if name.startswith(COLLECTIONS)])
        sys.path.insert(0, folder)
        found = {
            one.name: banner(one.text) if one.resource == "banner" else answers(one.resource, one.text)
            for one in samples()
        }
    pathlib.Path(record).write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
