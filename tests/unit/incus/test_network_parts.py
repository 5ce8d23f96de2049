# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What belongs to networks: forwards, load balancers, peers, ACLs, zones and their records, integrations.

incus_network_forward, incus_network_load_balancer, incus_network_peer, incus_network_acl, incus_network_zone,
incus_network_zone_record, incus_network_integration.
"""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.secrets import MASK
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import NoDaemon
from ansible_collections.nfvlab.fleet.plugins.modules.incus_network_acl import NETWORK_ACL
from ansible_collections.nfvlab.fleet.plugins.modules.incus_network_forward import NETWORK_FORWARD
from ansible_collections.nfvlab.fleet.plugins.modules.incus_network_integration import NETWORK_INTEGRATION
from ansible_collections.nfvlab.fleet.plugins.modules.incus_network_load_balancer import NETWORK_LOAD_BALANCER
from ansible_collections.nfvlab.fleet.plugins.modules.incus_network_peer import NETWORK_PEER
from ansible_collections.nfvlab.fleet.plugins.modules.incus_network_zone import NETWORK_ZONE
from ansible_collections.nfvlab.fleet.plugins.modules.incus_network_zone_record import NETWORK_ZONE_RECORD

from .helpers import sends, task

FORWARD = {"network": "n", "listen_address": "192.0.2.1"}


class Daemon(NoDaemon):
    """Has the given objects by path, and remembers where it was looked."""

    def __init__(self, **objects):
        super().__init__()
        self.objects = objects
        self.asked = []

    def find(self, path, query=None):
        self.asked.append(path)
        return self.objects.get(path.rsplit("/", 1)[-1])


def test_a_forward_is_told_by_its_address_in_one_form():
    wanted = task(NETWORK_FORWARD, {**FORWARD, "listen_address": "2001:DB8::0001", "project": "a"})
    NETWORK_FORWARD.prepare(Daemon(), wanted)
    plan = NETWORK_FORWARD.plan(None, wanted)
    assert plan.label == "network forward '2001:db8::1' of network 'n' of project 'a'"
    assert sends(plan) == [("POST", "/1.0/networks/n/forwards?project=a", {"listen_address": "2001:db8::1"})]
    assert NETWORK_FORWARD.path(wanted.params) == "/1.0/networks/n/forwards/2001%3Adb8%3A%3A1"


def test_ports_are_compared_in_the_daemons_spelling_and_with_their_defaults():
    shown = {
        "description": "",
        "protocol": "tcp",
        "listen_port": "80,90",
        "target_port": "",
        "target_address": "10.0.0.1",
    }
    given = {"listen_port": " 80 , 90", "target_address": "10.0.0.1"}
    have = {"listen_address": "192.0.2.1", "ports": [shown], "config": {}, "location": "none"}
    assert NETWORK_FORWARD.plan(have, task(NETWORK_FORWARD, {**FORWARD, "ports": [given]})).steps == []
    other = {**given, "protocol": "udp"}
    plan = NETWORK_FORWARD.plan(have, task(NETWORK_FORWARD, {**FORWARD, "ports": [other, given]}))
    tcp = {"protocol": "tcp", "listen_port": "80,90", "target_address": "10.0.0.1"}
    assert plan.before == {"ports": [tcp]} and plan.after == {"ports": [{**tcp, "protocol": "udp"}, tcp]}
    assert sends(plan) == [
        (
            "PUT",
            "/1.0/networks/n/forwards/192.0.2.1?project=default",
            {**have, "ports": [{**tcp, "protocol": "udp"}, tcp]},
        )
    ]
    swapped = NETWORK_FORWARD.plan(
        {**have, "ports": plan.then["ports"]}, task(NETWORK_FORWARD, {**FORWARD, "ports": [given, other]})
    )
    assert swapped.changed == ["ports"]


def test_a_wrong_port_is_named_with_its_place():
    with pytest.raises(errors.InvalidOption, match=r"'99999' in 'ports\[1\]\.target_port' is no port"):
        NETWORK_FORWARD.plan(
            None,
            task(
                NETWORK_FORWARD,
                {
                    **FORWARD,
                    "ports": [
                        {"listen_port": "80", "target_address": "10.0.0.1"},
                        {"listen_port": "81", "target_port": "99999", "target_address": "10.0.0.1"},
                    ],
                },
            ),
        )


def test_a_load_balancer_has_backends_and_ports():
    given = {
        **FORWARD,
        "config": {"healthcheck": True},
        "backends": [
            {"name": "a", "target_address": "10.0.0.1"},
            {"name": "b", "target_address": "10.0.0.2", "target_port": "81"},
        ],
        "ports": [{"listen_port": "80", "target_backend": ["a", "b"]}],
    }
    plan = NETWORK_LOAD_BALANCER.plan(None, task(NETWORK_LOAD_BALANCER, given))
    body = {
        "listen_address": "192.0.2.1",
        "config": {"healthcheck": "true"},
        "backends": given["backends"],
        "ports": [{"protocol": "tcp", "listen_port": "80", "target_backend": ["a", "b"]}],
    }
    assert sends(plan) == [("POST", "/1.0/networks/n/load-balancers?project=default", body)]
    shown = {
        **body,
        "description": "",
        "backends": [{"description": "", "target_port": "", **backend} for backend in body["backends"]],
        "ports": [{"description": "", **port} for port in body["ports"]],
    }
    assert NETWORK_LOAD_BALANCER.plan(shown, task(NETWORK_LOAD_BALANCER, given)).steps == []
    fewer = {**given, "ports": [{"listen_port": "80", "target_backend": ["b"]}]}
    assert NETWORK_LOAD_BALANCER.plan(shown, task(NETWORK_LOAD_BALANCER, fewer)).changed == ["ports"]
    gone = NETWORK_LOAD_BALANCER.plan(shown, task(NETWORK_LOAD_BALANCER, {**FORWARD, "state": "absent"}))
    assert sends(gone) == [("DELETE", "/1.0/networks/n/load-balancers/192.0.2.1?project=default", None)]


def test_a_peer_is_local_unless_it_is_said_and_keeps_its_target():
    given = {"network": "n", "name": "p", "project": "red", "target_project": "blue", "target_network": "n"}
    plan = NETWORK_PEER.plan(None, task(NETWORK_PEER, given))
    body = {"name": "p", "type": "local", "target_project": "blue", "target_network": "n"}
    assert sends(plan) == [("POST", "/1.0/networks/n/peers?project=red", body)]
    have = {**body, "status": "Pending", "description": "", "config": {}, "used_by": []}
    assert NETWORK_PEER.plan(have, task(NETWORK_PEER, given)).steps == []
    with pytest.raises(errors.Immutable, match="field 'target_network' is 'n'"):
        NETWORK_PEER.plan(have, task(NETWORK_PEER, {**given, "target_network": "m"}))
    changed = NETWORK_PEER.plan(have, task(NETWORK_PEER, {"network": "n", "name": "p", "config": {"user.a": 1}}))
    assert sends(changed) == [("PUT", "/1.0/networks/n/peers/p?project=default", {**have, "config": {"user.a": "1"}})]


def test_rules_are_an_ordered_list_with_states():
    allow = {"action": "allow", "protocol": "tcp", "destination_port": "22", "source": "10.0.0.1 , 10.0.0.2"}
    drop = {"action": "drop", "state": "logged"}
    plan = NETWORK_ACL.plan(None, task(NETWORK_ACL, {"name": "a", "ingress": [allow, drop]}))
    stored = [{**allow, "state": "enabled", "source": "10.0.0.1,10.0.0.2"}, drop]
    assert sends(plan) == [("POST", "/1.0/network-acls?project=default", {"name": "a", "ingress": stored})]
    have = {"name": "a", "ingress": stored, "egress": [], "config": {}, "description": "", "used_by": []}
    assert NETWORK_ACL.plan(have, task(NETWORK_ACL, {"name": "a", "ingress": [allow, drop]})).steps == []
    assert NETWORK_ACL.plan(have, task(NETWORK_ACL, {"name": "a", "ingress": [drop, allow]})).changed == ["ingress"]
    emptied = NETWORK_ACL.plan(have, task(NETWORK_ACL, {"name": "a", "ingress": None}))
    assert emptied.then["ingress"] == [] and emptied.changed == ["ingress"]


def test_what_has_another_name_is_changed_there_and_then_renamed():
    old = {"name": "old", "description": "", "config": {}, "ingress": [], "egress": []}
    session = Daemon(old=old)
    wanted = task(NETWORK_ACL, {"name": "new", "rename_from": "old", "description": "d"})
    plan = NETWORK_ACL.plan(NETWORK_ACL.read(session, wanted), wanted)
    assert session.asked == ["/1.0/network-acls/new", "/1.0/network-acls/old"]
    assert sends(plan) == [
        ("PUT", "/1.0/network-acls/old?project=default", {**old, "name": "new", "description": "d"}),
        ("POST", "/1.0/network-acls/old?project=default", {"name": "new"}),
    ]
    assert plan.before == {"name": "old", "description": ""} and plan.after == {"name": "new", "description": "d"}


def test_what_has_its_name_already_is_left_where_it_is():
    session = Daemon(old={"name": "old"}, new={"name": "new"})
    wanted = task(NETWORK_INTEGRATION, {"name": "new", "rename_from": "old"})
    assert NETWORK_INTEGRATION.plan(NETWORK_INTEGRATION.read(session, wanted), wanted).steps == []
    assert session.asked == ["/1.0/network-integrations/new"]


def test_a_former_name_is_never_deleted():
    session = Daemon(old={"name": "old"})
    gone = task(NETWORK_ACL, {"name": "new", "rename_from": "old", "state": "absent"})
    assert NETWORK_ACL.read(session, gone) is None


def test_an_integration_is_one_of_ovn_for_the_whole_daemon():
    plan = NETWORK_INTEGRATION.plan(None, task(NETWORK_INTEGRATION, {"name": "i", "config": {"ovn.client_key": "k"}}))
    body = {"name": "i", "type": "ovn", "config": {"ovn.client_key": "k"}}
    assert sends(plan) == [("POST", "/1.0/network-integrations", body)]
    assert plan.after["config"] == {"ovn.client_key": MASK}


def test_keys_of_zone_transfers_are_secrets():
    given = {"name": "example.net", "config": {"peers.ns1.key": "k", "peers.ns1.address": "192.0.2.53"}}
    wanted = task(NETWORK_ZONE, given, secrets=NETWORK_ZONE.secrets)
    plan = NETWORK_ZONE.plan(None, wanted)
    assert sends(plan) == [("POST", "/1.0/network-zones?project=default", given)]
    assert plan.after["config"] == {"peers.ns1.key": MASK, "peers.ns1.address": "192.0.2.53"}


def test_records_live_in_a_zone_and_a_time_of_none_is_not_shown():
    given = {"zone": "example.net", "name": "@", "entries": [{"type": "A", "value": "192.0.2.1", "ttl": None}]}
    plan = NETWORK_ZONE_RECORD.plan(None, task(NETWORK_ZONE_RECORD, given))
    body = {"name": "@", "entries": [{"type": "A", "value": "192.0.2.1"}]}
    assert plan.label == "network zone record '@' of zone 'example.net' of project 'default'"
    assert sends(plan) == [("POST", "/1.0/network-zones/example.net/records?project=default", body)]
    have = {"name": "@", "description": "", "config": {}, "entries": [{"type": "A", "value": "192.0.2.1", "ttl": 0}]}
    assert NETWORK_ZONE_RECORD.plan(have, task(NETWORK_ZONE_RECORD, given)).steps == []
    assert NETWORK_ZONE_RECORD.plan({**have, "entries": None}, task(NETWORK_ZONE_RECORD, given)).changed == ["entries"]


@pytest.mark.parametrize(
    ("record", "given", "extension"),
    [
        (NETWORK_FORWARD, FORWARD, "network_forward"),
        (NETWORK_LOAD_BALANCER, FORWARD, "network_load_balancer"),
        (NETWORK_PEER, {"network": "n", "name": "p"}, "network_peer"),
        (NETWORK_ACL, {"name": "a"}, "network_acl"),
        (NETWORK_ZONE, {"name": "z"}, "network_dns"),
        (NETWORK_ZONE_RECORD, {"zone": "z", "name": "r"}, "network_dns_records"),
        (NETWORK_INTEGRATION, {"name": "i"}, "network_integrations"),
    ],
)
def test_a_daemon_that_lacks_it_says_which_extension(record, given, extension):
    class Old(Daemon):
        def has(self, extension):
            return False

    wanted = task(record, given)
    with pytest.raises(errors.Unsupported, match=f"cannot do {record.title}s: it lacks .* '{extension}'"):
        record.check(Old(), record.plan(None, wanted), wanted)
