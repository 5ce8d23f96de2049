# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""How sources of DPDK and Pktgen are built: which tool, which of its options, and what cannot work. Nothing is changed.

What a release knows is read from its sources: meson_options.txt, config/common_base, the folders of drivers.

Source: doc/guides/linux_gsg/build_dpdk.rst of DPDK 19.08, 20.11 and 22.11; INSTALL.md of Pktgen.
"""

from __future__ import annotations

import difflib
import fnmatch
import glob
import hashlib
import json
import os
import re
import shutil
import typing as t

from .._core.errors import Conflict, InvalidOption, MissingReference, NotFound, OperationFailed, UnknownKey, Unsupported
from .._core.fields import Spec
from .._core.resource import Task
from .apps import check_pair
from .local import run_command
from .units import version

LISTS = ("enable_drivers", "disable_drivers", "enable_libs", "disable_libs", "enable_apps", "disable_apps")
OPTIONS: Spec = {
    "application": {"type": "str", "choices": ["dpdk", "pktgen"], "default": "dpdk"},
    "source": {"type": "path", "required": True},
    "source_digest": {"type": "str"},
    "build_folder": {"type": "path", "required": True},
    "release": {"type": "str"},
    "prefix": {"type": "path"},
    "system": {"type": "str", "choices": ["auto", "meson", "make"], "default": "auto"},
    "compiler": {"type": "str", "default": "gcc"},
    "jobs": {"type": "int", "default": 0},
    "platform": {"type": "str"},
    "cpu_instruction_set": {"type": "str"},
    **{name: {"type": "list", "elements": "str", "default": []} for name in LISTS},
    "meson_options": {"type": "dict", "default": {}},
    "target": {"type": "str", "default": "x86_64-native-linuxapp-gcc"},
    "make_config": {"type": "dict", "default": {}},
    "extra_cflags": {"type": "str", "default": ""},
    "lua": {"type": "bool", "default": False},
    "dpdk": {"type": "path"},
}
MARKER = ".nfvlab-fleet.json"
# What meson itself takes beside the options of a release.
MESON = ("buildtype", "default_library", "optimization", "debug", "strip", "werror", "warning_level", "b_lto", "c_args")
MAKE_UNTIL = (20, 8)  # the last release with mk/
# Until this release its headers define variables that gcc takes for its own in each file since 10 (-fno-common).
COMMON_UNTIL, NO_COMMON = (19, 8), 10


class Tree(t.NamedTuple):
    """What sources say of themselves.

    :param release: as the sources or the task name it
    :param options: the names in meson_options.txt
    :param meson: the oldest meson that will do, or empty
    :param make: whether the classic build is there
    :param config: the names of the classic build's configuration
    :param names: drivers (net/vhost), libs and apps that there are
    """

    release: str
    options: frozenset[str]
    meson: str
    make: bool
    config: frozenset[str]
    names: dict[str, list[str]]


def option_names(text: str) -> frozenset[str]:
    """The names that a meson_options.txt declares."""
    return frozenset(re.findall(r"^option\(\s*'([^']+)'", text, re.MULTILINE))


def config_names(text: str) -> frozenset[str]:
    """The names that a configuration of the classic build sets."""
    return frozenset(re.findall(r"^(CONFIG_\w+)=", text, re.MULTILINE))


def meson_needed(text: str) -> str:
    """The oldest meson that a meson.build takes; empty where it does not say."""
    found = re.search(r"meson_version\s*:\s*'>=\s*([\d.]+)'", text)
    return found.group(1) if found else ""


def unknown(wanted: t.Sequence[str], known: t.Sequence[str], what: str) -> UnknownKey | None:
    """The error for the first name, or pattern, that none of the known ones fits."""
    for name in wanted:
        if not fnmatch.filter(known, name):
            near = difflib.get_close_matches(name, known, 3) or sorted(known)[:5]
            return UnknownKey(f"the sources have no {what} '{name}'", next_step=f"they have {', '.join(near)}, ...")
    return None


def which_system(tree: Tree, wanted: str) -> str:
    """meson or make. The classic build where there is one, for what is built against it expects its folders.

    :raises Unsupported: the release does not have it
    """
    if wanted == "make" and not tree.make:
        raise Unsupported(
            f"{tree.release} has no classic build, which DPDK had until 20.08 and Pktgen until 3.7",
            next_step="build it with meson",
        )
    if wanted == "meson" and not tree.meson:
        raise Unsupported(f"{tree.release} is not built with meson", next_step="build it with make")
    if wanted != "auto":
        return wanted
    return "make" if tree.make else "meson"


def meson_words(tree: Tree, params: t.Mapping[str, t.Any]) -> tuple[list[str], list[str]]:
    """The options that meson gets for DPDK, and what a release has under another name.

    :raises UnknownKey: a driver, library, application or option that the sources do not have
    :raises Unsupported: the release cannot choose it
    """
    given: dict[str, str] = {}
    notes: list[str] = []
    for name in LISTS:
        if not params[name]:
            continue
        wrong = unknown(params[name], tree.names[name.partition("_")[2]], name.partition("_")[2][:-1])
        if wrong:
            raise wrong
        _known(tree, name)
        given[name] = ",".join(params[name])
    for name in ("platform", "cpu_instruction_set"):
        value = params[name]
        if value and name not in tree.options and "machine" in tree.options:
            value = "default" if (name, value) == ("platform", "generic") else value
            if given.get("machine", value) != value:
                raise InvalidOption(f"{tree.release} takes one of platform and cpu_instruction_set")
            given["machine"] = value
            notes.append(f"{name} is machine={value} in {tree.release}")
        elif value:
            _known(tree, name)
            given[name] = value
    for name, value in params["meson_options"].items():
        if name not in MESON:
            _known(tree, name)
        given[name] = str(value).lower() if isinstance(value, bool) else str(value)
    for name in ("tests", "enable_docs"):
        if name in tree.options:
            given.setdefault(name, "false")
    return [f"-D{name}={value}" for name, value in sorted(given.items())], notes


def _known(tree: Tree, name: str) -> None:
    if name not in tree.options:
        near = difflib.get_close_matches(name, sorted(tree.options), 3)
        raise Unsupported(
            f"the build of {tree.release} has no option '{name}'",
            next_step=f"leave it out, or take {' or '.join(near)}" if near else "leave it out",
        )


def check_config(tree: Tree, config: t.Mapping[str, t.Any]) -> dict[str, str]:
    """The lines of the classic build's configuration, with y and n for booleans.

    :raises UnknownKey: a name that the release does not have
    """
    wrong = unknown(sorted(config), sorted(tree.config), "configuration")
    if wrong:
        raise wrong
    return {name: ("y" if value else "n") if isinstance(value, bool) else str(value) for name, value in config.items()}


def check_tools(tree: Tree, system: str, tools: t.Mapping[str, str], flags: str = "") -> None:
    """Refuse before compiling what the tools on the host cannot do.

    :param tools: the versions of those that are there
    :param flags: extra ones for the compiler in the classic build
    :raises MissingReference: a tool is not there
    :raises Unsupported: it is too old, or too new for the release
    """
    missing = [name for name in ("compiler", "pkg-config", *_tools(system)) if name not in tools]
    if missing:
        raise MissingReference(f"the host has no {', '.join(missing)}", next_step="install it")
    if system == "meson" and _numbers(tools["meson"]) < _numbers(tree.meson):
        raise Unsupported(
            f"{tree.release} needs meson {tree.meson}, and the host has {tools['meson']}",
            next_step="install a newer one, such as that of PyPI",
        )
    new = _numbers(tools["compiler"])[:1] >= (NO_COMMON,)
    if new and system == "make" and "-fcommon" not in flags.split() and version(tree.release) <= COMMON_UNTIL:
        raise Unsupported(
            f"{tree.release} is too old for gcc {tools['compiler']}, which it does not link with",
            next_step="take a compiler before gcc 10, or give -fcommon in 'extra_cflags'",
        )


def _tools(system: str) -> tuple[str, ...]:
    return ("meson", "ninja") if system == "meson" else ("make",)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])


def digest(source: str, steps: t.Mapping[str, t.Any], **rest: t.Any) -> str:
    """What a build is made of: its sources, and all that it was told but how many commands run at once."""
    told = {
        **steps,
        "build": [[word for word in words if not re.fullmatch(r"-j\d+", word)] for words in steps["build"]],
    }
    return hashlib.sha256(json.dumps([source, told, rest], sort_keys=True).encode()).hexdigest()


def read_tree(folder: str, release: str | None) -> Tree:
    """Read sources.

    :raises NotFound: they are none, or do not say which release they are
    :raises Conflict: they are another release than the task says
    """
    if not os.path.isfile(f"{folder}/meson.build") and not os.path.isfile(f"{folder}/Makefile"):
        raise NotFound(
            "there are no sources to build", endpoint=folder, next_step="give an archive, or the folder that has them"
        )
    own = _text(f"{folder}/VERSION").strip()
    if own and release and version(own) != version(release):
        raise Conflict(f"the sources are {own}, and {release} is asked for", next_step="give the release that they are")
    if not own and not release:
        raise NotFound("the sources do not say which release they are", endpoint=folder, next_step="give 'release'")
    build = _text(f"{folder}/meson.build")
    return Tree(
        own or str(release),
        option_names(_text(f"{folder}/meson_options.txt") or _text(f"{folder}/meson.options")),
        meson_needed(build) or ("0" if build else ""),
        os.path.isfile(f"{folder}/mk/rte.sdkroot.mk") or ("rte.vars.mk" in _text(f"{folder}/Makefile")),
        config_names(_text(f"{folder}/config/common_base") + _text(f"{folder}/config/common_linux")),
        {
            "drivers": _folders(f"{folder}/drivers", 2) + _folders(f"{folder}/drivers", 3),
            "libs": [name[7:] if name.startswith("librte_") else name for name in _folders(f"{folder}/lib", 1)],
            "apps": _folders(f"{folder}/app", 1),
        },
    )


def _text(file: str) -> str:
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


def _folders(folder: str, depth: int) -> list[str]:
    found = glob.glob(os.path.join(folder, *["*"] * depth, "meson.build"))
    return sorted(os.path.relpath(os.path.dirname(file), folder) for file in found)


def found_tools(compiler: str, system: str) -> dict[str, str]:
    """The versions of the tools that are on the host."""
    asked = {"compiler": [compiler, "-dumpfullversion"]}
    asked.update({name: [name, "--version"] for name in ("pkg-config", *_tools(system))})
    return {
        name: run_command(words).split("\n")[0] for name, words in asked.items() if shutil.which(words[0]) is not None
    }


def files_digest(folder: str) -> str:
    """A digest of the names and contents of all files below a folder."""
    whole = hashlib.sha256()
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            file = os.path.join(place, name)
            whole.update(f"{os.path.relpath(file, folder)}\0".encode(errors="surrogateescape"))
            if os.path.isfile(file):
                with open(file, "rb") as stream:
                    whole.update(hashlib.sha256(stream.read()).digest())
    return whole.hexdigest()


def dpdk_steps(tree: Tree, system: str, params: t.Mapping[str, t.Any], prefix: str) -> dict[str, t.Any]:
    """The commands that build and install DPDK. Pure."""
    source, folder, jobs = params["source"], params["build_folder"], _jobs(params)
    if system == "make":
        given = next((name for name in (*LISTS, "meson_options", "cpu_instruction_set") if params[name]), None)
        if given:
            raise Unsupported(
                f"the classic build has no '{given}'", next_step="choose in 'make_config', or build with meson"
            )
        made = ["make", "-C", source, f"O={folder}", *_make(params)]
        return {
            "configure": [[*made, "config", f"T={params['target']}"]],
            "config": check_config(tree, params["make_config"]),
            "build": [[*made, *jobs], [*made, "install", f"prefix={prefix}", f"kerneldir={prefix}/kmod"]],
            "notes": [],
        }
    options, notes = meson_words(tree, params)
    return {**_meson(params, prefix, ["--buildtype=release", *options]), "notes": notes}


def pktgen_steps(
    system: str, params: t.Mapping[str, t.Any], prefix: str, flags: str, libraries: t.Sequence[str]
) -> dict[str, t.Any]:
    """The commands that build and install Pktgen. Pure.

    :param flags: the include paths of DPDK, which a build with Lua does not find by itself
    :param libraries: where the libraries of a DPDK are that the loader does not know
    """
    if system == "make":
        folder, target = params["build_folder"], params["target"]
        made = ["make", "-C", folder, f"RTE_SDK={params['dpdk']}/share/dpdk", f"RTE_TARGET={target}", *_make(params)]
        program = f"{folder}/app/{target}/pktgen"
        install = ["install", "-D", "--mode=0755", program, f"{prefix}/bin/pktgen"]
        # It builds among its sources, so in a copy.
        copy = ["cp", "-a", f"{params['source']}/.", folder]
        return {"configure": [copy], "config": {}, "build": [[*made, *_jobs(params)], install], "notes": []}
    words = ["-Denable_lua=true", f"-Dc_args={flags} -include rte_config.h"] if params["lua"] else []
    if libraries:  # an rpath of the old kind, for DPDK's libraries load each other by it
        words.append(f"-Dc_link_args=-Wl,--disable-new-dtags -Wl,-rpath,{':'.join(libraries)}")
    return {**_meson(params, prefix, words), "notes": []}


def _meson(params: t.Mapping[str, t.Any], prefix: str, options: list[str]) -> dict[str, t.Any]:
    folder = params["build_folder"]
    return {
        "configure": [["meson", "setup", folder, params["source"], f"--prefix={prefix}", *options]],
        "config": {},
        "build": [["ninja", "-C", folder, *_jobs(params)], ["ninja", "-C", folder, "install"]],
    }


def _make(params: t.Mapping[str, t.Any]) -> list[str]:
    return [f"CC={params['compiler']}", *([f"EXTRA_CFLAGS={params['extra_cflags']}"] if params["extra_cflags"] else [])]


def _jobs(params: t.Mapping[str, t.Any]) -> list[str]:
    return [f"-j{params['jobs'] or os.cpu_count() or 1}"]


def work(task: Task) -> dict[str, t.Any]:
    """The module dpdk_build_plan."""
    params = task.params
    tree = read_tree(params["source"], params["release"])
    system = which_system(tree, params["system"])
    prefix = params["prefix"] or f"/opt/{params['application']}-{tree.release}"
    environment = {"CC": params["compiler"]}
    if params["application"] == "dpdk":
        steps = dpdk_steps(tree, system, params, prefix)
    else:
        folders = _pkg_config(params["dpdk"]) if params["dpdk"] and system == "meson" else []
        if folders:
            environment["PKG_CONFIG_PATH"] = ":".join(folders)
        release, flags = _paired(tree, system, params, environment)
        libraries = [os.path.dirname(folder) for folder in folders]
        steps = {**pktgen_steps(system, params, prefix, flags, libraries), "dpdk_release": release}
    tools = found_tools(params["compiler"], system)
    check_tools(tree, system, tools, params["extra_cflags"])
    sources = params["source_digest"] or files_digest(params["source"])
    mark = digest(sources, steps, tools=tools, prefix=prefix)
    return {
        "changed": False,
        "build": {
            **steps,
            "release": tree.release,
            "system": system,
            "prefix": prefix,
            "environment": environment,
            "tools": tools,
            "marker": f"{prefix}/{MARKER}",
            "digest": mark,
            "needed": _needed(prefix, mark),
        },
    }


def _pkg_config(dpdk: str) -> list[str]:
    """Where pkg-config finds a DPDK that is not the distribution's.

    :raises MissingReference: there is none
    """
    found = sorted(os.path.dirname(file) for file in glob.glob(f"{dpdk}/lib*/**/libdpdk.pc", recursive=True))
    if not found:
        raise MissingReference(
            "there is no DPDK that was built with meson", endpoint=dpdk, next_step="make one with the role dpdk_build"
        )
    return found


def _paired(
    tree: Tree, system: str, params: t.Mapping[str, t.Any], environment: t.Mapping[str, str]
) -> tuple[str, str]:
    """The release of the DPDK that Pktgen is built against, and its include paths.

    :raises Unsupported: the two do not go together
    :raises MissingReference: there is no DPDK to build against
    """
    if system == "make":
        folder = f"{params['dpdk']}/share/dpdk"
        release = _text(f"{folder}/VERSION").strip() or _marked(params["dpdk"] or "").get("release", "")
        if not params["dpdk"] or not release:
            raise MissingReference(
                "there is no DPDK with a classic build", endpoint=folder, next_step="make one with the role dpdk_build"
            )
        check_pair(tree.release, release)
        return release, ""
    if shutil.which("pkg-config") is None:
        raise MissingReference("the host has no pkg-config", next_step="install it")
    asked = ["env", *(f"{name}={value}" for name, value in environment.items()), "pkg-config"]
    try:
        release = run_command([*asked, "--modversion", "libdpdk"]).strip()
    except OperationFailed as error:
        raise MissingReference(
            f"pkg-config finds no DPDK ({error})", next_step="install libdpdk-dev, or make one with the role dpdk_build"
        ) from None
    check_pair(tree.release, release)
    return release, run_command([*asked, "--cflags-only-I", "libdpdk"]).strip()


def _marked(prefix: str) -> dict[str, t.Any]:
    text = _text(f"{prefix}/{MARKER}")
    return t.cast("dict[str, t.Any]", json.loads(text)) if text else {}


def _needed(prefix: str, mark: str) -> bool:
    """Whether it has to be built.

    :raises Conflict: somebody else has put something there
    """
    if not os.path.exists(f"{prefix}/{MARKER}") and os.path.isdir(prefix) and os.listdir(prefix):
        raise Conflict(f"{prefix} has something that is not ours", next_step="choose another 'prefix'")
    return _marked(prefix).get("digest") != mark
