# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mishaps that a device or its link can have. All off by default; each is reproducible."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass
class Faults:
    """What goes wrong, and when. A test sets the fields, also while the device runs.

    :ivar rtt: seconds of round trip that the link adds
    :ivar per_line: seconds that the device needs for each line
    :ivar split: send every byte by itself
    :ivar input_buffer: bytes of type-ahead that are kept; what comes on top is lost
    :ivar cut_after: configuration lines after which the connection is cut
    :ivar hang_after: configuration lines after which the device says nothing more
    :ivar reload_after: configuration lines after which the device reloads
    :ivar refuse: text of configuration lines to refuse, with the answer
    :ivar noise_every: put a log line in before every so many lines' echo
    :ivar noise_inside: put it into the middle of the echo instead of before it
    :ivar replace_aborts: end C(configure replace) with "Rollback aborted after 5 passes"
    :ivar nvram_full: saving the configuration fails
    :ivar nvram_busy: how many saves fail with "Device or resource busy" first
    :ivar deaf: accept no new connection's login
    :ivar no_width: refuse C(terminal width)
    :ivar first_secret: before its first prompt, want an enable secret of ten characters, as IOS XE 17 does
    """

    rtt: float = 0.0
    per_line: float = 0.0
    split: bool = False
    input_buffer: int | None = None
    cut_after: int | None = None
    hang_after: int | None = None
    reload_after: int | None = None
    refuse: dict[str, str] = dataclasses.field(default_factory=dict)
    noise_every: int | None = None
    noise_inside: bool = False
    replace_aborts: bool = False
    nvram_full: bool = False
    nvram_busy: int = 0
    deaf: bool = False
    no_width: bool = False
    first_secret: bool = False
