# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""kata_agent_config and kata_runtime_config: rendering, checking, comparing, and files that change where they must."""

from __future__ import annotations

import stat

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.resource import Task
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata import config, runtime_config, settings

from tests.unit.kata.recordings import transcripts

WHOLE = {
    "debug_console": True,
    "debug_console_vport": 1026,
    "dev_mode": False,
    "log_level": "debug",
    "server_addr": "unix://@agent",
    "hotplug_timeout": 10,
    "https_proxy": "http://p:3128/",
    "no_proxy": "a=b,c",
    "guest_components_rest_api": "all",
    "secure_storage_integrity": False,
}


def test_a_file_says_what_it_was_made_of():
    options = config.check(WHOLE)
    text = config.render_toml(options)
    assert "hotplug_timeout = { secs = 10, nanos = 0 }" in text and "debug_console = true" in text
    assert config.parse_toml(text) == options
    assert config.differences(config.parse_toml(text), options) == {}


def test_a_file_is_toml():
    tomllib = pytest.importorskip("tomllib")
    options = config.check({**WHOLE, "no_proxy": 'a "quoted" \\ \u00e4'})
    read = tomllib.loads(config.render_toml(options))
    assert read == {**options, "hotplug_timeout": {"secs": 10, "nanos": 0}}


def test_kernel_parameters_say_the_same():
    options = config.check(WHOLE)
    words = config.render_cmdline(options)
    assert words[0] == "agent.debug_console" and "agent.devmode" not in words and "agent.log=debug" in words
    found, unknown = config.parse_cmdline(
        "quiet root=/dev/vda " + " ".join(words) + " agent.logg=debug agent.config_file=/x"
    )
    assert config.differences(found, options) == {} and unknown == ["agent.logg=debug"]


def test_every_parameter_is_one_of_the_recorded_agent():
    """The recordings show each option by the name that it has in the running agent."""
    defaults = transcripts()["configuration"][0]["config"]
    for name, key in config.KEYS.items():
        if key.since or name == "policy_file":
            continue
        assert f"{name}:" in defaults, name


@pytest.mark.parametrize(
    "case", [case for case in transcripts()["configuration"] if case["case"].startswith("cmdline agent.")]
)
def test_what_ended_the_recorded_agent_is_never_rendered(case):
    """A parameter on which the real agent ended cannot come out of options that are accepted."""
    words = case["case"].removeprefix("cmdline ").split()
    if case["exit_code"] == "runs" or len(words) > 1 or "config_file" in words[0]:
        return
    parameter, _mark, value = words[0].partition("=")
    name = next(name for name, key in config.KEYS.items() if key.cmdline == parameter)
    for given in (value, int(value) if value.lstrip("-").isdigit() else value):
        try:
            rendered = config.render_cmdline(config.check({name: given}))
        except errors.InvalidOption:
            continue
        assert words[0] not in rendered


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"log_levl": "info"}, "did you mean 'log_level'?"),
        ({"log_level": "DEBUG"}, "did you mean 'debug'?"),
        ({"log_level": "loud"}, "in small letters"),
        ({"hotplug_timeout": 1.5}, "whole number of seconds"),
        ({"hotplug_timeout": -1}, "whole number of seconds"),
        ({"debug_console_vport": 2**31}, "from 0 to 2147483647"),
        ({"container_pipe_size": -1}, "from 0 to"),
        ({"tracing": "maybe"}, "write true or false"),
        ({"https_proxy": "not a url"}, "which is no URL"),
        ({"server_addr": "ftp://x"}, "write vsock://-1:1024"),
        ({"server_addr": ""}, "write vsock://-1:1024"),
        ({"guest_components_procs": "some"}, "it is one of none"),
        ({"mem_agent_memcg_swappiness_max": 300}, "from 0 to 255"),
        ({"no_proxy": "a\nb"}, "one line"),
    ],
)
def test_what_an_agent_would_end_on(options, says):
    with pytest.raises(errors.InvalidOption) as caught:
        config.check(options)
    assert says in str(caught.value)


def test_versions():
    with pytest.raises(errors.Unsupported):
        config.check({"mem_agent_enable": True}, config.version("4.0.0"))
    assert config.check({"mem_agent_enable": True}, config.version("4.1.0")) == {"mem_agent_enable": True}
    with pytest.raises(errors.InvalidOption):
        config.version("new")


@pytest.mark.parametrize(
    "options",
    [{"policy_file": "/x"}, {"hotplug_timeout": 0}, {"server_addr": "unix:///a b"}, {"server_addr": "unix:///a=b"}],
)
def test_what_no_kernel_parameter_can_say(options):
    with pytest.raises(errors.InvalidOption):
        config.render_cmdline(config.check(options))


def test_a_file_that_is_none():
    with pytest.raises(errors.Malformed):
        config.parse_toml("nonsense\n")
    assert config.parse_toml("a = 'x' # y\nb = 1_000\n[table]\nnonsense") == {"a": "x", "b": 1000}


def agent(check=False, **options):
    params = {name: option.get("default") for name, option in settings.AGENT.items()}
    return settings.agent(Task({**params, **options}, options, check_mode=check))


def test_the_file_is_written_once(tmp_path):
    path = tmp_path / "agent.toml"
    given = {"path": str(path), "options": {"log_level": "debug"}, "mode": "0600"}
    assert agent(check=True, **given)["changed"] and not path.exists()
    assert agent(**given)["changed"] and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not agent(**given)["changed"] and not agent(check=True, **given)["changed"]
    path.chmod(0o644)
    assert agent(**given)["changed"] and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["agent.toml"]
    with pytest.raises(errors.NotFound):
        agent(path=str(tmp_path / "none/x"), options={})


def test_comparison_with_a_command_line():
    result = agent(options={"log_level": "debug"}, cmdline="agent.log=info agent.devmode")
    assert result["differs"] == {
        "dev_mode": {"is": True, "wanted": False},
        "log_level": {"is": "info", "wanted": "debug"},
    }


# The runtime's file

FILE = """# the runtime's
[hypervisor.qemu]
kernel_modules = ["not this"]

[agent.kata]
# If enabled, ...
#enable_debug = true
kernel_modules = [
  "a b=1", # why ]
  'c',
]
dial_timeout=45   # seconds
other = "kept"

[[runtime]]
enable_debug = false
"""


def test_options_are_read():
    assert runtime_config.read(FILE) == {"kernel_modules": ["a b=1", "c"], "dial_timeout": 45}
    assert runtime_config.read("") == {}


def test_only_what_is_named_changes():
    text = runtime_config.change(FILE, {"enable_debug": True, "kernel_modules": ["x"], "dial_timeout": None})
    expected = FILE.replace("[\n  \"a b=1\", # why ]\n  'c',\n]", '["x"]').replace("dial_timeout=45   # seconds\n", "")
    assert text == expected.replace('other = "kept"\n', 'other = "kept"\nenable_debug = true\n')
    assert runtime_config.read(text) == {"kernel_modules": ["x"], "enable_debug": True}
    assert runtime_config.change(text, {"enable_debug": True, "dial_timeout": None}) == text
    assert runtime_config.change(FILE, {"kernel_modules": ["a b=1", "c"], "dial_timeout": 45}) == FILE


def test_a_section_that_is_not_there():
    assert runtime_config.change("a = 1", {"enable_debug": True}) == "a = 1\n\n[agent.kata]\nenable_debug = true\n"
    assert runtime_config.change("a = 1\n", {"enable_debug": None}) == "a = 1\n"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"debug_console": True}, "did you mean 'debug_console_enabled'?"),
        ({"enable_debug": "yes"}, "true or false"),
        ({"dial_timeout": -1}, "whole number"),
        ({"kernel_modules": "x"}, "list of texts"),
    ],
)
def test_what_a_runtime_would_not_take(options, says):
    with pytest.raises(errors.InvalidOption) as caught:
        runtime_config.check(options)
    assert says in str(caught.value)


def test_a_list_that_does_not_end():
    with pytest.raises(errors.Malformed):
        runtime_config.change("[agent.kata]\nkernel_modules = [\n", {"enable_debug": True})


def test_the_file_keeps_its_permissions(tmp_path):
    path = tmp_path / "configuration.toml"
    path.write_text(FILE)
    path.chmod(0o640)
    params = {"path": str(path), "options": {"enable_debug": True}}
    assert settings.runtime(Task(params, params, check_mode=True))["changed"] and path.read_text() == FILE
    result = settings.runtime(Task(params, params))
    assert result["changed"] and result["actions"][0]["keys"] == ["enable_debug"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert not settings.runtime(Task(params, params))["changed"]
    with pytest.raises(errors.NotFound):
        settings.runtime(Task({**params, "path": str(tmp_path / "none")}, params))
