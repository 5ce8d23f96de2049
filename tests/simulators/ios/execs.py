# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands of user and privileged EXEC that do something, with their dialogues.

Each handler gets the `Shell` and the arguments; it writes to the terminal and may ask questions.
"""

from __future__ import annotations

import typing as t

from . import configure, differences, render
from .commands import Tree
from .device import DiskFull

if t.TYPE_CHECKING:
    from .shell import Shell

EXEC = Tree()
command = EXEC.command
REPLACE_WARNING = (
    "This will apply all necessary additions and deletions",
    "to replace the current running configuration with the",
    "contents of the specified configuration file, which is",
    "assumed to be a complete configuration, not a partial",
    "configuration. Enter Y if you are sure you want to proceed. ? [no]: ",
)
MINUTES = range(1, 121)


# The session


@command("enable")
async def enable(shell: Shell) -> None:
    await shell.enable()


@command("disable")
async def disable(shell: Shell) -> None:
    shell.level = 1


@command("exit", "logout", "quit")
async def leave(shell: Shell) -> None:
    shell.over = True


@command("terminal length <0-512>")
async def terminal_length(shell: Shell, rows: str) -> None:
    shell.terminal.length = int(rows)


@command("terminal width <0-512>")
async def terminal_width(shell: Shell, columns: str) -> None:
    if shell.device.faults.no_width:
        shell.invalid(len("terminal width "))
        return
    shell.terminal.width = int(columns)


@command("terminal monitor")
async def terminal_monitor(shell: Shell) -> None:
    shell.monitors = True


@command("terminal no monitor")
async def terminal_no_monitor(shell: Shell) -> None:
    shell.monitors = False


@command("configure terminal")
async def configure_terminal(shell: Shell) -> None:
    await shell.enter_configuration()


@command("configure terminal lock", level=15)
async def configure_lock(shell: Shell) -> None:
    if await shell.enter_configuration():
        shell.device.lock = shell


@command("configure terminal revert timer <1-120>", level=15)
async def configure_revert_timer(shell: Shell, minutes: str) -> None:
    await _begin_revertible(shell, minutes, "absolute")


@command("configure terminal revert timer idle <1-120>", level=15)
async def configure_revert_idle(shell: Shell, minutes: str) -> None:
    await _begin_revertible(shell, minutes, "idle")


async def _begin_revertible(shell: Shell, minutes: str, kind: str) -> None:
    device = shell.device
    if not (device.config.archive and device.config.archive.path):
        shell.terminal.line(
            "%Failed to backup current running config. The archive config feature must be enabled first."
        )
        return
    if not minutes.isdigit() or int(minutes) not in MINUTES:
        shell.invalid(len("configure terminal revert timer "))
        return
    if "rollback" in device.timers:
        shell.terminal.line("%Rollback Confirmed Change is already pending.")
        return
    shell.terminal.line("Rollback Confirmed Change: Backing up current running config to flash:archive-1")
    shell.terminal.line()
    device.rollback_later(int(minutes), shell.user, kind)
    await shell.enter_configuration()


@command("configure confirm", level=15)
async def configure_confirm(shell: Shell) -> None:
    if not shell.device.cancel("rollback"):
        shell.terminal.line("%No Rollback Confirmed Change pending")


@command("configure revert now", level=15)
async def configure_revert_now(shell: Shell) -> None:
    if "rollback" not in shell.device.timers:
        shell.terminal.line("%No Rollback Confirmed Change pending")
        return
    shell.device.roll_back()
    shell.terminal.line("Total number of passes: 1")
    shell.terminal.line("Rollback Done")
    shell.terminal.line()


@command("configure revert timer <1-120>", level=15)
async def configure_revert(shell: Shell, minutes: str) -> None:
    if "rollback" not in shell.device.timers:
        shell.terminal.line("%No Rollback Confirmed Change pending")
        return
    shell.device.rollback_later(int(minutes), shell.user)


@command("configure replace LINE", level=15)
async def configure_replace(shell: Shell, rest: str) -> None:
    url, *options = rest.split()
    device, terminal = shell.device, shell.terminal
    text = _contents(shell, url)
    if text is None:
        terminal.line(f"%Error opening {url} (No such file or directory)")
        return
    if "force" not in options:
        for line in REPLACE_WARNING[:-1]:
            terminal.line(line)
        if not (await terminal.ask(REPLACE_WARNING[-1])).lower().startswith("y"):
            terminal.line("Rollback aborted")
            return
        terminal.line()
    if device.faults.replace_aborts:
        terminal.line("Total number of passes: 5")
        terminal.line("Rollback aborted after 5 passes")
        return
    config, errors = device.loaded(text)
    if errors and "error" in options:
        terminal.line(f"Failed to apply command {errors[0]}")
        terminal.line("Aborting Rollback.")
        terminal.line()
        terminal.line("Rollback failed.Reverting back to the original configuration: flash:archive-1")
        terminal.line("The original configuration has been successfully restored.")
        return
    if errors:
        terminal.line("The rollback configlet from the last pass is listed below:")
        await terminal.page(errors)
        terminal.line("Total number of passes: 5")
        terminal.line("Rollback aborted after 5 passes")
        return
    device.config = config
    device.changed(shell.user)
    device.record(shell.title, f"configure replace {url}", "exec", ())
    terminal.line("Total number of passes: 1")
    terminal.line("Rollback Done")
    terminal.line()
    shell.check_reachable()


def _contents(shell: Shell, url: str) -> str | None:
    device = shell.device
    if url in ("startup-config", "nvram:startup-config"):
        return device.startup
    if url in ("running-config", "system:running-config"):
        return "\n".join(render.body(device)) + "\n"
    return device.files.get(url)


# Saving, erasing, files


@command("copy <from> <to>", level=15)
async def copy(shell: Shell, source: str, target: str) -> None:
    names = {"running-config": "running-config", "startup-config": "startup-config"}
    source, target = (_full(name, names) for name in (source, target))
    device, terminal = shell.device, shell.terminal
    if not _writable(shell, target):
        shell.invalid(len(f"copy {source} "))
        return
    text = _contents(shell, source)
    if text is None:
        terminal.line(f"%Error opening {source} (No such file or directory)")
        return
    default = target.partition(":")[2] or target
    given = await terminal.ask(f"Destination filename [{default}]? ")
    if target == "startup-config":
        await _save(shell)
    elif target == "running-config":
        errors = configure.load(device.config, text, device)
        await terminal.page(errors)
        device.changed(shell.user)
        terminal.line(f"{len(text)} bytes copied in 0.100 secs ({len(text) * 10} bytes/sec)")
        shell.check_reachable()
    else:
        url = target if given in ("", "\x03") else f"{target.partition(':')[0]}:{given}"
        _store(shell, url, text)


def _full(word: str, names: t.Mapping[str, str]) -> str:
    near = [name for name in names if name.startswith(word)]
    return near[0] if near else word


def _writable(shell: Shell, target: str) -> bool:
    named = target in ("startup-config", "running-config")
    return named or any(target.startswith(system) for system in shell.device.filesystems)


def _store(shell: Shell, url: str, text: str) -> None:
    try:
        shell.device.write_file(url, text)
    except DiskFull:
        shell.terminal.line(f"%Error writing {url} (No space left on device)")
    else:
        shell.terminal.line(f"{len(text)} bytes copied in 0.100 secs ({len(text) * 10} bytes/sec)")


async def _save(shell: Shell) -> None:
    device, terminal = shell.device, shell.terminal
    if device.faults.nvram_busy > 0:
        device.faults.nvram_busy -= 1
        terminal.line("startup-config file open failed (Device or resource busy)")
        return
    terminal.line("Building configuration...")
    try:
        device.save()
    except DiskFull:
        terminal.line("%Error writing nvram:/startup-config (No space left on device)")
    else:
        terminal.line("[OK]")


@command("write", "write memory", level=15)
async def write_memory(shell: Shell) -> None:
    await _save(shell)


@command("erase startup-config", "erase nvram:", "write erase", level=15)
async def erase(shell: Shell) -> None:
    question = "Erasing the nvram filesystem will remove all configuration files! Continue? [confirm]"
    if await shell.terminal.confirm(question):
        shell.device.startup = None
        shell.terminal.line("[OK]")
        shell.terminal.line("Erase of nvram: complete")
        shell.device.log("%SYS-7-NV_BLOCK_INIT: Initialized the geometry of nvram")


@command("delete <url>", "delete /force <url>", level=15)
async def delete(shell: Shell, url: str) -> None:
    if not shell.line_text.split()[1].startswith("/f"):
        name = url.partition(":")[2]
        await shell.terminal.ask(f"Delete filename [{name}]? ")
        if not await shell.terminal.confirm(f"Delete {url}? [confirm]"):
            return
    if shell.device.files.pop(url, None) is None:
        shell.terminal.line(f"%Error deleting {url} (No such file or directory)")


# Reload


@command("reload", level=15)
async def reload(shell: Shell) -> None:
    if await _agreed(shell, "Proceed with reload? [confirm]"):
        shell.terminal.line()
        shell.terminal.flush()
        shell.device.reload()


@command("reload in <minutes>", level=15)
async def reload_in(shell: Shell, minutes: str) -> None:
    device = shell.device
    if not minutes.isdigit():
        shell.invalid(len("reload in "))
        return
    shell.terminal.line()
    if await _agreed(
        shell,
        f"Reload scheduled in {minutes} minutes by {shell.user} on {shell.title}\r\nProceed with reload? [confirm]",
    ):
        device.schedule("reload", int(minutes), shell.user, device.reload)


async def _agreed(shell: Shell, question: str) -> bool:
    """Both questions of a reload."""
    if shell.device.dirty:
        answer = await shell.terminal.ask("\r\nSystem configuration has been modified. Save? [yes/no]: ")
        if answer.lower().startswith("y"):
            await _save(shell)
        elif not answer.lower().startswith("n"):
            return False
    return await shell.terminal.confirm(question)


@command("reload cancel", level=15)
async def reload_cancel(shell: Shell) -> None:
    if not shell.device.cancel("reload"):
        shell.terminal.line("%No reload is scheduled.")
        return
    for line in ("", "***", "*** --- SHUTDOWN ABORTED ---", "***", ""):
        shell.terminal.line(line)


# Clearing


@command("clear counters", level=15)
async def clear_counters(shell: Shell) -> None:
    if await shell.terminal.confirm('Clear "show interface" counters on all interfaces [confirm]'):
        _clear(shell, list(shell.device.ports), "all interfaces")


@command("clear counters <interface> <number>", "clear counters <interface>", level=15)
async def clear_counters_of(shell: Shell, *words: str) -> None:
    name = shell.interface("".join(words))
    if name is None:
        shell.invalid(len("clear counters "))
    elif await shell.terminal.confirm('Clear "show interface" counters on this interface [confirm]'):
        _clear(shell, [name], f"interface {name}")


def _clear(shell: Shell, names: list[str], what: str) -> None:
    for name in names:
        port = shell.device.ports.get(name)
        if port:
            port.packets_in = port.packets_out = 0
            port.cleared = shell.device.now()
    shell.device.log(f"%CLEAR-5-COUNTERS: Clear counter on {what} by {shell.user} on {shell.title}")


@command("clear line vty <number>", "clear line <number>", level=15)
async def clear_line(shell: Shell, number: str) -> None:
    named = "vty" in shell.line_text
    if await shell.terminal.confirm("[confirm]"):
        shell.terminal.line(" [OK]")
        for other in list(shell.device.shells):
            if str(other.number if named else other.absolute) == number and (other.kind == "vty" or not named):
                other.end()


@command("clear logging", level=15)
async def clear_logging(shell: Shell) -> None:
    if await shell.terminal.confirm("Clear logging buffer [confirm]"):
        shell.device.logged = []


@command("clear cdp table", level=15)
async def clear_cdp_table(shell: Shell) -> None:
    shell.device.forget_neighbours()


# Archive


@command("archive config", level=15)
async def archive_config(shell: Shell) -> None:
    archive = shell.device.config.archive
    if not (archive and archive.path):
        shell.terminal.line("Archive feature not enabled")
        return
    number = sum(1 for url in shell.device.files if url.startswith(archive.path)) + 1
    shell.device.write_file(f"{archive.path}-{number}", "\n".join(render.body(shell.device)) + "\n")


@command("show archive config differences", level=15)
async def archive_differences(shell: Shell) -> None:
    device = shell.device
    lines = differences.contextual(render.plain(device.startup or ""), render.plain("\n".join(render.body(device))))
    await shell.terminal.page(["!Contextual Config Diffs:", *lines])


@command("ping <address>")
async def ping(shell: Shell, address: str) -> None:
    known = {one.ip for near in shell.device.config.interfaces.values() for one in near.addresses}
    known |= {
        one.ip
        for _port, far, _there in shell.device.neighbours()
        for i in far.config.interfaces.values()
        for one in i.addresses
    }
    marks, rate = ("!!!!!", 100) if address in known else (".....", 0)
    shell.terminal.line("Type escape sequence to abort.")
    shell.terminal.line(f"Sending 5, 100-byte ICMP Echos to {address}, timeout is 2 seconds:")
    shell.terminal.line(marks)
    shell.terminal.line(f"Success rate is {rate} percent ({rate // 20}/5)")
