# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which image of a simplestreams server incus_image takes: the one that the daemon would take."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import Malformed, MissingReference
from ansible_collections.nfvlab.fleet.plugins.module_utils._incus.simplestreams import choose, images, product_files

X86 = ["x86_64", "i686"]


def split(brand="incus", root="squashfs", **combined):
    """The items of a split image."""
    return {
        "meta": {"ftype": f"{brand}.tar.xz", "path": "m", **combined},
        root: {"ftype": root, "path": "r"},
    }


def unified(fingerprint, brand="incus"):
    return {"all": {"ftype": f"{brand}_combined.tar.gz", "path": "u", "sha256": fingerprint}}


def product(versions, aliases="debian/12,debian/bookworm", arch="amd64", **rest):
    return {
        "aliases": aliases,
        "arch": arch,
        "os": "Debian",
        "release": "bookworm",
        "versions": {serial: {"items": items} for serial, items in versions.items()},
        **rest,
    }


def found(*products, name="debian/12", brand="incus", image_type=None, architectures=None):
    """The fingerprint for an alias or a fingerprint."""
    offered = images([{"products": {str(number): entry for number, entry in enumerate(products)}}], brand)
    source = {"fingerprint": name} if len(name) == 12 else {"alias": name}
    return choose(offered, source, image_type, X86 if architectures is None else architectures)


def test_only_lists_of_images_are_read():
    index = {
        "images": {"datatype": "image-downloads", "path": "a", "products": ["x"]},
        "empty": {"datatype": "image-downloads", "path": "b", "products": []},
        "ids": {"datatype": "image-ids", "path": "c", "products": ["x"]},
    }
    assert product_files({"index": index}) == ["a"]


@pytest.mark.parametrize(
    "index", [[], {}, {"index": []}, {"index": {"x": {"datatype": "image-downloads", "products": [1]}}}]
)
def test_an_index_of_something_else_is_told(index):
    with pytest.raises(Malformed, match="its index is not that of a simplestreams server"):
        product_files(index)


@pytest.mark.parametrize(
    "file", [[], {}, {"products": {"x": {}}}, {"products": {"x": {"arch": "amd64", "versions": [1]}}}]
)
def test_a_list_of_something_else_is_told(file):
    with pytest.raises(Malformed, match="its list of products is not that"):
        images([file], "incus")


def test_the_newest_version_wins_and_squashfs_before_tarballs():
    both = {**split(combined_squashfs_sha256="s", combined_rootxz_sha256="t"), "x": {"ftype": "root.tar.xz"}}
    versions = {"20240101_05:24": unified("old"), "20250101_05:24": both, "20241231_23:59": unified("older")}
    assert found(product(versions)) == "s"
    del both["squashfs"]
    assert found(product(versions)) == "t"
    assert found(product({"20250101": split(root="root.tar.xz", combined_sha256="c")})) == "c"


def test_a_version_without_a_usable_image_does_not_count():
    versions = {"20240101": unified("good"), "20250101": split(), "2026": unified("x"), "versions": unified("y")}
    assert found(product(versions)) == "good"
    assert found(product({"20240101": unified("good"), "20250101": {"m": {"ftype": "incus.tar.xz"}}})) == "good"


def test_each_brand_has_its_own_images():
    entry = product({"20250101": {**unified("i"), "other": unified("l", "lxd")["all"]}})
    assert found(entry) == "i" and found(entry, brand="lxd") == "l"
    with pytest.raises(MissingReference, match="no images for this kind of daemon"):
        found(product({"20250101": unified("l", "lxd")}))


def test_a_container_wins_unless_a_machine_is_wanted():
    machine = split(root="disk-kvm.img", **{"combined_disk-kvm-img_sha256": "m"})
    assert found(product({"20250101": {**machine, **unified("c")}})) == "c"
    assert found(product({"20250101": {**machine, **unified("c")}}), image_type="virtual-machine") == "m"
    assert found(product({"20250101": machine})) == "m"
    with pytest.raises(MissingReference, match="has 'debian/12' as a virtual-machine only"):
        found(product({"20250101": machine}), image_type="container")


def test_the_architecture_is_the_daemons():
    entries = [
        product({"20250101": unified(arch)}, arch=arch) for arch in ("arm64", "i386", "amd64", "ppc64el", "pdp11")
    ]
    assert found(*entries) == "amd64"
    assert found(*entries, architectures=["aarch64", "armv7l"]) == "arm64"
    assert found(*entries[:2]) == "i386"
    assert found(*entries, name="debian/12/arm64") == "arm64"
    with pytest.raises(MissingReference, match="for aarch64, ppc64le only, not for x86_64 or i686") as foreign:
        found(entries[0], entries[3])
    assert "'debian/12/arm64'" in foreign.value.next_step


def test_among_products_of_one_name_the_first_wins():
    ours = product({"20240101": unified("plain")})
    assert found(product({"20250101": unified("cloud")}, variant="cloud"), ours) == "cloud"
    assert (
        found(product({"20250101": unified("b")}, variant="b"), product({"20240101": unified("a")}, variant="a")) == "a"
    )
    assert found(product({"20250101": unified("z")}, os="Zebra"), ours) == "plain"


def test_a_fingerprint_may_be_shortened():
    whole = "0123456789ab" * 5
    assert found(product({"20240101": unified(whole), "20250101": unified("f" * 60)}), name=whole[:12]) == whole
    with pytest.raises(MissingReference, match="no image with the fingerprint 'aaaaaaaaaaaa'"):
        found(product({"20240101": unified(whole)}), name="a" * 12)


def test_an_unknown_alias_is_told_with_the_near_one():
    with pytest.raises(MissingReference, match="no image 'debian/13'") as unknown:
        found(product({"20240101": unified("x")}), product({"20240101": unified("y")}, aliases=""), name="debian/13")
    assert unknown.value.next_step == "did you mean 'debian/12'?"
