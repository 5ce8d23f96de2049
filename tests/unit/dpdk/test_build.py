# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""dpdk_build_plan: what is built, how, and what is refused before anything is compiled."""

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.module import checked
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import Task
from ansible_collections.nfvlab.fleet.plugins.module_utils._dpdk import build

TOOLS = {"compiler": "12.2.0", "pkg-config": "1.8.1", "meson": "1.0.1", "ninja": "1.11.1", "make": "GNU Make 4.3"}
NOW = ("platform", "cpu_instruction_set", "enable_drivers", "disable_drivers", "enable_apps", "disable_libs", "tests")
THEN = ("machine", "disable_drivers", "tests", "enable_docs")


class Sources:
    """Folders as releases of DPDK have them."""

    def __init__(self, root, release, *, options=NOW, meson=">= 0.53.2", make=False):
        self.root = root
        self.put("VERSION", f"{release}\n")
        self.put("meson_options.txt", "".join(f"option('{name}', type: 'string', value: '',\n)\n" for name in options))
        if meson:
            self.put("meson.build", f"project('DPDK', 'C',\n        meson_version: '{meson}'\n)")
        if make:
            self.put("mk/rte.sdkroot.mk", "")
            self.put("Makefile", "")
            self.put("config/common_base", "CONFIG_RTE_LIBRTE_PMD_PCAP=n\n# CONFIG_RTE_NO=y\n")
            self.put("config/common_linux", "CONFIG_RTE_KNI_KMOD=y\n")
        for name in ("drivers/net/vhost", "drivers/net/virtio", "drivers/bus/vdev", "drivers/net/intel/ice"):
            self.put(f"{name}/meson.build", "")
        for name in ("app/test-pmd", "app/proc-info", "lib/kni"):
            self.put(f"{name}/meson.build", "")

    def put(self, name, text):
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


@pytest.fixture
def tools(monkeypatch):
    found = dict(TOOLS)
    monkeypatch.setattr(build, "found_tools", lambda compiler, system: found)
    return found


def plan(root, **params):
    given = {"source": str(root / "src"), "build_folder": "/b", "prefix": str(root / "prefix"), "jobs": 2, **params}
    params = {**{name: spec.get("default") for name, spec in build.OPTIONS.items()}, **checked(given, build.OPTIONS)}
    found = build.work(Task(params, given))
    assert found["changed"] is False
    return found["build"]


def test_meson(tmp_path, tools):
    Sources(tmp_path / "src", "22.11.11")
    found = plan(
        tmp_path,
        platform="generic",
        cpu_instruction_set="corei7",
        enable_drivers=["bus/*", "net/vhost", "net/intel/ice"],
        enable_apps=["test-pmd"],
        disable_libs=["kni"],
        meson_options={"default_library": "shared", "werror": False},
    )
    source, prefix = str(tmp_path / "src"), str(tmp_path / "prefix")
    assert found["configure"] == [
        [
            *("meson", "setup", "/b", source, f"--prefix={prefix}", "--buildtype=release"),
            *("-Dcpu_instruction_set=corei7", "-Ddefault_library=shared", "-Ddisable_libs=kni"),
            *("-Denable_apps=test-pmd", "-Denable_drivers=bus/*,net/vhost,net/intel/ice", "-Dplatform=generic"),
            *("-Dtests=false", "-Dwerror=false"),
        ]
    ]
    assert found["build"] == [["ninja", "-C", "/b", "-j2"], ["ninja", "-C", "/b", "install"]]
    assert found["release"] == "22.11.11" and found["system"] == "meson" and found["notes"] == []


@pytest.mark.parametrize(("platform", "machine"), [("native", "native"), ("generic", "default")])
def test_a_release_that_calls_the_platform_machine(tmp_path, tools, platform, machine):
    Sources(tmp_path / "src", "20.11", options=THEN)
    found = plan(tmp_path, platform=platform)
    assert found["configure"][0][-3:] == ["-Denable_docs=false", f"-Dmachine={machine}", "-Dtests=false"]
    assert found["notes"] == [f"platform is machine={machine} in 20.11"]
    with pytest.raises(errors.InvalidOption, match="one of platform"):
        plan(tmp_path, platform="native", cpu_instruction_set="corei7")
    with pytest.raises(errors.Unsupported, match="no option 'enable_drivers'.*disable_drivers"):
        plan(tmp_path, enable_drivers=["net/vhost"])


def test_the_classic_build(tmp_path, tools):
    Sources(tmp_path / "src", "19.08.0", options=THEN, make=True)
    tools["compiler"] = "9.4.0"
    found = plan(
        tmp_path, compiler="gcc-9", make_config={"CONFIG_RTE_KNI_KMOD": False, "CONFIG_RTE_LIBRTE_PMD_PCAP": "y"}
    )
    made = ["make", "-C", str(tmp_path / "src"), "O=/b", "CC=gcc-9"]
    assert found["configure"] == [[*made, "config", "T=x86_64-native-linuxapp-gcc"]]
    assert found["config"] == {"CONFIG_RTE_KNI_KMOD": "n", "CONFIG_RTE_LIBRTE_PMD_PCAP": "y"}
    install = [*made, "install", f"prefix={tmp_path}/prefix", f"kerneldir={tmp_path}/prefix/kmod"]
    assert found["build"] == [[*made, "-j2"], install]
    with pytest.raises(errors.UnknownKey, match="CONFIG_RTE_NO.*they have CONFIG_RTE_KNI_KMOD"):
        plan(tmp_path, make_config={"CONFIG_RTE_NO": "y"})
    assert plan(tmp_path, system="meson")["system"] == "meson"
    with pytest.raises(errors.Unsupported, match="classic build has no 'enable_drivers'"):
        plan(tmp_path, enable_drivers=["net/vhost"])


def test_a_compiler_that_is_too_new_for_the_release(tmp_path, tools):
    Sources(tmp_path / "src", "19.08.0", options=THEN, make=True)
    with pytest.raises(errors.Unsupported, match=r"too old for gcc 12\.2\.0.*-fcommon"):
        plan(tmp_path)
    assert "EXTRA_CFLAGS=-O2 -fcommon" in plan(tmp_path, extra_cflags="-O2 -fcommon")["build"][0]


@pytest.mark.parametrize(
    ("params", "kind", "says"),
    [
        ({"enable_drivers": ["net/vhots"]}, errors.UnknownKey, "no driver 'net/vhots'; they have net/vhost"),
        ({"disable_drivers": ["gpu/*"]}, errors.UnknownKey, "no driver 'gpu/*'"),
        ({"enable_apps": ["testpmd"]}, errors.UnknownKey, "no app 'testpmd'; they have test-pmd"),
        ({"disable_libs": ["librte_kni"]}, errors.UnknownKey, "no lib 'librte_kni'"),
        ({"enable_libs": ["kni"]}, errors.Unsupported, "22.11 has no option 'enable_libs'"),
        ({"meson_options": {"flexran": "x"}}, errors.Unsupported, "no option 'flexran'"),
        ({"system": "make"}, errors.Unsupported, "no classic build"),
        ({"release": "21.11"}, errors.Conflict, "sources are 22.11"),
    ],
)
def test_what_the_sources_do_not_have(tmp_path, tools, params, kind, says):
    Sources(tmp_path / "src", "22.11")
    with pytest.raises(kind) as caught:
        plan(tmp_path, **params)
    assert says in str(caught.value)


def test_tools_that_are_missing_or_too_old(tmp_path, tools):
    Sources(tmp_path / "src", "24.11", meson=">= 0.57")
    tools["meson"] = "0.56.2"
    with pytest.raises(errors.Unsupported, match=r"needs meson 0\.57, and the host has 0\.56\.2"):
        plan(tmp_path)
    del tools["ninja"], tools["compiler"]
    with pytest.raises(errors.MissingReference, match="no compiler, ninja"):
        plan(tmp_path)


def test_no_sources(tmp_path, tools):
    os.mkdir(tmp_path / "src")
    with pytest.raises(errors.NotFound, match="no sources"):
        plan(tmp_path)
    (tmp_path / "src/meson.build").write_text("project('x')", encoding="utf-8")
    with pytest.raises(errors.NotFound, match="which release"):
        plan(tmp_path)


def test_it_is_built_once_and_again_where_something_is_else(tmp_path, tools):
    sources = Sources(tmp_path / "src", "22.11")
    first = plan(tmp_path)
    assert first["needed"]
    os.mkdir(tmp_path / "prefix")
    with open(first["marker"], "w", encoding="utf-8") as stream:
        json.dump(first, stream)
    assert not plan(tmp_path)["needed"] and not plan(tmp_path, jobs=7)["needed"]
    assert plan(tmp_path, platform="native")["needed"]
    assert plan(tmp_path, source_digest="other")["needed"]
    sources.put("lib/kni/kni.c", "int x;")
    assert plan(tmp_path)["needed"]
    os.unlink(first["marker"])
    sources.put("../prefix/theirs", "")
    with pytest.raises(errors.Conflict, match="not ours"):
        plan(tmp_path)


# Pktgen


@pytest.fixture
def pktgen(tmp_path, tools, monkeypatch):
    root = tmp_path / "src"
    root.mkdir()
    (root / "meson.build").write_text("project('pktgen', 'C', meson_version: '>= 0.47.1')", encoding="utf-8")
    has = {"--modversion": "22.11.11\n", "--cflags-only-I": "-I/usr/include/dpdk \n"}
    seen = []

    def run(words):
        seen.append(words)
        if has[words[-2]] is None:
            raise errors.OperationFailed("'pkg-config' ended with 1")
        return has[words[-2]]

    monkeypatch.setattr(build, "run_command", run)
    monkeypatch.setattr(build.shutil, "which", lambda name: name)
    return {"root": root, "has": has, "seen": seen}


def test_pktgen_against_the_distributions_dpdk(tmp_path, pktgen):
    found = plan(tmp_path, application="pktgen", release="23.03.0", lua=True)
    assert found["dpdk_release"] == "22.11.11"
    assert found["configure"][0][5:] == ["-Denable_lua=true", "-Dc_args=-I/usr/include/dpdk -include rte_config.h"]
    assert plan(tmp_path, application="pktgen", release="23.03.0")["configure"][0][5:] == []


def test_pktgen_that_does_not_go_with_its_dpdk(tmp_path, pktgen):
    with pytest.raises(errors.Unsupported, match=r"24\.10\.3 does not go with DPDK 22\.11\.11; take Pktgen 23\.03\.0"):
        plan(tmp_path, application="pktgen", release="24.10.3")
    pktgen["has"]["--modversion"] = None
    with pytest.raises(errors.MissingReference, match="finds no DPDK"):
        plan(tmp_path, application="pktgen", release="23.03.0")


def test_pktgen_against_a_dpdk_of_our_own(tmp_path, pktgen):
    folder = tmp_path / "dpdk/lib/x86_64-linux-gnu/pkgconfig"
    folder.mkdir(parents=True)
    with pytest.raises(errors.MissingReference, match="built with meson"):
        plan(tmp_path, application="pktgen", release="23.03.0", dpdk=str(tmp_path / "dpdk"))
    (folder / "libdpdk.pc").touch()
    found = plan(tmp_path, application="pktgen", release="23.03.0", dpdk=str(tmp_path / "dpdk"))
    assert found["environment"]["PKG_CONFIG_PATH"] == str(folder)
    assert f"PKG_CONFIG_PATH={folder}" in pktgen["seen"][0]
    assert found["configure"][0][5:] == [f"-Dc_link_args=-Wl,--disable-new-dtags -Wl,-rpath,{folder.parent}"]


def test_pktgen_with_make(tmp_path, pktgen):
    (pktgen["root"] / "Makefile").write_text("include $(RTE_SDK)/mk/rte.vars.mk\n", encoding="utf-8")
    old = {"application": "pktgen", "release": "3.7.2", "extra_cflags": "-fcommon"}
    with pytest.raises(errors.MissingReference, match="classic build"):
        plan(tmp_path, **old)
    dpdk = tmp_path / "dpdk"
    dpdk.mkdir()
    for release, fits in (("19.08.0", True), ("22.11", False)):
        (dpdk / build.MARKER).write_text(json.dumps({"release": release}), encoding="utf-8")
        if not fits:
            with pytest.raises(errors.Unsupported, match=r"3\.7\.2 does not go with DPDK 22\.11"):
                plan(tmp_path, **old, dpdk=str(dpdk))
            continue
        found = plan(tmp_path, **old, dpdk=str(dpdk))
        target = "x86_64-native-linuxapp-gcc"
        made = ["make", "-C", "/b", f"RTE_SDK={dpdk}/share/dpdk", f"RTE_TARGET={target}", "CC=gcc"]
        install = ["install", "-D", "--mode=0755", f"/b/app/{target}/pktgen", f"{tmp_path}/prefix/bin/pktgen"]
        assert found["configure"] == [["cp", "-a", f"{tmp_path}/src/.", "/b"]]
        assert found["build"] == [[*made, "EXTRA_CFLAGS=-fcommon", "-j2"], install]
