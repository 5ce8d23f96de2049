# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Buckets in a local pool. The daemon keeps them with MinIO, which few hosts have: without it, it says so."""

from __future__ import annotations

import os
import shutil
import subprocess
import typing as t

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.http import Request
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.client import Client

from .conftest import Result, free_port, run_module, sweep

BUCKETS = "/1.0/storage-pools/nfvt-pool/buckets"
BUCKET = {"pool": "nfvt-pool", "name": "nfvt-bucket"}
KEY = {"pool": "nfvt-pool", "bucket": "nfvt-bucket"}

has_minio = bool(shutil.which("minio") and shutil.which("mc"))


def ok(module: str, **args: t.Any) -> Result:
    done = run_module(module, args)
    assert not done.failed, done["msg"]
    return done


@pytest.fixture
def address(client: Client) -> t.Iterator[str]:
    """Where the daemon serves its buckets, for one test with a pool."""
    sweep(client)
    config = client.get("/1.0")["config"]
    names = ("core.https_address", "core.storage_buckets_address")
    address = f"127.0.0.1:{free_port()}"
    try:
        given = config.get(names[0]) or f"127.0.0.1:{free_port()}"
        ok("incus_server", config={names[0]: given, names[1]: address})
        ok("incus_storage_pool", name="nfvt-pool", driver="dir")
        yield address
    finally:
        if client.find("/1.0/storage-pools/nfvt-pool"):
            for name in client.names(BUCKETS) or ():
                client.perform(Request("DELETE", f"{BUCKETS}/{name}"))
        sweep(client)
        ok("incus_server", config={name: config.get(name) for name in names})


@pytest.mark.skipif(has_minio, reason="this host has MinIO, so the daemon does not miss it")
def test_a_host_without_minio_is_told_what_it_lacks(address: str, client: Client) -> None:
    refused = run_module("incus_storage_bucket", BUCKET)
    assert refused["failure"]["kind"] == "refused" and "\n" not in refused["msg"]
    assert "Couldn't find the MinIO client tool" in refused["msg"]
    assert "install MinIO and its client 'mc' on the daemon's host" in refused["msg"]
    assert client.names(BUCKETS) == []


@pytest.mark.skipif(not has_minio, reason="this host has no MinIO ('minio' and 'mc') for buckets in a local pool")
def test_a_bucket_and_its_keys_work_over_s3(address: str, client: Client) -> None:
    made = ok("incus_storage_bucket", **BUCKET, description="Results")
    assert made["storage_bucket"]["s3_url"] == f"https://{address}/nfvt-bucket"
    assert not ok("incus_storage_bucket", **BUCKET, description="Results")["changed"]
    changed = ok("incus_storage_bucket", **BUCKET, description=None, config={"user.owner": "me"})
    assert [action["method"] for action in changed["actions"]] == ["PUT"]
    assert changed["storage_bucket"]["description"] == ""

    admin = ok("incus_storage_bucket_key", **KEY, name="admin", return_credentials=True)
    assert not admin["changed"] and set(admin["credentials"]) == {"access_key", "secret_key"}
    assert admin["storage_bucket_key"]["secret_key"] == "********"
    assert "credentials" not in ok("incus_storage_bucket_key", **KEY, name="admin")

    secret = "nfvt-secret-of-readers"
    reader = {**KEY, "name": "reader", "access_key": "nfvtreader"}
    predicted = run_module("incus_storage_bucket_key", {**reader, "secret_key": secret}, check=True)
    made = ok("incus_storage_bucket_key", **reader, secret_key=secret)
    assert (predicted["changed"], predicted["diff"]) == (made["changed"], made["diff"]) and secret not in str(made)
    assert not ok("incus_storage_bucket_key", **reader, secret_key=secret)["changed"]

    def s3(pair: t.Mapping[str, str], *command: str) -> int:
        host = f"https://{pair['access_key']}:{pair['secret_key']}@{address}"
        run = ["mc", "--insecure", "--quiet", *command]
        variables = {**os.environ, "MC_HOST_nfvt": host}
        return subprocess.run(run, env=variables, capture_output=True, check=False).returncode

    both = {"access_key": "nfvtreader", "secret_key": secret}
    assert s3(admin["credentials"], "cp", "/etc/hostname", "nfvt/nfvt-bucket/file") == 0
    assert s3(both, "cat", "nfvt/nfvt-bucket/file") == 0
    assert s3(both, "rm", "nfvt/nfvt-bucket/file") != 0
    assert s3({**both, "secret_key": "nfvt-another-secret"}, "cat", "nfvt/nfvt-bucket/file") != 0

    short = run_module("incus_storage_bucket_key", {**reader, "secret_key": "short"})
    assert short["failure"]["kind"] == "invalid_option" and "'secret_key' has 5 characters" in short["msg"]
    assert s3(both, "cat", "nfvt/nfvt-bucket/file") == 0
    ok("incus_storage_bucket_key", **reader, role="admin")
    assert s3(both, "rm", "nfvt/nfvt-bucket/file") == 0
    ok("incus_storage_bucket_key", **reader, state="absent")
    assert s3(both, "ls", "nfvt/nfvt-bucket") != 0
    ok("incus_storage_bucket", **BUCKET, state="absent")
    assert not ok("incus_storage_bucket_key", **reader, state="absent")["changed"]
