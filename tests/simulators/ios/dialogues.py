# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Questions that configuration commands ask."""

from __future__ import annotations

import typing as t

from . import configure

if t.TYPE_CHECKING:
    from .shell import Shell

SIZES = {"classic": range(360, 4097), "xe": range(512, 4097)}
USUAL = {"classic": 512, "xe": 2048}
REMOVES_USER = (
    "This operation will remove all username related configurations with same name.Do you want to continue? [confirm]"
)


async def banner(shell: Shell, change: configure.Change) -> None:
    """The rows up to the delimiter."""
    if change.spelled.banner is None:
        return
    delimiter, rest = change.spelled.banner
    rows = [rest]
    if delimiter not in rows[-1]:
        shell.terminal.line(f"Enter TEXT message.  End with the character '{delimiter}'.")
    while delimiter not in rows[-1]:
        rows.append(await shell.terminal.row())
    change.given = configure.ended(rows, delimiter)


async def username(shell: Shell, change: configure.Change) -> None:
    if change.off and change.rest[0] in change.config.users:
        change.abandoned = not await shell.terminal.confirm(REMOVES_USER)


async def crypto_key(shell: Shell, change: configure.Change) -> None:
    """How large, and whether to replace those that are there."""
    device, terminal = shell.device, shell.terminal
    if device.config.hostname == "Router" or not device.config.domain:
        return
    name = f"{device.config.hostname}.{device.config.domain}"
    words = change.rest
    asked = "modulus" not in words
    if name in device.keys:
        terminal.line(f"% You already have RSA keys defined named {name}.")
        if not asked:
            terminal.line("% They will be replaced.")
            terminal.line()
        elif not (await terminal.ask("% Do you really want to replace them? [yes/no]: ")).lower().startswith("y"):
            change.abandoned = True
            return
    if not asked:
        change.given = int(words[words.index("modulus") + 1])
        terminal.line(f"The name for the keys will be: {name}")
        terminal.line()
        terminal.line(f"% The key modulus size is {change.given} bits")
        return
    terminal.line(f"The name for the keys will be: {name}")
    sizes, usual = SIZES[device.dialect], USUAL[device.dialect]
    terminal.line(f"Choose the size of the key modulus in the range of {sizes.start} to {sizes.stop - 1} for your")
    terminal.line("  General Purpose Keys. Choosing a key modulus greater than 512 may take")
    terminal.line("  a few minutes.")
    terminal.line()
    answer = await terminal.ask(f"How many bits in the modulus [{usual}]: ")
    bits = int(answer) if answer.isdigit() else usual
    if bits in sizes:
        change.given = bits
    else:
        terminal.line(f"% A decimal number between {sizes.start} and {sizes.stop - 1}.")
        change.abandoned = True


async def zeroize(shell: Shell, change: configure.Change) -> None:
    if change.device.keys:
        shell.terminal.line("% All RSA keys will be removed.")
        shell.terminal.line("% All router certs issued using these keys will also be removed.")
        answer = await shell.terminal.ask("% Do you really want to remove these keys? [yes/no]: ")
        change.abandoned = not answer.lower().startswith("y")


DIALOGUES: dict[configure.Handler, t.Callable[[Shell, configure.Change], t.Awaitable[None]]] = {
    configure.banner: banner,
    configure.username: username,
    configure.crypto_key: crypto_key,
    configure.crypto_zeroize: zeroize,
}
