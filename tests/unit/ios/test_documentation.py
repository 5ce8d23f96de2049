# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of the IOS modules against their options: the sanity tests leave action plugins out."""

from __future__ import annotations

import importlib
import pathlib
import typing as t

import pytest
import yaml
from ansible_collections.nfvlab.fleet.plugins.doc_fragments.ios import ModuleDocFragment
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios import base
from ansible_collections.nfvlab.fleet.plugins.plugin_utils.ios.options import SPECS

from tools import generate

ROOT = pathlib.Path(__file__).resolve().parents[3]
COMPARED = ("type", "elements", "default", "choices", "required")


def documented(name: str) -> dict[str, t.Any]:
    """The documented options of a module, fragments merged."""
    document = generate.module_docs()[name]
    options: dict[str, t.Any] = {}
    for fragment in document["extends_documentation_fragment"]:
        part = fragment.removeprefix("nfvlab.fleet.ios").removeprefix(".").upper() or "DOCUMENTATION"
        options |= yaml.safe_load(getattr(ModuleDocFragment, part))["options"]
    return options | document["options"]


def reduced(options: t.Mapping[str, t.Any], below: str) -> dict[str, t.Any]:
    """What documentation and code both say of options."""
    return {
        name: {
            **{key: option[key] for key in COMPARED if option.get(key) not in (None, False)},
            **({"inner": reduced(option[below], below)} if below in option else {}),
        }
        for name, option in options.items()
    }


@pytest.mark.parametrize("module", SPECS)
def test_documentation_and_options_are_the_same(module):
    found = reduced(documented(module), "suboptions")
    wanted = reduced({**base.CONNECTION, **SPECS[module]}, "options")
    assert found == wanted


@pytest.mark.parametrize("module", SPECS)
def test_the_action_of_a_module_has_its_options(module):
    action = importlib.import_module(f"ansible_collections.nfvlab.fleet.plugins.action.{module}").ActionModule
    assert SPECS[module] == action.SPEC
    assert action.work is not base.IosAction.work


def test_every_module_has_an_action():
    modules = {path.stem for path in ROOT.glob("plugins/modules/ios_*.py")} - {"ios_lint"}
    actions = {path.stem for path in ROOT.glob("plugins/action/ios_*.py")} - {"ios_lint"}
    assert modules == actions == set(SPECS)
