# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trust: certificates, tokens and remotes, without a daemon (incus_certificate, incus_trust_token, incus_remote)."""

from __future__ import annotations

import contextlib
import json
import ssl

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core import errors
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import UnixEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.tls import TLSEndpoint
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.answers import error_for
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.certificate import Certificate
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client_remote import (
    ClientRemote,
    Configure,
    Folder,
    first_configuration,
)
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.plainyaml import load
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.trust_token import (
    Token,
    TrustToken,
    decode,
    encode,
    redemption,
    refused,
)

from .helpers import sends, task

# A certificate of its own, and its fingerprint as openssl tells it.
PEM = """\
-----BEGIN CERTIFICATE-----
MIIBdjCCARugAwIBAgIUbHlSayPQHU7JNq3huUrM/Jvmj5kwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEbmZ2dDAgFw0yNjExMjEyMjA5MTdaGA8yMTI2MTAyODIyMDkx
N1owDzENMAsGA1UEAwwEbmZ2dDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBJ7
NYrl8fn5gtSQq/Ao3RhxLmov1sxHY4vS+7g0dflnKznrhElZhyzk34yI04zvkZns
vd/AZaDYWch5/y/4Zd6jUzBRMB0GA1UdDgQWBBQmj+wbSxq4co4FFmmkDGAlRYj6
LTAfBgNVHSMEGDAWgBQmj+wbSxq4co4FFmmkDGAlRYj6LTAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0kAMEYCIQCud5O/Xln/hCAY9M2oc7K8mMIVFCuKzqM6
UQEuPHj5xAIhAPEp1C2yHMb32MAXLFgNtzTxB7KgFWL8hjFoyPVP2zkt
-----END CERTIFICATE-----
"""
FINGERPRINT = "7beec35664da33aaa550716b4a268e7214f63e1d9ce77af71ae9d1a07fc5f1db"
OTHER = "ab" * 32


class Daemon(Client):
    """Has what a test gives it."""

    def __init__(self, certificates=(), operations=(), extensions=("certificate_description",), listens=True):
        super().__init__(UnixEndpoint("/s"))
        config = {"core.https_address": ":8443"} if listens else {}
        self._server = {"environment": {"server": "incus"}, "api_extensions": extensions, "config": config}
        self.certificates = list(certificates)
        self.operations = list(operations)

    def get(self, path, query=None):
        if path == "/1.0/certificates":
            return self.certificates
        if path == "/1.0/operations":
            return {"running": self.operations} if self.operations else {}
        if path == "/1.0/projects":
            return ["/1.0/projects/default", "/1.0/projects/edge"]
        found = [entry for entry in self.certificates if path.endswith(entry["fingerprint"])]
        if found:
            return found[0]
        raise errors.NotFound("no such thing")


def trusted(name="ops", fingerprint=FINGERPRINT, **rest):
    entry = {"name": name, "type": "client", "restricted": False, "projects": [], "fingerprint": fingerprint}
    return {**entry, "certificate": PEM, **rest}


def planned(resource, session, given, **rest):
    """The plan of a task, checked, and the task."""
    asked = task(resource, given, **rest)
    resource.prepare(session, asked)
    plan = resource.plan(resource.read(session, asked), asked)
    resource.check(session, plan, asked)
    return plan


# -- certificates


def test_a_new_certificate_is_sent_without_the_lines_around_it():
    plan = planned(Certificate(), Daemon(), {"name": "ops", "certificate": PEM, "projects": ["edge", "edge"]})
    [(method, target, body)] = sends(plan)
    assert (method, target) == ("POST", "/1.0/certificates")
    assert body.pop("certificate") == "".join(PEM.splitlines()[1:-1])
    assert body == {"name": "ops", "type": "client", "projects": ["edge"]}
    assert plan.after["fingerprint"] == FINGERPRINT


def test_a_certificate_may_be_a_file(tmp_path):
    (tmp_path / "ops.crt").write_text("a comment\n" + PEM + PEM)
    plan = planned(Certificate(), Daemon(), {"name": "ops", "certificate": str(tmp_path / "ops.crt")})
    assert plan.then["fingerprint"] == FINGERPRINT


@pytest.mark.parametrize(
    "given",
    [{"certificate": PEM}, {"fingerprint": FINGERPRINT[:12]}, {"fingerprint": FINGERPRINT.upper()}, {"name": "ops"}],
)
def test_a_certificate_is_known_by_its_content_its_fingerprint_or_its_name(given):
    session = Daemon([trusted("other", OTHER), trusted(projects=["edge", "default"])])
    assert planned(Certificate(), session, {**given, "projects": ["default", "edge"]}).changed == []
    plan = planned(Certificate(), session, {**given, "restricted": True})
    assert [step[:2] for step in sends(plan)] == [("PUT", f"/1.0/certificates/{FINGERPRINT}")]
    gone = planned(Certificate(), session, {**given, "state": "absent"})
    assert [step[:2] for step in sends(gone)] == [("DELETE", f"/1.0/certificates/{FINGERPRINT}")]


def test_one_that_is_known_by_its_content_gets_another_name():
    plan = planned(Certificate(), Daemon([trusted()]), {"name": "new", "certificate": PEM})
    assert plan.changed == ["name"] and plan.then["name"] == "new"


@pytest.mark.parametrize(
    ("session", "given", "kind", "said"),
    [
        (Daemon(), {}, "invalid_option", "say which certificate is meant"),
        (Daemon(), {"name": ""}, "invalid_option", "'name' is empty"),
        (Daemon(), {"fingerprint": "abc"}, "invalid_option", "'fingerprint' is 'abc'; give 12 to 64"),
        (Daemon(), {"fingerprint": "x" * 64, "state": "absent"}, "invalid_option", "hexadecimal digits"),
        (Daemon(), {"name": "x"}, "invalid_option", "a new one needs its 'certificate'"),
        (Daemon(), {"certificate": PEM}, "invalid_option", "a new one needs 'name'"),
        (Daemon(), {"certificate": PEM[:200]}, "invalid_option", "'certificate' holds a certificate that is damaged"),
        (Daemon(), {"certificate": "/none"}, "invalid_option", "cannot read 'certificate' from '/none'"),
        (Daemon(), {"certificate": PEM, "fingerprint": OTHER}, "invalid_option", "'fingerprint' says another"),
        (Daemon(), {"name": "x", "certificate": PEM, "projects": ["edgy"]}, "missing_reference", "mean 'edge'"),
        (
            Daemon(extensions=()),
            {"name": "x", "certificate": PEM, "description": "d"},
            "unsupported",
            "cannot do descriptions of certificates: it lacks the API extension 'certificate_description'",
        ),
        (Daemon([trusted()]), {"name": "ops", "type": "metrics"}, "immutable", "field 'type' is 'client'"),
        (
            Daemon([trusted(fingerprint=OTHER)]),
            {"name": "ops", "certificate": PEM},
            "conflict",
            f"belongs to another certificate, {OTHER[:12]}, and this one has {FINGERPRINT[:12]}",
        ),
        (
            Daemon([trusted(), trusted(fingerprint=OTHER)]),
            {"name": "ops", "state": "absent"},
            "conflict",
            f"there are 2 of them: {FINGERPRINT[:12]}, {OTHER[:12]}",
        ),
    ],
)
def test_what_cannot_be_is_said(session, given, kind, said):
    with pytest.raises(errors.FleetError, match=said.replace("(", r"\(")) as failed:
        planned(Certificate(), session, given)
    assert failed.value.kind == kind


def test_what_a_restricted_certificate_may_not_do_is_forbidden_whatever_the_code():
    for text in ('User does not have permissions for project "default"', "Certificate is restricted"):
        assert error_for(500, text, "/").kind == "forbidden"


def test_an_object_that_a_restricted_certificate_may_not_see_is_not_called_missing():
    class Restricted(Daemon):
        def get(self, path, query=None):
            if path == "/1.0/projects/other":
                raise errors.Forbidden("no permission")
            return super().get(path, query)

    with pytest.raises(errors.Forbidden, match="certificate 'x': no permission"):
        planned(Certificate(), Restricted(), {"name": "x", "certificate": PEM, "projects": ["other"]})


def test_a_private_key_is_no_certificate_and_is_not_shown():
    key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----\n"
    with pytest.raises(errors.InvalidOption, match="the text in 'certificate' holds no certificate") as failed:
        planned(Certificate(), Daemon(), {"name": "x", "certificate": key})
    assert "MIGHAgEA" not in str(vars(failed.value))


# -- tokens

TOKEN = Token("ops", OTHER, ("192.0.2.1:8443", "[2001:db8::1]:8443"), "s3cr3t")


def test_a_token_is_what_the_command_line_shows():
    text = encode(TOKEN)
    assert decode(f" {text}\n") == TOKEN and not TOKEN.expired
    # From 'incus config trust add'.
    shown = (
        "eyJjbGllbnRfbmFtZSI6ImEiLCJmaW5nZXJwcmludCI6IjZlZDk5ZTI0NmU5ZmZlYTYyNjllNzdiYmNhOTFjNjgyZWRmODI3MWQ0MTc3ODUz"
        "YmFkZDA4YTk0ODFjYWE5YTEiLCJhZGRyZXNzZXMiOlsiMTI3LjAuMC4xOjg0NDMiXSwic2VjcmV0IjoieCIsImV4cGlyZXNfYXQiOiIyMDI2"
        "LTExLTIxVDIxOjU3OjUwLjE2NDkwMjg2WiJ9"
    )
    token = decode(shown)
    assert (token.name, token.addresses, token.secret) == ("a", ("127.0.0.1:8443",), "x")
    assert encode(token) == shown


def test_a_token_has_its_time():
    assert TOKEN._replace(expires_at=OLD).expired and not TOKEN._replace(expires_at="2999-01-01T00:00:00Z").expired


@pytest.mark.parametrize(
    "text",
    ["", "x", "e30=", "bnVsbA==", encode(TOKEN._replace(fingerprint="x")), encode(TOKEN)[4:]]
    + [encode(TOKEN._replace(expires_at=never)) for never in ("soon", 5)],
)
def test_what_is_no_token_is_said_without_its_text(text):
    with pytest.raises(errors.InvalidOption, match="'token' is no trust token; have a new one") as failed:
        decode(text)
    assert not text or text not in str(failed.value).split()


def test_a_token_that_could_not_be_kept_is_not_issued(tmp_path):
    given = {"name": "ops", "path": str(tmp_path / "none" / "token")}
    with pytest.raises(errors.InvalidOption, match=f"there is no folder '{tmp_path}/none'; make it first"):
        planned(TrustToken(), Daemon(), given)


@pytest.mark.parametrize(
    ("extensions", "key"),
    [(("dev_incus_events",), "trust_token"), (("explicit_trust_token",), "trust_token"), (("etag",), "password")],
)
def test_each_brand_is_asked_in_its_own_way(extensions, key):
    request = redemption(Daemon(extensions=extensions), "TOKEN\n")
    assert request.body == {"type": "client", key: "TOKEN"}
    assert "TOKEN" not in str(request.describe())


def test_a_token_that_is_not_taken_is_one_sentence():
    for code, text, said in (
        (403, "No matching certificate add operation found", "it was used, revoked or expired"),
        (500, "Failed during search for certificate add token operation: Token has expired", "the token has expired"),
    ):
        error = refused(error_for(code, text, "/"))
        assert error.kind == "forbidden" and said in str(error) and "incus_trust_token" in str(error)
    gone = errors.Unreachable("gone")
    assert refused(gone) is gone


def pending(number="1", name="ops", expires_at=None, **request):
    asked = {"name": name, "type": "client", "restricted": False, "projects": [], "token": True, **request}
    metadata = {"fingerprint": OTHER, "addresses": ["h:1"], "secret": "s3cr3t", "request": asked}
    return {
        "id": number,
        "class": "token",
        "metadata": {**metadata, **({"expiresAt": expires_at} if expires_at else {})},
    }


OLD = "2020-01-01T00:00:00.5Z"
JOIN = {"id": "7", "class": "token", "metadata": {"serverName": "ops", "secret": "x"}}
BUSY = {"id": "8", "class": "task", "metadata": None}


@pytest.mark.parametrize(
    ("session", "given", "sent"),
    [
        (Daemon(operations=[JOIN, BUSY]), {}, [("POST", "/1.0/certificates")]),
        (Daemon(operations=[pending("2", "else")]), {}, [("POST", "/1.0/certificates")]),
        (Daemon(operations=[pending()]), {"restricted": False, "projects": []}, []),
        (
            Daemon(operations=[pending()]),
            {"restricted": True},
            [("POST", "/1.0/certificates"), ("DELETE", "/1.0/operations/1")],
        ),
        (
            Daemon(operations=[pending(expires_at=OLD)]),
            {},
            [("POST", "/1.0/certificates"), ("DELETE", "/1.0/operations/1")],
        ),
        (Daemon([trusted()]), {"restricted": True}, []),
        (Daemon([trusted()], listens=False), {}, []),
        (
            Daemon(operations=[pending(), pending("2")]),
            {"state": "absent"},
            [("DELETE", "/1.0/operations/1"), ("DELETE", "/1.0/operations/2")],
        ),
        (Daemon(), {"state": "absent"}, []),
    ],
)
def test_a_token_is_issued_once(session, given, sent):
    plan = planned(TrustToken(), session, {"name": "ops", **given})
    assert [(step.describe()["method"], step.describe()["path"]) for step in plan.steps] == sent


def test_a_token_shows_nowhere_but_in_its_file(tmp_path):
    path = tmp_path / "token"
    resource = TrustToken()
    session = Daemon(operations=[pending(expires_at="2999-01-01T00:00:00Z")])
    plan = planned(resource, session, {"name": "ops", "path": str(path)})
    assert plan.before["path"] == "no such file" and [step.describe()["path"] for step in plan.steps] == [str(path)]
    plan.steps[0].perform(session)
    assert decode(path.read_text()).secret == "s3cr3t" and path.stat().st_mode & 0o777 == 0o600
    assert planned(TrustToken(), session, {"name": "ops", "path": str(path)}).steps == []
    shown = json.dumps([plan.have, plan.then, plan.before, plan.after, [step.describe() for step in plan.steps]])
    assert "s3cr3t" not in shown and path.read_text().strip() not in shown
    path.chmod(0o640)
    assert planned(TrustToken(), session, {"name": "ops", "path": str(path)}).before["path"] == "something else"
    with pytest.raises(errors.InvalidOption, match="cannot use the file '/proc': Is a directory"):
        planned(TrustToken(), session, {"name": "ops", "path": "/proc"})


def test_a_daemon_that_does_not_listen_issues_no_token():
    with pytest.raises(errors.Refused, match="set it with nfvlab.fleet.incus_server"):
        planned(TrustToken(), Daemon(listens=False), {"name": "ops"})
    warned = []
    planned(TrustToken(), Daemon(listens=False), {"name": "ops"}, check_mode=True, warn=warned.append)
    assert len(warned) == 1 and "core.https_address" in warned[0]
    with pytest.raises(errors.Unsupported, match="'certificate_description'"):
        planned(TrustToken(), Daemon(extensions=()), {"name": "ops", "description": "x"})


def test_who_comes_over_tls_is_not_told_that_the_daemon_does_not_listen():
    session = Daemon(listens=False)  # as it looks to a restricted certificate
    session.transport.endpoint = TLSEndpoint("h", 8443, FINGERPRINT)
    assert planned(TrustToken(), session, {"name": "ops"}).steps


# -- remotes


def remote(folder, check_mode=False, **given):
    return planned(ClientRemote(), Folder(str(folder)), {"name": "lab", **given}, check_mode=check_mode)


def test_the_first_remote_does_not_make_the_client_forget_what_it_knows(tmp_path):
    own = tmp_path / "own"
    for step in remote(own, addr="unix:///x", project="edge", default=True).steps:
        step.perform(Folder(str(own)))
    written = load((own / "config.yml").read_text())
    assert written["default-remote"] == "lab"
    assert written["remotes"]["lab"] == {"addr": "unix:///x", "protocol": "incus", "project": "edge"}
    assert written["remotes"]["images"]["addr"] == "https://images.linuxcontainers.org"
    assert remote(own, addr="unix:///x", project="edge", default=True).steps == []
    assert set(first_configuration("lxd")["remotes"]) > {"local", "images", "ubuntu"}


def test_what_is_not_ours_stays():
    have = {
        "default-remote": "lab",
        "defaults": {"list_format": "compact"},
        "remotes": {"lab": {"addr": "a", "keepalive": 30, "project": "x"}, "other": {"addr": "b"}},
        "aliases": {"sh": "exec"},
    }
    changed = Configure("lab", {"addr": "c", "project": ""}, False, "incus", ()).applied(have)
    assert changed == {
        **have,
        "default-remote": "local",
        "remotes": {"lab": {"addr": "c", "keepalive": 30}, "other": {"addr": "b"}},
    }
    gone = Configure("other", None, False, "incus", ()).applied(have)
    assert gone == {**have, "remotes": {"lab": have["remotes"]["lab"]}}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "local", "addr": "unix:/x"}, "'local' is the client's own"),
        ({"name": "a:b", "addr": "unix:/x"}, "which no remote can have"),
        ({"name": "..", "addr": "unix:/x"}, "which no remote can have"),
        ({}, "a new one needs its 'addr' or a 'token'"),
        ({"addr": "ftp://x"}, "'addr' is 'ftp://x'; write 'https://HOST:8443'"),
        ({"addr": "https://x:99999"}, "'addr' is 'https://x:99999'"),
        ({"addr": "https://x", "timeout": 0}, "'timeout' is 0"),
        ({"addr": "https://x", "server_fingerprint": "ab"}, "it has 64 hexadecimal digits"),
        ({"addr": "https://x", "token": "x"}, "'token' is no trust token"),
        ({"addr": "unix:/x", "token": encode(TOKEN)}, "'token' means nothing to 'unix:/x'"),
        ({"addr": "https://x", "public": True, "token": encode(TOKEN)}, "nothing to a public remote"),
        ({"addr": "https://x", "protocol": "simplestreams", "server_fingerprint": OTHER}, "'server_fingerprint' means"),
        ({"token": encode(TOKEN._replace(addresses=()))}, "the 'token' names no address"),
    ],
)
def test_what_is_no_remote_is_said_and_nothing_is_written(given, said, tmp_path):
    with pytest.raises(errors.InvalidOption, match=said):
        remote(tmp_path / "own", **given)
    assert not (tmp_path / "own").exists()


def test_an_old_token_is_said_before_anything_is_made(tmp_path):
    old = encode(TOKEN._replace(expires_at=OLD, fingerprint=FINGERPRINT, addresses=TOKEN.addresses[:1]))
    with pytest.raises(errors.Forbidden, match="the token has expired"):
        remote(tmp_path / "own", token=old, server_cert=PEM)


def test_the_first_address_of_a_token_that_answers_is_taken(tmp_path, monkeypatch):
    answering = {"second"}

    class Shown:
        def getpeercert(self, binary_form):
            return ssl.PEM_cert_to_DER_cert(PEM)

    def connect(endpoint, timeout):
        assert endpoint.fingerprint == FINGERPRINT
        if endpoint.host not in answering:
            raise errors.Unreachable("cannot connect: no route")
        return contextlib.nullcontext(Shown())

    monkeypatch.setattr(TLSEndpoint, "connect", connect)
    token = encode(TOKEN._replace(fingerprint=FINGERPRINT, addresses=("first:1", "second:2", "third:3")))
    assert remote(tmp_path / "own", token=token, server_cert=PEM).then["addr"] == "https://second:2"
    answering.clear()
    with pytest.raises(errors.Unreachable, match="at none of the addresses .*; at third:3: cannot connect: no route"):
        remote(tmp_path / "own", token=token, server_cert=PEM)
    assert remote(tmp_path / "own", token=token, server_cert=PEM, check_mode=True).then["addr"] == "https://first:1"


def test_a_remote_is_planned_whole_without_asking_a_server_whose_certificate_is_given(tmp_path, monkeypatch):
    token = TOKEN._replace(fingerprint=FINGERPRINT, addresses=TOKEN.addresses[:1])
    given = {"token": encode(token), "server_cert": PEM}
    plan = remote(tmp_path / "own", **given)
    assert [step.describe()["path"] for step in plan.steps] == [
        "client.crt",
        "https://192.0.2.1:8443/1.0/certificates",
        "servercerts/lab.crt",
        "config.yml",
    ]
    assert plan.after["server_fingerprint"] == FINGERPRINT and plan.after["trusted"] is True
    v6 = encode(token._replace(addresses=TOKEN.addresses[1:]))
    assert remote(tmp_path / "own", token=v6, server_cert=PEM).then["addr"] == "https://[2001:db8::1]:8443"
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(errors.Unsupported, match="no program 'openssl' to make one; install it, or put 'client.crt'"):
        remote(tmp_path / "own", **given)


def test_a_removed_remote_takes_its_pin_along_and_is_the_default_no_more(tmp_path):
    (tmp_path / "config.yml").write_text("default-remote: lab\nremotes:\n  lab:\n    addr: unix://\n")
    (tmp_path / "servercerts").mkdir()
    (tmp_path / "servercerts" / "lab.crt").write_text(PEM)
    plan = remote(tmp_path, state="absent")
    assert plan.before == {"state": "present", "addr": "unix://", "default": True}
    for step in plan.steps:
        step.perform(Folder(str(tmp_path)))
    assert load((tmp_path / "config.yml").read_text()) == {"default-remote": "local", "remotes": {}}
    assert not (tmp_path / "servercerts" / "lab.crt").exists()
    assert remote(tmp_path, state="absent").steps == []


def test_a_folder_that_cannot_be_written_is_named():
    with pytest.raises(errors.InvalidOption, match="cannot write '/proc/none': .*; use 'become_user'"):
        Folder("/proc/none").perform(Configure("lab", {"addr": "unix:///x"}, False, "incus", ()))
