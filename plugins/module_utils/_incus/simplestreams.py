# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Which image a simplestreams server means by a name. Pure.

Such a server is a folder of files: C(streams/v1/index.json) lists files of products, a product has versions, a version
has items. An item is one file of an image. The daemon makes images of that by rules of its own; these are the same
rules, so that a plan names the image that the daemon will get.
"""

from __future__ import annotations

import typing as t

from .._core.errors import Malformed, MissingReference, did_you_mean

INDEX = "streams/v1/index.json"

# Architectures as servers spell them, by the kernel's name for them, which is how daemons do.
_ARCHITECTURES = {
    spelling: name
    for name, spellings in {
        "i686": "i386 i586 386 x86 generic_32",
        "x86_64": "amd64 generic_64",
        "armv6l": "armel",
        "armv7l": "armhf armhfp armv7 arm",
        "armv8l": "",
        "aarch64": "arm64 arm64_generic",
        "ppc": "powerpc",
        "ppc64": "powerpc64",
        "ppc64le": "ppc64el",
        "s390x": "",
        "mips": "",
        "mips64": "",
        "riscv32": "",
        "riscv64": "",
        "loongarch64": "loong64",
    }.items()
    for spelling in (name, *spellings.split())
}

# Kinds of root file systems, the preferred ones first: the type of the image and the keys of its fingerprint.
_ROOTS = {
    "squashfs": ("container", ("combined_squashfs_sha256",)),
    "root.tar.xz": ("container", ("combined_rootxz_sha256", "combined_sha256")),
    "disk-kvm.img": ("virtual-machine", ("combined_disk-kvm-img_sha256",)),
    "uefi1.img": ("virtual-machine", ("combined_uefi1-img_sha256",)),
    "disk1.img": ("virtual-machine", ("combined_disk1-img_sha256",)),
}


class Image(t.NamedTuple):
    """An image at a server.

    :param architecture: as daemons spell it
    :param aliases: its names without, and its names with the architecture
    :param place: where it stands among images of the same name; the least wins
    """

    fingerprint: str
    type: str
    architecture: str
    aliases: tuple[str, ...]
    full_aliases: tuple[str, ...]
    place: tuple[t.Any, ...]


def product_files(index: t.Any) -> list[str]:
    """The paths of the files that list images.

    :param index: what C(streams/v1/index.json) holds
    :raises Malformed: it is no such index
    """
    try:
        return [
            entry["path"]
            for entry in index["index"].values()
            if entry.get("datatype") == "image-downloads" and entry.get("products")
        ]
    except (KeyError, TypeError, AttributeError):
        raise Malformed("its index is not that of a simplestreams server") from None


def images(files: t.Iterable[t.Any], brand: str) -> list[Image]:
    """All images for one brand of daemons, the best of each name first.

    :param files: what the files that `product_files` names hold
    :param brand: C(incus) or C(lxd): each has its own kind of metadata file
    :raises Malformed: a file is no list of products
    """
    found: list[Image] = []
    try:
        for file in files:
            for product in file["products"].values():
                found += _of_product(product, brand)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise Malformed("its list of products is not that of a simplestreams server") from None
    return sorted(found, key=lambda image: image.place)


def _of_product(product: t.Mapping[str, t.Any], brand: str) -> t.Iterator[Image]:
    architecture = _ARCHITECTURES.get(product["arch"])
    if architecture is None:
        return
    names = tuple(product.get("aliases", "").split(",")) if product.get("aliases") else ()
    full = tuple(f"{name}/{product['arch']}" for name in names)
    kin = tuple((not product.get(key), product.get(key) or "") for key in ("os", "release", "variant"))
    for serial, version in product["versions"].items():
        if not serial[:8].isdigit() or len(serial) < 8:
            continue  # the daemon takes what begins with a date
        age = tuple(-ord(letter) for letter in serial)  # the newest first
        for kind, fingerprint, rank in _of_version(version["items"].values(), brand):
            yield Image(fingerprint, kind, architecture, names, full, (*kin, age, product["arch"], rank))


def _of_version(items: t.Collection[t.Mapping[str, t.Any]], brand: str) -> t.Iterator[tuple[str, str, int]]:
    """Type, fingerprint and rank of the images in one version."""
    for meta in items:
        if not meta.get("path"):
            continue
        if meta["ftype"] == f"{brand}_combined.tar.gz" and meta.get("sha256"):
            yield "container", meta["sha256"], 0
        if meta["ftype"] != f"{brand}.tar.xz":
            continue
        present = {item["ftype"] for item in items}
        for rank, (root, (kind, keys)) in enumerate(_ROOTS.items()):
            fingerprint = next((meta[key] for key in keys if meta.get(key)), None)
            if root in present and fingerprint:
                yield kind, fingerprint, rank


def choose(
    offered: t.Sequence[Image], source: t.Mapping[str, t.Any], image_type: str | None, architectures: t.Sequence[str]
) -> str:
    """The fingerprint of the image that a source names.

    :param offered: from `images`
    :param image_type: C(container) or C(virtual-machine); where it is null, a container wins
    :param architectures: those of the daemon, its own first
    :raises MissingReference: with the near name
    """
    wanted = source.get("fingerprint")
    if wanted:
        for image in offered:
            if image.fingerprint.startswith(wanted):
                return image.fingerprint
        raise MissingReference(
            f"the server has no image with the fingerprint '{wanted}'",
            next_step="servers keep a few versions only; name the image by its alias",
        )
    alias = source["alias"]
    named = [image for image in offered if alias in image.aliases + image.full_aliases]
    for kind in [image_type] if image_type else ["container", "virtual-machine"]:
        of_kind = [image for image in named if image.type == kind]
        for architecture in architectures:
            for image in of_kind:
                if image.architecture == architecture:
                    return image.fingerprint
        for image in of_kind:
            if alias in image.full_aliases:
                return image.fingerprint
    raise _missing(alias, offered, named, image_type, architectures)


def _missing(
    alias: str,
    offered: t.Sequence[Image],
    named: t.Sequence[Image],
    image_type: str | None,
    architectures: t.Sequence[str],
) -> MissingReference:
    """Why there is nothing for an alias."""
    if image_type and named and all(image.type != image_type for image in named):
        return MissingReference(
            f"the server has '{alias}' as a {named[0].type} only", next_step="leave 'image_type' out, or correct it"
        )
    if named:
        others = sorted({image.architecture for image in named})
        return MissingReference(
            f"the server has '{alias}' for {', '.join(others)} only, not for {' or '.join(architectures)}",
            next_step=f"name the architecture if that is what you want: '{named[0].full_aliases[0]}'",
        )
    if not offered:
        return MissingReference("the server has no images for this kind of daemon", next_step="use another server")
    names = {name for image in offered for name in image.aliases + image.full_aliases}
    return MissingReference(
        f"the server has no image '{alias}'", next_step=did_you_mean(alias, names) or "look at what it has"
    )
