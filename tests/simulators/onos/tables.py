# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIMULATOR: what an ONOS 2.7.0 with the shipped apps was seen to answer, from C(answers.json)."""

from __future__ import annotations

import copy
import json
import pathlib
import typing as t

ANSWERS = json.loads(pathlib.Path(__file__).with_name("answers.json").read_text())

APPS: dict[str, dict[str, t.Any]] = ANSWERS["apps"]
# By component: its app (none for what is always there), and of each property type, default and description.
COMPONENTS: dict[str, tuple[str, dict[str, list[str]]]] = {
    name: (entry["app"], entry["properties"]) for name, entry in ANSWERS["components"].items()
}
PROCESSORS: dict[str, str] = ANSWERS["processors"]
# By class of subjects: the keys that subsystems take, and the fields of those that are held against a list.
CONFIG_KEYS: dict[str, dict[str, list[str] | None]] = ANSWERS["config_keys"]
THIRD_PARTY = tuple(ANSWERS["third_party"])
# Criteria and header fields: ONOS's type, its key, and the OXM field.
CRITERIA: dict[str, list[str]] = ANSWERS["criteria"]


def shape(kind: str, **fields: t.Any) -> dict[str, t.Any]:
    """An object as the REST interface shows it.

    :param fields: what is special to this one
    """
    return {**copy.deepcopy(ANSWERS["shapes"][kind]), **fields}
