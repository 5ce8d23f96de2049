# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what follows from the code: meta/runtime.yml, docs/errors.md, docs/modules.md, and the argument specifications
of the roles that hand their lists to a module one to one.

    python tools/generate.py [--check]

With --check nothing is written; what is stale is named, and the exit code is 1.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import pathlib
import re
import sys
import types

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODULES = ROOT / "plugins" / "modules"
ERRORS = ROOT / "plugins" / "module_utils" / "_core" / "errors.py"

# By prefix of the module's name; the first that fits wins.
SYSTEMS = {
    "guest": ("incus_guest_", "Guest API of an instance"),
    "incus": ("incus_", "Incus and LXD"),
    "kata": ("kata_", "Kata agent"),
    "dpdk": ("dpdk_", "DPDK"),
    "onos": ("onos_", "ONOS"),
    "sdn": ("sdn_", "SDN fabric"),
    "ios": ("ios_", "Cisco IOS"),
}

# Modules that only write files: the defaults of their system's group say how to reach it, which they cannot take.
LOCAL = ("incus_remote", "ios_lint", "kata_agent_config", "kata_runtime_config", "onos_user", "sdn_openvswitch")

# Systems whose connection is an option of each item: each may be about another place.
EACH = ("kata", "sdn")

# Roles whose lists are a module's options: what the role does, and for each variable what it holds and the module.
ROLES = {
    "incus_platform": (
        "Makes projects, pools, networks with what belongs to them, volumes, buckets and profiles, or takes them away.",
        {
            "projects": ("Projects", "incus_project"),
            "storage_pools": ("Storage pools", "incus_storage_pool"),
            "network_integrations": ("Network integrations", "incus_network_integration"),
            "network_acls": ("Network ACLs", "incus_network_acl"),
            "network_zones": ("Network zones", "incus_network_zone"),
            "networks": ("Networks", "incus_network"),
            "network_zone_records": ("Records of network zones", "incus_network_zone_record"),
            "network_forwards": ("Network forwards", "incus_network_forward"),
            "network_load_balancers": ("Network load balancers", "incus_network_load_balancer"),
            "network_peers": ("Network peers", "incus_network_peer"),
            "storage_volumes": ("Custom storage volumes", "incus_storage_volume"),
            "storage_buckets": ("Storage buckets", "incus_storage_bucket"),
            "storage_bucket_keys": ("Keys of storage buckets", "incus_storage_bucket_key"),
            "profiles": ("Profiles", "incus_profile"),
        },
    ),
    "incus_fleet": (
        "Brings up fleets of instances, or takes them away.",
        {"fleets": ("Fleets", "incus_fleet")},
    ),
    "incus_backups": (
        "Exports instances and volumes to files, or deletes those.",
        {"backups": ("Backups", "incus_backup")},
    ),
    "kata_sandbox": (
        "Makes sandboxes of Kata agents with their network, files and containers, or ends them.",
        {
            "sandboxes": ("Sandboxes", "kata_sandbox"),
            "networks": ("Interfaces, routes and neighbours of guests", "kata_network"),
            "files": ("Files of guests", "kata_copy"),
            "containers": ("Containers", "kata_container"),
            "commands": ("Commands in containers", "kata_exec"),
        },
    ),
    "sdn_fabric": (
        "Installs and starts Open vSwitch and brings up fabrics, or takes them away.",
        {"fabrics": ("Fabrics", "sdn_fabric")},
    ),
}

# What such a role takes beside its lists.
FURTHER = {
    "incus_backups": {
        "folder": {
            "description": [
                "A directory for the files. It is made, and goes with the last of them; others must be there already."
            ],
            "type": "path",
            "default": "/var/backups/nfvlab-fleet",
        }
    },
}


# Options of a module that make no sense in a role.
LEFT_OUT = {"incus_fleet": ("state",), "incus_platform": ("return_credentials",)}


def module_docs() -> dict[str, dict]:
    """The documentation of every module, by name; fragments are not merged."""
    docs = {}
    for path in sorted(MODULES.glob("[!_]*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "DOCUMENTATION":
                docs[path.stem] = yaml.safe_load(ast.literal_eval(node.value))
    return docs


def by_system(names: list[str]) -> dict[str, list[str]]:
    """The modules of each system that has any."""
    groups: dict[str, list[str]] = {system: [] for system in SYSTEMS}
    for name in names:
        groups[next(system for system, (prefix, _title) in SYSTEMS.items() if name.startswith(prefix))].append(name)
    return {system: members for system, members in groups.items() if members}


def runtime(names: list[str]) -> str:
    """meta/runtime.yml."""
    lines = ["---", "# Written by tools/generate.py.", 'requires_ansible: ">=2.19.0"', "action_groups:"]
    reaching = [name for name in names if name not in LOCAL]
    for group, members in {"all": names, **by_system(reaching)}.items():
        lines += [f"  {group}:", *(f"    - {name}" for name in members)]
    routed = [name for name in names if name.endswith("_info") and name != "incus_info"]
    if routed:
        # One action evaluates `query` for all of them.
        lines += ["plugin_routing:", "  modules:"]
        for name in routed:
            lines += [f"    {name}:", "      action_plugin: nfvlab.fleet.incus_info"]
    return "\n".join(lines) + "\n"


def markdown(text: str) -> str:
    """Ansible's markup as Markdown, one line to a paragraph."""
    text = re.sub(r"\b[CVOE]\(([^()]*)\)", r"`\1`", text)
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def load_errors() -> types.ModuleType:
    """The error catalogue, which imports nothing else of the collection."""
    spec = importlib.util.spec_from_file_location("errors", ERRORS)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def error_classes() -> list[type]:
    """The classes of the catalogue, in the order of the file."""
    found = load_errors()
    return [value for value in vars(found).values() if isinstance(value, type) and issubclass(value, found.FleetError)]


def errors() -> str:
    """docs/errors.md."""
    lines = [
        "<!-- Written by tools/generate.py. -->",
        "# Errors",
        "",
        "A task that fails says in `msg` what failed, on which object, at which endpoint and what to do next. For",
        "programs, `failure` holds `kind`, `code`, `object`, `endpoint` and the system's own words in `text`.",
        "These are the values of `failure.kind`.",
    ]
    root, *others = error_classes()
    for cls in others:
        parent = cls.__bases__[0]
        special = "" if parent is root else f" A special case of [{parent.kind}](#{parent.kind})."
        meaning = markdown(inspect.getdoc(cls) or "")
        lines += ["", f"## {cls.kind}", "", f"{meaning}{special}", "", f"Class `{cls.__name__}`."]
    return "\n".join(lines) + "\n"


def modules(docs: dict[str, dict]) -> str:
    """docs/modules.md."""
    lines = [
        "<!-- Written by tools/generate.py. -->",
        "# Modules",
        "",
        "Options, examples and return values: `ansible-doc nfvlab.fleet.NAME`, or `make docs` for all of them as HTML.",
        "A group sets options once for all its modules: `module_defaults: {group/nfvlab.fleet.GROUP: {...}}`.",
        "The group `all` has every module.",
    ]
    for system, members in by_system(list(docs)).items():
        lines += ["", f"## {SYSTEMS[system][1]}", "", f"Group `{system}`.", ""]
        lines += ["| Module | What it does |", "|---|---|"]
        for name in members:
            lines.append(f"| [{name}](../plugins/modules/{name}.py) | {markdown(docs[name]['short_description'])} |")
    return "\n".join(lines) + "\n"


def own_options(name: str, doc: dict) -> dict[str, dict]:
    """A module's options as those of a list's item, fragments merged.

    The connection is left out, but for agents: each item may be about another one.
    """
    merged = {}
    for fragment in doc["extends_documentation_fragment"]:
        system, _dot, part = fragment.removeprefix("nfvlab.fleet.").partition(".")
        fragments = load_fragments(system)
        part = part.upper() or ("DOCUMENTATION" if system in EACH else "")
        if part:
            merged.update(yaml.safe_load(getattr(fragments.ModuleDocFragment, part))["options"])
    merged.update(doc.get("options", {}))
    return {option: as_role_option(merged[option]) for option in sorted(merged)}


def load_fragments(system: str) -> types.ModuleType:
    """The documentation fragments of a system."""
    spec = importlib.util.spec_from_file_location("fragments", ROOT / "plugins" / "doc_fragments" / f"{system}.py")
    assert spec and spec.loader
    fragments = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fragments)
    return fragments


def as_role_option(documented: dict) -> dict:
    """A module's option as that of a role: the module's own default holds where an item does not have it."""
    spec = {key: value for key, value in documented.items() if key not in ("default", "suboptions")}
    text = documented["description"]
    # The role's options are others, so a module's are only named.
    named = [re.sub(r"\b(O|RV)\(", "C(", line) for line in ([text] if isinstance(text, str) else text)]
    spec["description"] = named
    if "suboptions" in documented:
        spec["options"] = {name: as_role_option(inner) for name, inner in documented["suboptions"].items()}
    return spec


def argument_specs(role: str, docs: dict[str, dict]) -> str:
    """meta/argument_specs.yml of a role whose lists are a module's options."""
    purpose, variables = ROLES[role]
    options: dict[str, dict] = {
        f"{role}_state": {
            "description": ["Whether they are there."],
            "type": "str",
            "choices": ["present", "absent"],
            "default": "present",
        }
    }
    for name, (holds, module) in variables.items():
        inner = own_options(module, docs[module])
        options[f"{role}_{name}"] = {
            "description": [f"{holds}, each with the options of M(nfvlab.fleet.{module})."],
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {option: value for option, value in inner.items() if option not in LEFT_OUT.get(role, ())},
        }
    options.update({f"{role}_{name}": option for name, option in FURTHER.get(role, {}).items()})
    spec = {"argument_specs": {"main": {"short_description": purpose, "description": [purpose], "options": options}}}
    return "---\n# Written by tools/generate.py.\n" + yaml.dump(
        spec, Dumper=Indented, sort_keys=False, width=150, default_flow_style=False
    )


class Indented(yaml.SafeDumper):
    """Lists are indented below their key, as ansible-lint wants them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: object) -> bool:
        return True


def generated() -> dict[str, str]:
    """The wanted content of each generated file, by path."""
    docs = module_docs()
    return {
        "meta/runtime.yml": runtime(list(docs)),
        "docs/errors.md": errors(),
        "docs/modules.md": modules(docs),
        **{f"roles/{role}/meta/argument_specs.yml": argument_specs(role, docs) for role in ROLES},
    }


def stale() -> dict[str, str]:
    """Those of the generated files that are not as they should be."""

    def present(name: str) -> str | None:
        path = ROOT / name
        return path.read_text() if path.exists() else None

    return {name: text for name, text in generated().items() if text != present(name)}


def main(args: list[str]) -> int:
    if not set(args) <= {"--check"}:
        print(__doc__)
        return 2
    for name, text in stale().items():
        if args:
            print(f"{name} is stale: run `make generate`")
        else:
            (ROOT / name).parent.mkdir(exist_ok=True)
            (ROOT / name).write_text(text)
            print(f"{name} written")
    return int(bool(args and stale()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
