# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Where an image comes from: the options of the C(nfvlab.fleet.incus.image_server) documentation fragment.

`image_source` turns them into what the API calls a source. Nothing here asks a server or a daemon; a remote that is in
no list of ours is looked up in the client's files.
"""

from __future__ import annotations

import os
import re
import typing as t

from .._core.errors import InvalidOption, did_you_mean
from .._core.fields import Spec
from .._core.pem import pem

IMAGE_SERVER: Spec = {
    "image": {"type": "str"},
    "image_server": {
        "type": "dict",
        "options": {
            "url": {"type": "str", "required": True},
            "other_urls": {"type": "list", "elements": "str", "default": []},
            "protocol": {"type": "str", "choices": ["simplestreams", "incus", "lxd"], "default": "simplestreams"},
            "certificate": {"type": "str"},
            "secret": {"type": "str", "no_log": True},
            "client_cert": {"type": "path"},
            "client_key": {"type": "path", "no_log": False},
        },
    },
}

# The image servers that the command line of each brand knows by name, all of them simplestreams.
REMOTES: t.Mapping[str, t.Mapping[str, str]] = {
    "incus": {"images": "https://images.linuxcontainers.org"},
    "lxd": {
        "images": "https://images.lxd.canonical.com",
        "ubuntu": "https://cloud-images.ubuntu.com/releases",
        "ubuntu-daily": "https://cloud-images.ubuntu.com/daily",
        "ubuntu-minimal": "https://cloud-images.ubuntu.com/minimal/releases",
        "ubuntu-minimal-daily": "https://cloud-images.ubuntu.com/minimal/daily",
    },
}
_LOCAL = "local"

_FINGERPRINT = re.compile(r"[0-9a-f]{12,64}")
_ALMOST = re.compile(r"[0-9A-Fa-f]{12,}")  # a fingerprint, but for its length or its capitals
_HOST = r"(?:\[[0-9A-Fa-f:.%]+\]|[^\s/?#@:\[\]]+)(?::(?P<port>\d{1,5}))?"
_FILES = re.compile(rf"https?://{_HOST}(?:/[^\s?#]*)?")  # a folder of files
_DAEMON = re.compile(rf"https://{_HOST}/?")


def is_fingerprint(image: str) -> bool:
    """Whether a name is a fingerprint or the beginning of one (12 to 64 hexadecimal digits) and no alias."""
    return bool(_FINGERPRINT.fullmatch(image))


def is_remote(params: t.Mapping[str, t.Any]) -> bool:
    """Whether the options name an image at a server, and not one that the daemon has."""
    if not params.get("image"):
        return False
    if params.get("image_server"):
        return True
    remote, colon, _name = params["image"].partition(":")
    return bool(colon) and remote != _LOCAL


def image_sources(params: t.Mapping[str, t.Any], brand: str = "incus") -> list[dict[str, t.Any]]:
    """The same image at each address of its server, in the order in which they are tried; see `image_source`."""
    server = params.get("image_server")
    if not server:
        return [image_source(params, brand)]
    urls = [server["url"], *(server.get("other_urls") or ())]
    return [_at_server(params["image"], {**server, "url": url}, brand) for url in urls]


def image_source(params: t.Mapping[str, t.Any], brand: str = "incus") -> dict[str, t.Any]:
    """The API's source for the options O(image) and O(image_server) (rest-api document, "POST /1.0/images").

    The certificate's file is read where a path is given.

    :param brand: C(incus) or C(lxd), as C(Client.brand) says: each knows other servers by name, and knows the protocol
        that both speak by its own name only
    :raises InvalidOption: in one sentence that names the option
    """
    image = params["image"]
    server = params.get("image_server")
    if server:
        return _at_server(image, server, brand)
    remote, colon, name = image.partition(":")
    if not colon:
        return {"type": "image", **_named(image)}
    if remote == _LOCAL:
        return {"type": "image", **_named(name)}
    known = REMOTES.get(brand) or REMOTES["incus"]
    if remote not in known:
        from .remotes import image_server, names  # most images are at the servers that every client knows

        server = image_server(remote, os.environ)
        if server is not None:
            return _at_server(name, server, brand)
        raise InvalidOption(
            f"'image' is '{image}', but there is no remote '{remote}'",
            next_step=did_you_mean(remote, [*known, *names(os.environ)])
            or f"give 'image_server', or one of the remotes {', '.join(sorted(known))} and {_LOCAL}",
        )
    return {"type": "image", "mode": "pull", "server": known[remote], "protocol": "simplestreams", **_named(name)}


def _at_server(image: str, server: t.Mapping[str, t.Any], brand: str) -> dict[str, t.Any]:
    """The source for a server that the task describes."""
    url, protocol = server["url"], server.get("protocol") or "simplestreams"
    form = _FILES if protocol == "simplestreams" else _DAEMON
    parts = form.fullmatch(url)
    if not parts or int(parts["port"] or 1) not in range(1, 65536):
        right = "'https://HOST/PATH' or 'http://HOST/PATH'" if form is _FILES else "'https://HOST:8443'"
        raise InvalidOption(f"'image_server.url' is '{url}'", next_step=f"write {right}")
    source = {"type": "image", "mode": "pull", "server": url.rstrip("/"), **_named(image)}
    source["protocol"] = protocol if protocol == "simplestreams" or brand not in REMOTES else brand
    if server.get("certificate"):
        if not url.startswith("https:"):
            raise InvalidOption(
                "'image_server.certificate' is given for an http address, which has none",
                next_step="leave it out, or write 'https://'",
            )
        source["certificate"] = pem("image_server.certificate", server["certificate"])
    for option in ("secret", "client_cert"):
        if server.get(option) and protocol == "simplestreams":
            raise InvalidOption(
                f"'image_server.{option}' is given, but a simplestreams server has no private images",
                next_step="leave it out, or set 'image_server.protocol' to incus or lxd",
            )
    if server.get("secret"):
        if len(source.get("fingerprint", "")) != 64:
            raise InvalidOption(
                f"'image' is '{image}', but a private image is known by its full fingerprint only",
                next_step="give all 64 hexadecimal digits of it",
            )
        source["secret"] = server["secret"]
    return source


def _named(name: str) -> dict[str, str]:
    """The part of a source that names the image."""
    if not name:
        raise InvalidOption("'image' names a remote but no image", next_step="write 'REMOTE:IMAGE'")
    if is_fingerprint(name):
        return {"fingerprint": name}
    if _ALMOST.fullmatch(name):
        raise InvalidOption(
            f"'image' is '{name}', which is no fingerprint",
            next_step="a fingerprint has 12 to 64 hexadecimal digits in lower case",
        )
    return {"alias": name}
