# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task really gave, hints for wrong options, and nothing secret in what leaves a module."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils import basic
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption, Refused
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.module import SECRET_KEYS, FleetModule, only_given

SPEC = {
    "name": {"type": "str", "required": True},
    "size": {"type": "int", "default": 3},
    "config": {"type": "dict"},
    "key": {"type": "str", "no_log": True},
    "items": {
        "type": "list",
        "elements": "dict",
        "options": {"a": {"type": "str"}, "b": {"type": "int", "aliases": ["bee"]}},
    },
    **SECRET_KEYS,
}


def module(monkeypatch, args):
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": args}).encode())
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    return FleetModule({key: dict(value) for key, value in SPEC.items()})


def printed(capsys):
    return json.loads(capsys.readouterr().out)


def test_given_null_and_absent_are_three_things_at_every_depth(monkeypatch):
    task = module(monkeypatch, {"name": "n", "config": None, "items": [{"a": "1"}, {"bee": None}]}).task()
    assert task.given == {"name": "n", "config": None, "items": [{"a": "1"}, {"b": None}]}
    assert task.params["size"] == 3 and task.params["items"][0]["b"] is None


def test_text_that_ansible_parses_counts_as_given_whole():
    assert only_given({"a": "1", "b": None}, "a=1", {"a": {}, "b": {}}) == {"a": "1", "b": None}


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"name": "n", "confg": {}}, "unknown option 'confg': did you mean 'config'?"),
        ({"name": "n", "items": [{"aa": 1}]}, "unknown option 'items.aa': did you mean 'a'?"),
        ({"nam": "n"}, "unknown option 'nam': did you mean 'name'?"),
    ],
)
def test_a_misspelt_option_is_named_with_the_near_one(monkeypatch, capsys, args, said):
    with pytest.raises(SystemExit):
        module(monkeypatch, args)
    answer = printed(capsys)
    assert said in answer["msg"] and answer["failure"]["kind"] == "invalid_option"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": ["n"]}, "'name' must be a text, and is a list; quote it, or write it out with 'to_json'"),
        ({"name": "n", "items": [{"a": {"b": 1}}]}, "'a' must be a text, and is a dict"),
        ({"name": "n", "secret_keys": ["a", ["b"]]}, "'secret_keys' must be a list of texts, and has a list"),
    ],
)
def test_a_text_is_not_made_of_a_list_or_a_dictionary(given, said):
    with pytest.raises(InvalidOption) as caught:
        only_given(given, given, SPEC)
    assert said in str(caught.value)


def test_secrets_leave_neither_by_result_nor_by_failure(monkeypatch, capsys):
    args = {
        "name": "n",
        "key": "k3y-value",
        "config": {"user.pin": "4711", "limits.cpu": "1"},
        "secret_keys": ["user.pin"],
    }
    with pytest.raises(SystemExit):
        module(monkeypatch, args).exit_json(changed=False)
    text = capsys.readouterr().out
    assert "4711" not in text and "k3y-value" not in text and '"limits.cpu": "1"' in text

    def refuse():
        text = 'Invalid value "4711" for 14711'
        raise Refused(f"no: {text}", text=text)

    with pytest.raises(SystemExit):
        module(monkeypatch, args).run(refuse)
    answer = printed(capsys)
    assert answer["msg"] == 'no: Invalid value "********" for 14711'
    assert answer["failure"]["text"] == 'Invalid value "********" for 14711'


def test_secret_keys_may_be_written_as_text(monkeypatch, capsys):
    args = {"name": "n", "config": {"user.pin": 4711, "x": 1}, "secret_keys": "user.pin,other"}
    with pytest.raises(SystemExit):
        module(monkeypatch, args).exit_json(changed=False)
    shown = printed(capsys)["invocation"]["module_args"]
    assert shown["config"] == {"user.pin": "********", "x": 1}
    assert shown["secret_keys"] == ["user.pin", "other"]


def test_text_that_cannot_be_parsed_is_not_shown(monkeypatch, capsys):
    with pytest.raises(SystemExit):
        module(monkeypatch, {"name": "n", "config": "token: hunter2"})
    assert "hunter2" not in json.dumps(printed(capsys)["invocation"])


def test_only_the_systems_own_words_are_scrubbed(monkeypatch, capsys):
    def refuse():
        raise Refused("the daemon refused: bad 1", endpoint="POST /1.0/x", obj="thing '1'", text="bad 1.")

    with pytest.raises(SystemExit):
        module(monkeypatch, {"name": "n", "config": {"token": 1}}).run(refuse)
    answer = printed(capsys)
    assert answer["msg"] == "thing '1': the daemon refused: bad ******** (POST /1.0/x)"
    assert answer["failure"]["endpoint"] == "POST /1.0/x"


def test_nothing_secret_is_logged(monkeypatch):
    logged = []
    monkeypatch.setattr(FleetModule, "log", lambda self, message, log_args=None: logged.append((message, log_args)))
    module(monkeypatch, {"name": "n", "key": "k3y-value", "config": {"password": "4711"}})
    assert logged and "4711" not in str(logged) and "k3y-value" not in str(logged)


def test_an_unexpected_error_is_one_sentence(monkeypatch, capsys):
    with pytest.raises(SystemExit):
        module(monkeypatch, {"name": "n"}).run(lambda: {}["nothing"])
    answer = printed(capsys)
    assert answer["failure"]["kind"] == "bug" and "Traceback" not in answer["msg"] and "\n" not in answer["msg"]
