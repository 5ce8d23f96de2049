# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Types 5, 7, 8 and 9."""

from __future__ import annotations

import pytest
from ansible_collections.nfvlab.fleet.plugins.module_utils._core.errors import InvalidOption
from ansible_collections.nfvlab.fleet.plugins.module_utils._ios import secrets

# Published example hashes: kind, hash, plaintext.
EXAMPLES = [
    ("5", "$1$mERr$hx5rVt7rPNoS4wqbXKX7m0", "cisco"),
    ("5", "$1$28772684$iEwNOgGugqO9.bIz5sk8k/", "hashcat"),
    ("7", "0822455D0A16", "cisco"),
    ("8", "$8$TnGX/fE4KGHOVU$pEhnEvxrvaynpi8j4f.EMHr6M.FzU8xnZnBr/tJdFWk", "hashcat"),
    ("9", "$9$2MJBozw/9R3UsU$2lFhcKvpghcyw8deP25GOfyZaagyUOGBymkryvOdfo6", "hashcat"),
    ("0", "plain", "plain"),
]


@pytest.mark.parametrize(("kind", "stored", "plaintext"), EXAMPLES)
def test_a_published_hash_is_verified(kind, stored, plaintext):
    assert secrets.verify(kind, stored, plaintext)
    assert not secrets.verify(kind, stored, plaintext + "x")
    assert not secrets.verify(kind, stored, "")


@pytest.mark.parametrize("plaintext", ["cisco", "", "a" * 25, "pass word", "pässwörd", "x" * 80])
def test_what_is_made_is_verified(plaintext):
    for kind, make in (("5", secrets.hash5), ("8", secrets.hash8), ("9", secrets.hash9)):
        assert secrets.verify(kind, make(plaintext), plaintext)
        assert make(plaintext) != make(plaintext)
    for salt in range(16):
        assert secrets.decode7(secrets.encode7(plaintext, salt)) == plaintext


@pytest.mark.parametrize("stored", ["", "zz", "0822455D0A1", "99", "08G0", "08ff"])
def test_what_is_not_type_7_is_nobodys(stored):
    assert not secrets.verify("7", stored, "cisco")


def test_text_that_is_not_type_7_is_an_error_that_says_so():
    with pytest.raises(InvalidOption, match="not a type 7"):
        secrets.decode7("xyz")


@pytest.mark.parametrize(("kind", "stored"), [("5", "$1$x"), ("9", "$8$a$b"), ("4", "x"), ("8", "")])
def test_what_is_no_hash_of_its_kind_is_nobodys(kind, stored):
    assert not secrets.verify(kind, stored, "x")


def test_secrets_are_compared_across_kinds():
    assert secrets.same("7", "0822455D0A16", "7", "070C285F4D06")
    assert secrets.same("0", "cisco", "5", "$1$mERr$hx5rVt7rPNoS4wqbXKX7m0")
    assert secrets.same("5", "$1$mERr$hx5rVt7rPNoS4wqbXKX7m0", "7", "0822455D0A16")
    assert not secrets.same("5", "$1$mERr$hx5rVt7rPNoS4wqbXKX7m0", "5", "$1$mERx$hx5rVt7rPNoS4wqbXKX7m0")
    assert not secrets.same("9", "$9$a$b", "8", "$8$a$b")


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("snmp-server community public RO", "snmp-server community <secret> RO"),
        ("no snmp-server community public", "no snmp-server community <secret>"),
        (" key 7 0822455D0A16", " key 7 <secret>"),
        ("tacacs-server host 1.1.1.1 key foo", "tacacs-server host 1.1.1.1 key <secret>"),
        (" neighbor 1.1.1.1 password 7 abc", " neighbor 1.1.1.1 password 7 <secret>"),
        ("crypto isakmp key foo address 1.1.1.1", "crypto isakmp key <secret> address 1.1.1.1"),
        (" ip ospf message-digest-key 1 md5 7 foo", " ip ospf message-digest-key 1 md5 7 <secret>"),
        ("snmp-server host 1.1.1.1 version 2c pub", "snmp-server host 1.1.1.1 version 2c <secret>"),
        ("ppp chap password 0 a b", "ppp chap password 0 <secret>"),
        (
            "snmp-server user u g v3 auth sha foo priv aes 128 bar",
            "snmp-server user u g v3 auth sha <secret> priv aes 128 <secret>",
        ),
        ("enable secret 9 $9$x", "enable secret 9 <secret>"),
        ("service password-encryption", "service password-encryption"),
        ("security passwords min-length 8", "security passwords min-length 8"),
        ("key 1", "key 1"),
        ("description the password policy", "description the password <secret>"),
    ],
)
def test_lines_that_are_not_modelled_lose_their_secrets(line, masked):
    assert secrets.mask_line(line) == masked
    assert secrets.mask_line(masked) == masked
