# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of DPDK needs neither its packages nor hugepages: plans of builds, and a real mount of hugetlbfs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from .conftest import playbook, run_module

# What of the role dpdk_image looks at a build.
LOOK = """
- hosts: localhost
  connection: local
  gather_facts: false
  vars: {ansible_python_interpreter: "{{ ansible_playbook_python }}"}
  tasks:
    - ansible.builtin.include_role:
        name: nfvlab.fleet.dpdk_image
        tasks_from: built
    - ansible.builtin.debug:
        var: dpdk_image__libraries.stdout_lines
"""


def plan(source: Path, **options: object):
    return run_module("dpdk_build_plan", {"source": str(source), "build_folder": str(source / "build"), **options})


def test_what_cannot_be_built_is_said_before_anything_is_compiled(tmp_path: Path) -> None:
    assert plan(tmp_path)["failure"]["kind"] == "not_found"
    (tmp_path / "drivers/net/vhost").mkdir(parents=True)
    (tmp_path / "drivers/net/vhost/meson.build").touch()
    (tmp_path / "VERSION").write_text("22.11.11\n", encoding="utf-8")
    (tmp_path / "meson.build").write_text("project('DPDK', 'C', meson_version: '>= 9999')\n", encoding="utf-8")
    wrong = plan(tmp_path, enable_drivers=["net/vhots"])
    assert wrong["failure"]["kind"] == "unknown_key" and "they have net/vhost" in wrong["msg"]
    assert plan(tmp_path, system="make")["failure"]["kind"] == "unsupported"
    # Without tools on the host they are what is missing; with them meson is too old.
    assert plan(tmp_path)["failure"]["kind"] in ("missing_reference", "unsupported")
    assert not (tmp_path / "build").exists()


def test_a_mount_comes_is_refused_while_in_use_and_goes(tmp_path: Path) -> None:
    folder = tmp_path / "nfvt-huge"
    want = {"path": str(folder), "size": "2M", "mode": "0700", "max_size": "4M"}
    try:
        predicted = run_module("dpdk_hugepages", {"mounts": [want]}, check=True)
        assert predicted["changed"] and not folder.exists()
        done = run_module("dpdk_hugepages", {"mounts": [want]})
        assert done["diff"] == predicted["diff"] and folder.is_mount()
        assert {**want, "state": "present", "persistent": False, "uid": 0, "gid": 0} in done["mounts"]
        assert not run_module("dpdk_hugepages", {"mounts": [want]})["changed"]
        with subprocess.Popen(["sleep", "600"], cwd=folder) as holder:
            held = run_module("dpdk_hugepages", {"mounts": [{**want, "state": "absent"}]})
            holder.kill()
        assert held["failure"]["kind"] == "in_use" and f"sleep ({holder.pid})" in held["msg"]
        gone = run_module("dpdk_hugepages", {"mounts": [{**want, "state": "absent"}]})
        assert gone["changed"] and not folder.is_mount()
    finally:
        if folder.is_mount():
            subprocess.run(["umount", folder], check=True)


def test_an_image_gets_the_packages_whose_libraries_a_build_needs(tmp_path: Path) -> None:
    play, prefix = tmp_path / "play.yml", tmp_path / "dpdk"
    play.write_text(LOOK, encoding="utf-8")
    arguments = (str(play), "-i", "localhost,", "-e", f"dpdk_image_prefix={prefix}")
    assert f"There is no {prefix}; build it with the role dpdk_build" in playbook(*arguments, check=False).stdout
    (prefix / "bin").mkdir(parents=True)
    (prefix / "notes").write_text("no program\n", encoding="utf-8")
    shutil.copy("/usr/bin/dpkg-deb", prefix / "bin" / "dpdk-testpmd")
    told = playbook(*arguments).stdout
    assert '"libc6"' in told and '"liblzma5"' in told and '"none' not in told
