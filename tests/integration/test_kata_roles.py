# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role that builds or installs an agent, on this host without systemd: with the test agent (a SIMULATOR) as the
binary, and with a source tree that has the shape of upstream's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.conftest import playbook, run_module
from tests.integration.kata import OWN_NAMESPACES, ROOT, can_unshare, play_of

MAKEFILE = """VERSION := $(shell grep -v '^\\#' VERSION)
src/version.rs: src/version.rs.in
\t@sed -e 's|@AGENT_VERSION@|$(VERSION)|g' -e 's|@BINDIR@|$(BINDIR)|g' $< > $@
install:
\t@false
"""
MAIN = """mod version;
fn main() {
    println!("kata-agent version {} (api version: 0.0.1)", version::AGENT_VERSION);
}
"""


@pytest.fixture
def role(tmp_path):
    """Runs the role with everything that it writes below a folder of ours, and ends what it has started."""
    folder = Path(f"/run/nfvt-kata-{os.getpid()}")
    variables = {
        "ansible_python_interpreter": sys.executable,
        "kata_agent_path": str(tmp_path / "installed/kata-agent"),
        "kata_agent_configuration": str(tmp_path / "kata-agent.toml"),
        "kata_agent_directory": str(folder),
        "kata_agent_build_directory": str(tmp_path / "build"),
    }
    (tmp_path / "installed").mkdir()

    def run(*arguments, check=True, **more):
        return playbook(*play_of(tmp_path, "kata_agent", {**variables, **more}), *arguments, check=check)

    if Path("/run/systemd/system").exists():
        pytest.skip("systemd runs here, and its units have no place of the test's own; the site's test shows that way")
    yield run
    if (tmp_path / "kata-agent.toml").exists():
        run(kata_agent_state="absent")
    assert not folder.exists() and not (tmp_path / "installed/kata-agent").exists()


def pretended(tmp_path):
    """A binary that is the test agent in namespaces of its own."""
    guest, binary = tmp_path / "guest", tmp_path / "kata-agent"
    guest.mkdir()
    binary.write_text(
        f"#!/bin/sh\nexport PYTHONPATH={ROOT}:{ROOT}/build/collections\n"
        f'exec {" ".join(OWN_NAMESPACES)} {sys.executable} -m tests.simulators.kata_agent --root {guest} "$@"\n'
    )
    binary.chmod(0o755)
    return str(binary)


@pytest.mark.skipif(not can_unshare(), reason="no user namespaces here: the test agent refuses to start")
def test_a_given_binary_runs_and_answers(role, tmp_path):
    options = {"kata_agent_binary": pretended(tmp_path), "kata_agent_options": {"log_level": "debug"}}
    address = f"unix:///run/nfvt-kata-{os.getpid()}/agent.sock"
    checked = role("--check", **options)
    assert "failed=0" in checked.stdout and not (tmp_path / "installed/kata-agent").exists()
    role(**options)
    seen = run_module("kata_agent_info", {"address": address, "gather": ["version"]})
    assert seen["objects"][0]["agent_version"] == "4.0.0"
    assert Path(address.removeprefix("unix://")).parent.stat().st_mode & 0o777 == 0o700
    assert "changed=0" in role(**options).stdout
    # Other options are in force afterwards, and a sandbox that was there is gone with the agent.
    assert run_module("kata_sandbox", {"address": address})["changed"]
    role(**{**options, "kata_agent_options": {"log_level": "info"}})
    seen = run_module("kata_agent_info", {"address": address, "gather": ["health"]})
    assert seen["objects"][0]["status"] == "SERVING"


def source_tree(folder):
    """A source tree of the shape that upstream's has, whose agent says its version and no more."""
    crate = folder / "src/agent"
    (crate / "src").mkdir(parents=True)
    (crate / "VERSION").write_text("# the version\n4.0.0\n")
    (crate / "Makefile").write_text(MAKEFILE)
    (crate / "src/version.rs.in").write_text('pub const AGENT_VERSION: &str = "@AGENT_VERSION@";\n')
    (crate / "src/main.rs").write_text(MAIN)
    (crate / "Cargo.toml").write_text('[package]\nname = "kata-agent"\nversion = "0.1.0"\nedition = "2021"\n')
    (crate / "Cargo.lock").write_text('version = 3\n\n[[package]]\nname = "kata-agent"\nversion = "0.1.0"\n')
    return str(folder)


@pytest.mark.skipif(not shutil.which("cargo"), reason="no cargo here to build with")
def test_an_agent_is_built_from_sources_once(role, tmp_path):
    options = {"kata_agent_source": source_tree(tmp_path / "kata"), "kata_agent_started": False}
    role(**options)
    said = subprocess.run([tmp_path / "installed/kata-agent", "--version"], capture_output=True, text=True, check=True)
    assert said.stdout == "kata-agent version 4.0.0 (api version: 0.0.1)\n"
    assert "changed=0" in role(**options).stdout


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"kata_agent_binary": "/a", "kata_agent_source": "/b"}, "Give kata_agent_binary"),
        ({"kata_agent_binary": "/bin/true"}, "--version"),
        ({"kata_agent_source": "/b", "kata_agent_cargo": "no-such-cargo"}, "cargo-web"),
    ],
)
def test_what_cannot_be_is_said_before_anything_changes(role, tmp_path, options, says):
    ended = role(check=False, **options)
    assert ended.returncode and says in ended.stdout
    assert not (tmp_path / "kata-agent.toml").exists()


@pytest.mark.skipif(not can_unshare(), reason="no user namespaces here: the test agent refuses to start")
def test_the_test_agent_is_brought_where_it_can_do_no_harm(tmp_path):
    """As in an instance: in a user namespace that is not the host's, twice, and not on the host itself."""
    folder = Path(f"/run/nfvt-testbed-{os.getpid()}")
    variables = {
        "ansible_python_interpreter": sys.executable,
        "kata_testbed_directory": str(tmp_path / "testbed"),
        "kata_agent_path": str(tmp_path / "kata-agent"),
        "kata_agent_configuration": str(tmp_path / "kata-agent.toml"),
        "kata_agent_directory": str(folder),
    }
    play = play_of(tmp_path, "kata_testbed", variables)
    refused = playbook(*play, check=False)
    assert refused.returncode and "is no unprivileged instance" in refused.stdout
    run = f"{Path(sys.executable).with_name('ansible-playbook')} {' '.join(play)}"
    twice_and_away = f"mount -t tmpfs tmpfs /run; {run}; {run}; {run} -e kata_testbed_state=absent"
    command = [*OWN_NAMESPACES, "sh", "-ec", twice_and_away]
    variables = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build/collections"), "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    changed = [int(line.split("changed=")[1].split()[0]) for line in done.stdout.splitlines() if "changed=" in line]
    assert changed[0] > 5 and changed[1] == 0 and changed[2] > 1
    assert not (tmp_path / "testbed").exists() and not folder.exists()
