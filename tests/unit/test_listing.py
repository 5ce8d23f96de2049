# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory plugin: the daemons that are asked, what becomes of an instance, and the hosts of a file."""

from __future__ import annotations

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.template import trust_as_template
from ansible_collections.nfvlab.fleet.plugins.inventory import incus
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import (
    FleetError,
    Forbidden,
    MissingReference,
    Unreachable,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.waits import Seen
from ansible_collections.nfvlab.fleet.plugins.plugin_utils import listing

LOCAL = listing.Daemon("local", {"socket": "/s"}, ("default",), "")


def entry(name="a", project="default", **more):
    return {
        "name": name,
        "project": project,
        "status": "Running",
        "status_code": 103,
        "type": "container",
        "location": "none",
        "architecture": "x86_64",
        "profiles": ["base"],
        "config": {"volatile.eth0.hwaddr": "m1"},
        "expanded_config": {
            "user.nfvlab.fleet": "lab/edge",
            "user.site": "north",
            "user.api-token": "s3cret",
            "cloud-init.user-data": "s3cret",
            "image.os": "Debian",
            "volatile.eth0.hwaddr": "m1",
        },
        "expanded_devices": {"eth0": {"type": "nic", "network": "br", "hwaddr": "m1"}},
        **more,
    }


class Daemon:
    """Answers what it is asked, and remembers the questions."""

    def __init__(self, answers):
        self.answers = answers
        self.asked = []

    def __call__(self, endpoint, timeout):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        return None

    def get(self, path, query=None):
        self.asked.append((path, query))
        answer = self.answers[path]
        if isinstance(answer, Exception):
            raise answer
        return answer

    find = get


LEASES = "/1.0/networks/br/leases"


@pytest.fixture
def asked(monkeypatch):
    def ask(answers, daemon=LOCAL, addresses="leases"):
        made = Daemon(answers)
        monkeypatch.setattr(listing, "Client", made)
        return made, listing.read(daemon, timeout=1, addresses=addresses, environ={})

    return ask


# Daemons


def test_a_daemon_is_the_one_that_is_found_or_the_one_that_is_named():
    assert listing.daemon({}, {}) == ("local", {}, ("default",), "")
    assert listing.daemon({}, {"INCUS_URL": "unix:/x"})[:2] == ("unix:/x", {"url": "unix:/x"})
    given = {"socket": "/s", "all_projects": True, "filter": "status eq Running"}
    assert listing.daemon(given, {}) == ("/s", {"socket": "/s"}, (), "status eq Running")
    assert listing.daemon({"name": "here", "projects": ["a", "b"]}, {})[::2] == ("here", ("a", "b"))


def test_paths_are_relative_to_the_file_and_a_folder_may_have_the_remotes(tmp_path):
    (tmp_path / "incus" / "servercerts").mkdir(parents=True)
    for name in ("client.crt", "servercerts/north.crt"):
        (tmp_path / "incus" / name).touch()
    (tmp_path / "incus" / "config.yml").write_text("remotes:\n  north:\n    addr: https://n:8443\n    project: edge\n")
    found = listing.daemon({"remote": "north", "conf": "incus"}, {"INCUS_CONF": "/nonexistent"}, str(tmp_path))
    assert found.projects == ("edge",) and found.options["server_cert"] == f"{tmp_path}/incus/servercerts/north.crt"
    assert listing.daemon({"socket": "s"}, {}, "/x").options == {"socket": "/x/s"}
    assert listing.daemon({"socket": "/s"}, {}, "/x").options == {"socket": "/s"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"remote": "local", "url": "https://x"}, "the daemon has the remote 'local' and 'url'"),
        ({"projects": ["a"], "all_projects": True}, "'projects' and 'all_projects' exclude each other"),
        ({"remote": "loacl"}, "did you mean 'local'?"),
    ],
)
def test_a_daemon_that_cannot_be_meant_is_refused(given, said, tmp_path):
    with pytest.raises(FleetError) as caught:
        listing.daemon(given, {"INCUS_CONF": str(tmp_path), "INCUS_GLOBAL_CONF": str(tmp_path)})
    assert said in str(caught.value)


def test_a_token_is_no_variable_of_a_host():
    given = {"url": "https://h", "server_fingerprint": "ab", "bearer_token": "a.b.c"}
    found = listing.variables(listing.daemon(given, {}), entry(), Seen(103))
    assert (found["ansible_incus_url"], found["ansible_incus_server_fingerprint"]) == ("https://h", "ab")
    assert "a.b.c" not in str(found)


def test_a_token_may_be_in_a_vault():
    class Sealed:
        def __str__(self):
            return "a.b.c"

    assert listing.daemon({"url": "https://h", "bearer_token": Sealed()}, {}).options["bearer_token"] == "a.b.c"


# Reading


def test_each_project_is_one_request_and_each_bridge_another(asked):
    lease = {"hwaddr": "m1", "address": "10.0.0.7"}
    daemon, rows = asked({"/1.0/instances": [entry()], LEASES: [lease]})
    assert daemon.asked == [
        ("/1.0/instances", {"recursion": "1", "project": "default"}),
        (LEASES, {"project": "default"}),
    ]
    (row,) = rows
    assert row["incus_ipv4"] == ["10.0.0.7"] and row["incus_ipv6"] == []
    assert row["incus_config"] == {
        "user.nfvlab.fleet": "lab/edge",
        "user.site": "north",
        "user.api-token": "********",
        "cloud-init.user-data": "********",
    }
    assert (row["incus_fleet"], row["incus_image"]) == ("edge", {"os": "Debian"})
    assert row["ansible_incus_socket"] == "/s" and row["ansible_incus_host"] == "a"


def test_all_projects_are_one_request_and_two_of_one_name_stay_apart(asked):
    entries = [entry(), entry(project="other", expanded_devices={})]
    daemon, rows = asked(
        {"/1.0/instances": entries, LEASES: [{"hwaddr": "m1", "address": "10.0.0.7"}]},
        LOCAL._replace(projects=(), filter="status eq Running"),
    )
    assert daemon.asked[0][1] == {"recursion": "1", "all-projects": "true", "filter": "status eq Running"}
    assert [(row["incus_project"], row["incus_ipv4"]) for row in rows] == [("default", ["10.0.0.7"]), ("other", [])]


def test_a_project_that_is_not_there_is_not_an_empty_one(asked, monkeypatch):
    def missing(self, project):
        return MissingReference(f"project '{project}' does not exist") if project == "leb" else None

    monkeypatch.setattr(Daemon, "missing_project", missing, raising=False)
    assert asked({"/1.0/instances": []}, LOCAL._replace(projects=("lab",)))[1] == []
    with pytest.raises(MissingReference, match="project 'leb' does not exist"):
        asked({"/1.0/instances": []}, LOCAL._replace(projects=("lab", "leb")))


def test_leases_that_may_not_be_read_cost_the_addresses_only(asked):
    _daemon, (row,) = asked({"/1.0/instances": [entry()], LEASES: Forbidden("no")})
    assert row["incus_ipv4"] == []


def test_the_instances_themselves_can_be_asked(asked):
    address = {"family": "inet6", "scope": "global", "address": "fd00::2"}
    state = {"status_code": 113, "processes": 3, "network": {"eth0": {"addresses": [address]}}}
    daemon, (row,) = asked({"/1.0/instances": [entry(state=state)]}, addresses="state")
    assert daemon.asked == [("/1.0/instances", {"recursion": "2", "project": "default"})]
    assert row["incus_ipv6"] == ["fd00::2"]


def test_one_daemon_that_is_down_leaves_the_others(monkeypatch):
    def read(asked, **options):
        if asked.name == "down":
            raise Unreachable("nobody listens")
        return [{"incus_name": asked.name}]

    monkeypatch.setattr(listing, "read", read)
    daemons = [LOCAL._replace(name=name) for name in ("one", "down", "two")]
    rows, failed = listing.read_all(daemons, timeout=1, addresses="leases", environ={})
    assert [row["incus_name"] for row in rows] == ["one", "two"]
    assert [(asked.name, error.what) for asked, error in failed] == [("down", "nobody listens")]


# The plugin

FRAGMENTS = {"use_extra_vars": False, "leading_separator": True, "strict": False, "cache": False}
COMPOSED = {"compose": {}, "groups": {}, "keyed_groups": []}


def trusted(value):
    """A value as it comes from a file, whose expressions are evaluated."""
    if isinstance(value, dict):
        return {key: trusted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [trusted(inner) for inner in value]
    return trust_as_template(value) if isinstance(value, str) else value


class Plugin(incus.InventoryModule):
    """The plugin with the options of a file that nobody has written."""

    def __init__(self, cache, options):
        super().__init__()
        documented = yaml.safe_load(incus.DOCUMENTATION)["options"]
        defaults = {name: option.get("default") for name, option in documented.items()}
        self._known = {**FRAGMENTS, **COMPOSED, **defaults}
        self._given = {**self._known, **trusted(options)}
        self._cache = cache

    def get_option(self, option, hostvars=None):
        return self._given[option]

    @property
    def option_definitions(self):
        return self._known

    def _read_config_data(self, path):
        return self._given

    def load_cache_plugin(self):
        assert self._cache is not None

    def get_cache_key(self, path):
        return "key"


@pytest.fixture
def hosts(monkeypatch):
    """Makes the inventory of a file, with the instances that the daemons have."""
    cache = {}

    def inventory(entries, failed=(), **options):
        rows = [listing.variables(LOCAL, one, Seen(103, {("eth0", "inet"): ["10.0.0.7"]})) for one in entries]
        monkeypatch.setattr(incus, "read_all", lambda daemons, **more: (rows, list(failed)))
        made = InventoryData()
        Plugin(cache, options).parse(made, DataLoader(), "lab.incus.yml")
        return made

    return inventory


def test_files_are_taken_by_their_name(tmp_path):
    for name in ("lab.incus.yml", "lxd.yaml", "hosts.yml"):
        (tmp_path / name).touch()
    taken = [name.name for name in sorted(tmp_path.iterdir()) if incus.InventoryModule().verify_file(str(name))]
    assert taken == ["lab.incus.yml", "lxd.yaml"]


def test_instances_are_hosts_with_their_connection_and_groups(hosts):
    made = hosts(
        [entry(), entry("b")],
        keyed_groups=[{"key": "incus_fleet", "separator": ""}],
        groups={"north": "incus_config['user.site'] == 'north'"},
        compose={"site": "incus_config['user.site'] | upper"},
    )
    assert made.get_groups_dict()["edge"] == made.get_groups_dict()["north"] == ["a", "b"]
    told = made.get_host("a").get_vars()
    assert told["ansible_connection"] == "nfvlab.fleet.incus" and told["site"] == "NORTH"


def test_addresses_can_be_connected_to_instead(hosts):
    told = hosts([entry()], connect="address").get_host("a").get_vars()
    assert told["ansible_host"] == "10.0.0.7" and "ansible_connection" not in told


def test_hosts_are_named_by_an_expression(hosts):
    made = hosts([entry(), entry(project="other")], hostname="incus_project ~ '-' ~ incus_name")
    assert sorted(made.hosts) == ["default-a", "other-a"]


@pytest.mark.parametrize(
    ("entries", "options", "said"),
    [
        ([entry(), entry(project="other")], {}, "two instances make a host 'a'"),
        ([entry()], {"hostname": "incus_nmae"}, "'hostname' cannot be evaluated"),
        ([], {"daemons": [{"socket": "/s", "remote": "local"}]}, "leave one of the two out"),
        ([entry()], {"groups": {"x": "nothing == 1"}, "strict": True}, "nothing"),
        ([], {"daemon": []}, "unknown option 'daemon': did you mean 'daemons'?"),
        ([], {"daemons": [{}, {"projcts": ["a"]}]}, "daemons[1]: unknown option 'projcts': did you mean 'projects'?"),
        ([], {"daemons": [None]}, "daemons[0]: it is of type NoneType"),
        ([], {"timeout": 0}, "'timeout' is 0; give a number of seconds above 0"),
    ],
)
def test_what_cannot_be_is_a_failure(hosts, entries, options, said):
    with pytest.raises(AnsibleError) as caught:
        hosts(entries, **options)
    assert said in str(caught.value)


def test_a_daemon_that_is_down_is_a_warning_and_in_strict_mode_a_failure(hosts, monkeypatch):
    told = []
    monkeypatch.setattr(incus.display, "warning", told.append)
    down = [(LOCAL, Unreachable("nobody listens"))]
    assert "a" in hosts([entry()], failed=down).hosts
    assert told == ["The daemon 'local' is left out: nobody listens"]
    with pytest.raises(AnsibleError, match="the daemon 'local': nobody listens"):
        hosts([entry()], failed=down, strict=True)


def test_what_was_read_is_remembered_only_when_every_daemon_answered(hosts):
    down = [(LOCAL, Unreachable("nobody listens"))]
    assert set(hosts([entry("a")], failed=down, cache=True).hosts) == {"a"}
    assert set(hosts([entry("b")], cache=True).hosts) == {"b"}
    assert set(hosts([entry("c")], cache=True).hosts) == {"b"}
    assert set(hosts([entry("d")]).hosts) == {"d"}


def test_what_was_read_before_the_file_was_changed_is_not_what_it_asks_for(hosts):
    assert set(hosts([entry("a")], cache=True).hosts) == {"a"}
    assert set(hosts([entry("b")], cache=True, daemons=[{"projects": ["lab"]}]).hosts) == {"b"}
    assert set(hosts([entry("c")], cache=True, addresses="state").hosts) == {"c"}
    assert set(hosts([entry("d")], cache=True, compose={"x": "1"}).hosts) == {"a"}
