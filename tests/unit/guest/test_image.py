# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""incus_guest_image: whole images or none, each refusal with what it takes."""

from __future__ import annotations

import hashlib
import os

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._guest.image import Multipart

from tests.unit.guest.helpers import FORBIDDEN, NO_PAGE, STARTED, answer, peer, run_module

ONE = b"metadata and rootfs " * 50000
META, ROOTFS = b"metadata\r\n--not the boundary", b"\r\n--rootfs" * 30000
DIGEST = hashlib.sha256(ONE).hexdigest()
DIGEST_OF_TWO = hashlib.sha256(META + ROOTFS).hexdigest()
BOUNDARY = b"5a935f14281465a6abb166639fa09da4"
ENVELOPE = answer(
    {"type": "error", "error_code": 404, "error": "Image not found"}, 404, Content_Type="application/json"
)


def multipart(*parts, closed=True):
    """A content as the daemon makes it: it closes it twice."""
    content = b""
    for name, body in parts:
        content += (b"\r\n" if content else b"") + b"--" + BOUNDARY + b"\r\n"
        content += b'Content-Disposition: form-data; name="%s"; filename="x.tar"\r\n' % name
        content += b"Content-Type: application/octet-stream\r\n\r\n" + body
    return content + (b"\r\n--" + BOUNDARY + b"--\r\n") * 2 * closed


TWO = multipart((b"metadata", META), (b"rootfs", ROOTFS))


def head(size=None, kind="application/octet-stream", status=200):
    """The answer to HEAD: headers alone."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}"] + ([f"Content-Length: {size}"] if size else [])
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def answers(digest, content, **rest):
    """A daemon with one image."""
    two = content.startswith(b"--")
    target = f"/1.0/images/{digest}/export"
    kind = f"multipart/form-data; boundary={BOUNDARY.decode()}" if two else "application/octet-stream"
    return {f"HEAD {target}": head(None if two else len(content), kind), f"GET {target}": answer(content), **rest}


def export(tmp_path, given, check=False, **args):
    """Run the module on a daemon; its result, and what it asked."""
    with peer(tmp_path, given, f"run/sock{os.urandom(4).hex()}") as (server, _guest):
        result = run_module("incus_guest_image", {"socket": server.path, **args}, check=check)
    return result, server.asked


def files(tmp_path):
    return sorted(entry.name for entry in tmp_path.iterdir() if entry.name != "run")


# Parts


@pytest.mark.parametrize("size", [1, 2, 7, 1000, 1 << 20])
def test_parts_are_told_apart_in_blocks_of_any_size(size):
    content = TWO if size > 2 else multipart((b"metadata", META), (b"rootfs", ROOTFS[:500]))
    taken = {}

    def begin(name):
        taken[name] = bytearray()
        return taken[name].extend

    parts = Multipart(begin)
    for start in range(0, len(content), size):
        parts.feed(content[start : start + size])
    assert parts.ended and taken["metadata"] == META and taken["rootfs"] == ROOTFS[: len(taken["rootfs"])]
    assert len(taken["rootfs"]) in (500, len(ROOTFS))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a tar file, whatever\r\n\r\n", "does not begin with a boundary"),
        (b"--b\r\nContent-Type: x\r\n\r\n", "a part has no name"),
        (b"--b\r\n" + b"x" * (2 << 20), "a part has no headers"),
    ],
)
def test_what_is_no_multipart_is_told(content, said):
    with pytest.raises(ValueError, match=said):
        Multipart(lambda name: bytearray().extend).feed(content)


# One file


def test_an_image_is_foretold_exported_and_kept(tmp_path):
    path = tmp_path / "image.tar"
    args = {"fingerprint": DIGEST, "path": str(path)}
    foretold, asked = export(tmp_path, answers(DIGEST, ONE), check=True, **args)
    assert asked == [f"HEAD /1.0/images/{DIGEST}/export"] and files(tmp_path) == []
    done, _asked = export(tmp_path, answers(DIGEST, ONE), **args)
    assert path.read_bytes() == ONE and path.stat().st_mode & 0o777 == 0o644 and files(tmp_path) == ["image.tar"]
    assert foretold["changed"] and done["changed"] and foretold["diff"] == done["diff"]
    sent = {"method": "GET", "path": f"/1.0/images/{DIGEST}/export", "keys": [str(path)]}
    assert foretold["actions"] == [{**sent, "sent": False}] and done["actions"] == [{**sent, "sent": True}]
    assert done["image"]["files"][0]["sha256"] == done["image"]["fingerprint"] == DIGEST
    again, asked = export(tmp_path, answers(DIGEST, ONE), **{**args, "fingerprint": DIGEST.upper()})
    assert not again["changed"] and asked == []


def test_what_was_there_is_replaced_and_keeps_its_mode(tmp_path):
    path = tmp_path / "image.tar"
    path.write_text("older")
    path.chmod(0o600)
    done, _asked = export(tmp_path, answers(DIGEST, ONE), fingerprint=DIGEST, path=str(path))
    assert path.read_bytes() == ONE and path.stat().st_mode & 0o777 == 0o600
    assert done["diff"]["before"] == {"fingerprint": hashlib.sha256(b"older").hexdigest()}


def test_a_mode_alone_fetches_nothing(tmp_path):
    path = tmp_path / "image.tar"
    path.write_bytes(ONE)
    done, asked = export(tmp_path, {}, fingerprint=DIGEST, path=str(path), mode="0600")
    assert done["changed"] and asked == [] and path.stat().st_mode & 0o777 == 0o600
    assert done["image"]["files"][0]["mode"] == "0600"


def test_the_project_is_asked_for(tmp_path):
    target = f"/1.0/images/{DIGEST}/export?project=a+b"
    given = {f"HEAD {target}": head(len(ONE)), f"GET {target}": answer(ONE)}
    done, _asked = export(tmp_path, given, fingerprint=DIGEST, path=str(tmp_path / "i"), project="a b")
    assert done["changed"] and done["actions"][0]["path"] == target


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (answer(ONE)[:-5], "interrupted", "closed the connection before it had answered"),
        (answer(ONE[:-5]), "malformed", "the content that came has the digest"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + ONE[:-5], "malformed", "nothing was replaced"),
    ],
    ids=["half a reply", "another content", "an end without a length"],
)
def test_no_truncated_file_gets_the_name(tmp_path, reply, kind, said):
    def cut(connection, body):
        connection.sendall(reply)
        return False

    (tmp_path / "image.tar").write_text("older")
    given = answers(DIGEST, ONE, **{f"GET /1.0/images/{DIGEST}/export": cut})
    failed, _asked = export(tmp_path, given, fingerprint=DIGEST, path=str(tmp_path / "image.tar"))
    assert failed["failed"] and failed["failure"]["kind"] == kind and said in failed["msg"]
    assert (tmp_path / "image.tar").read_text() == "older" and files(tmp_path) == ["image.tar"]


def test_an_endless_image_is_given_up_and_a_large_one_not_begun(tmp_path):
    def endless(connection, body):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    target = f"/1.0/images/{DIGEST}/export"
    args = {"fingerprint": DIGEST, "path": str(tmp_path / "image.tar"), "max_size": 1}
    failed, _asked = export(tmp_path, {f"HEAD {target}": head(), f"GET {target}": endless}, **args)
    assert failed["failure"]["kind"] == "refused" and "the image is larger than 1 MiB" in failed["msg"]
    failed, asked = export(tmp_path, {f"HEAD {target}": head(2 << 20)}, **args)
    assert "the image has 2097152 bytes, more than 1 MiB" in failed["msg"] and asked == [f"HEAD {target}"]
    failed, asked = export(tmp_path, {f"HEAD {target}": head(1 << 60)}, **{**args, "max_size": 1 << 50})
    assert "make room for it" in failed["msg"] and files(tmp_path) == []


# Two files


def test_an_image_of_two_files_gets_both(tmp_path):
    meta, rootfs = tmp_path / "meta.tar", tmp_path / "rootfs.tar"
    args = {"fingerprint": DIGEST_OF_TWO, "path": str(meta), "rootfs_path": str(rootfs), "mode": "0600"}
    done, _asked = export(tmp_path, answers(DIGEST_OF_TWO, TWO), **args)
    assert done["changed"] and meta.read_bytes() == META and rootfs.read_bytes() == ROOTFS
    assert files(tmp_path) == ["meta.tar", "rootfs.tar"] and rootfs.stat().st_mode & 0o777 == 0o600
    assert done["image"]["size"] == len(META + ROOTFS) and len(done["image"]["files"]) == 2
    again, asked = export(tmp_path, {}, **args)
    assert not again["changed"] and asked == []
    rootfs.chmod(0o644)
    changed, asked = export(tmp_path, {}, **args)
    assert changed["diff"]["before"]["mode"] == "0644" and rootfs.stat().st_mode & 0o777 == 0o600 and asked == []
    rootfs.unlink()
    repaired, _asked = export(tmp_path, answers(DIGEST_OF_TWO, TWO), **args)
    assert repaired["changed"] and rootfs.read_bytes() == ROOTFS


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (multipart((b"metadata", META), (b"rootfs", ROOTFS), closed=False), "it ends in the middle"),
        (multipart((b"metadata", META)), "it ends in the middle"),
        (multipart((b"metadata", META), (b"other", b"x")), "it has a part 'other'"),
        (multipart((b"metadata", META), (b"metadata", META)), "it has a part 'metadata'"),
        (multipart((b"rootfs", META), (b"metadata", ROOTFS[:9])), "the content that came has the digest"),
    ],
)
def test_parts_that_are_not_two_files_leave_nothing(tmp_path, content, said):
    args = {"path": str(tmp_path / "meta"), "rootfs_path": str(tmp_path / "rootfs")}
    failed, _asked = export(tmp_path, answers(DIGEST_OF_TWO, content), fingerprint=DIGEST_OF_TWO, **args)
    assert failed["failure"]["kind"] == "malformed" and said in failed["msg"] and files(tmp_path) == []


def test_another_number_of_files_is_told_before_anything_is_fetched(tmp_path):
    one, two = {"path": str(tmp_path / "a")}, {"path": str(tmp_path / "a"), "rootfs_path": str(tmp_path / "b")}
    failed, asked = export(tmp_path, answers(DIGEST_OF_TWO, TWO), fingerprint=DIGEST_OF_TWO, **one)
    assert "the image consists of two files; give 'rootfs_path'" in failed["msg"] and len(asked) == 1
    failed, asked = export(tmp_path, answers(DIGEST, ONE), fingerprint=DIGEST, **two)
    assert "the image is a single file; leave 'rootfs_path' out" in failed["msg"] and len(asked) == 1


# Refusals


@pytest.mark.parametrize(
    ("reply", "rest", "kind", "said"),
    [
        (FORBIDDEN, {"GET /1.0/config": answer([])}, "forbidden", "set 'security.guestapi.images' of the instance"),
        (FORBIDDEN, {"GET /1.0/config": FORBIDDEN}, "forbidden", "set 'security.guestapi' of the instance"),
        (ENVELOPE, {}, "not_found", "no such image for guests in the project 'default'"),
        (NO_PAGE, {"GET /1.0": answer(STARTED)}, "unsupported", "has no such call"),
        (
            NO_PAGE,
            {"GET /1.0": answer({**STARTED, "instance_type": "virtual-machine"})},
            "unsupported",
            "the agent of a virtual machine has no export of images",
        ),
    ],
)
def test_each_refusal_says_what_it_takes(tmp_path, reply, rest, kind, said):
    target = f"/1.0/images/{DIGEST}/export"
    given = {f"HEAD {target}": head(status=reply[9:12].decode()), f"GET {target}": reply, **rest}
    args = {"fingerprint": DIGEST, "path": str(tmp_path / "image.tar")}
    failed, _asked = export(tmp_path, given, **args)
    assert failed["failed"] and failed["failure"]["kind"] == kind and said in failed["msg"]
    assert files(tmp_path) == []
    checked, _asked = export(tmp_path, given, check=True, **args)
    if kind == "unsupported":
        assert checked["failed"] and said in checked["msg"]
    else:
        assert checked["changed"] and said in checked["warned"][0]


def test_with_lxd_the_permission_has_another_name(tmp_path):
    target = f"/1.0/images/{DIGEST}/export"
    given = {f"HEAD {target}": head(status=403), f"GET {target}": FORBIDDEN, "GET /1.0/config": answer([])}
    with peer(tmp_path, given, "lxd/sock") as (server, _guest):
        args = {"socket": server.path, "fingerprint": DIGEST, "path": str(tmp_path / "i")}
        assert "set 'security.devlxd.images'" in run_module("incus_guest_image", args)["msg"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"fingerprint": "83cdd768ecc4"}, "give all 64 digits"),
        ({"path": "image"}, "'path' is 'image'"),
        ({"rootfs_path": "/srv/i"}, "'path' and 'rootfs_path' are the same"),
        ({"max_size": 0}, "'max_size' is 0"),
        ({"project": ""}, "'project' is empty"),
        ({"mode": "x"}, "'mode' is 'x'"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, args, said):
    failed, asked = export(tmp_path, {}, **{"fingerprint": DIGEST, "path": "/srv/i", **args})
    assert failed["failure"]["kind"] == "invalid_option" and said in failed["msg"] and asked == []


def test_a_folder_that_is_not_there(tmp_path):
    args = {"fingerprint": DIGEST, "path": str(tmp_path / "none" / "i")}
    failed, _asked = export(tmp_path, answers(DIGEST, ONE), **args)
    assert failed["failure"]["kind"] == "missing_reference"
    checked, _asked = export(tmp_path, answers(DIGEST, ONE), check=True, **args)
    assert checked["changed"] and "there is no directory" in checked["warned"][0]
