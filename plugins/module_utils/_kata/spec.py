# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""OCI specifications: built from a few options, and held against what an agent can take.

An agent does not refuse a word that it does not know (a capability, a limit, a seccomp action): its handler dies and no
answer ever comes. So every word is held against the lists of the runtime specification before anything is sent.
"""

from __future__ import annotations

import re
import typing as t

from .._core.errors import InvalidOption, did_you_mean

CONTAINER_ID = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")


def _words(text: str, prefix: str = "") -> tuple[str, ...]:
    """The words of a text, each with a prefix."""
    return tuple(prefix + word for word in text.split())


CAPABILITIES = _words(
    "AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH "
    "FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN "
    "NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT "
    "SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM"
)
RLIMITS = _words(
    "AS CORE CPU DATA FSIZE LOCKS MEMLOCK MSGQUEUE NICE NOFILE NPROC RSS RTPRIO RTTIME SIGPENDING STACK", "RLIMIT_"
)
DEVICE_TYPES = ("a", "b", "c", "p", "u")
SECCOMP_ACTIONS = _words("KILL KILL_PROCESS KILL_THREAD TRAP ERRNO TRACE ALLOW LOG NOTIFY", "SCMP_ACT_")
SECCOMP_ARCHITECTURES = _words(
    "NATIVE X86 X86_64 X32 ARM AARCH64 MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 PPC64LE S390 S390X "
    "RISCV64",
    "SCMP_ARCH_",
)
SECCOMP_OPERATORS = _words("NE LT LE EQ GE GT MASKED_EQ", "SCMP_CMP_")
NAMESPACES = _words("cgroup ipc mount network pid time user uts")

# What a container may do where nothing else is said: the usual choice of container engines.
DEFAULT_CAPABILITIES = _words(
    "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID "
    "SYS_CHROOT",
    "CAP_",
)
DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DEFAULT_MOUNTS: tuple[dict[str, t.Any], ...] = (
    {"destination": "/proc", "source": "proc", "type": "proc", "options": ["nosuid", "noexec", "nodev"]},
    {
        "destination": "/dev",
        "source": "tmpfs",
        "type": "tmpfs",
        "options": ["nosuid", "strictatime", "mode=755", "size=65536k"],
    },
    {
        "destination": "/dev/pts",
        "source": "devpts",
        "type": "devpts",
        "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"],
    },
)
DEFAULT_NAMESPACES = ("mount", "uts", "ipc")

_CPUS = re.compile(r"\d+(-\d+)?(,\d+(-\d+)?)*")


def container_id(value: str, option: str = "container_id") -> str:
    """A container's id, checked as an agent does."""
    if not CONTAINER_ID.fullmatch(value):
        raise InvalidOption(
            f"'{option}' is '{value}'",
            next_step="an id has two or more letters, digits, '_', '.' or '-', no sign first",
        )
    return value


# -- building


def build(container: str, options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """A specification from the options of a task; null is the same as not given.

    :param options: C(rootfs), C(command), C(environment) and the others that the module documents
    """
    capabilities = options.get("capabilities")
    names = list(DEFAULT_CAPABILITIES) if capabilities is None else [capability(name) for name in capabilities]
    process = {
        "Terminal": bool(options.get("terminal")),
        "User": user(options),
        "Args": list(options.get("command") or []),
        "Env": environment(options.get("environment") or {}),
        "Cwd": options.get("cwd") or "/",
        "Capabilities": dict.fromkeys(("Bounding", "Effective", "Permitted"), names),
        "NoNewPrivileges": bool(options.get("no_new_privileges")),
    }
    linux: dict[str, t.Any] = {
        "Namespaces": [{"Type": kind} for kind in DEFAULT_NAMESPACES],
        "CgroupsPath": options.get("cgroup") or f"/{container}",
    }
    resources = limits(options)
    if resources:
        linux["Resources"] = resources
    return {
        "Version": "1.0.2",
        "Process": process,
        "Root": {"Path": options.get("rootfs") or "", "Readonly": bool(options.get("readonly"))},
        "Hostname": options.get("hostname") or container,
        "Mounts": [dict(mount) for mount in DEFAULT_MOUNTS] + [_mount(mount) for mount in options.get("mounts") or ()],
        "Annotations": dict(options.get("annotations") or {}),
        "Linux": linux,
    }


def process(options: t.Mapping[str, t.Any], words: t.Sequence[str]) -> dict[str, t.Any]:
    """The process of one command in a container, which has the container's capabilities unless the task names some."""
    made: dict[str, t.Any] = {
        "Terminal": bool(options.get("terminal")),
        "User": user(options),
        "Args": list(words),
        "Env": environment(options.get("environment") or {}),
        "Cwd": options.get("cwd") or "/",
    }
    if options.get("capabilities") is not None:
        names = [capability(name) for name in options["capabilities"]]
        made["Capabilities"] = dict.fromkeys(("Bounding", "Effective", "Permitted"), names)
    return made


def user(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """User, group and further groups by number."""
    return {
        "UID": options.get("user") or 0,
        "GID": options.get("group") or 0,
        "AdditionalGids": list(options.get("groups") or ()),
    }


def environment(given: t.Mapping[str, t.Any]) -> list[str]:
    """Variables as the specification has them; a path to find commands on is added where none is given."""
    lines = []
    for name, value in given.items():
        if not name or "=" in name or "\0" in name:
            raise InvalidOption(f"'environment' has a variable '{name}'", next_step="a name has no '='")
        if value is not None:
            text = ("true" if value else "false") if isinstance(value, bool) else str(value)
            lines.append(f"{name}={text}")
    return lines if "PATH" in given else [DEFAULT_PATH, *lines]


def capability(name: str) -> str:
    """A capability with its prefix."""
    bare = name.upper().removeprefix("CAP_") if isinstance(name, str) else ""
    if bare not in CAPABILITIES:
        hint = did_you_mean(bare, CAPABILITIES)
        raise InvalidOption(f"there is no capability '{name}'", next_step=hint or "see capabilities(7)")
    return f"CAP_{bare}"


def limits(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The resources that a task names."""
    resources: dict[str, t.Any] = {}
    if options.get("memory_limit") is not None:
        if options["memory_limit"] <= 0:
            raise InvalidOption(
                f"'memory_limit' is {options['memory_limit']}",
                next_step="give bytes above 0; an agent ignores a limit that is to be taken away",
            )
        resources["Memory"] = {"Limit": options["memory_limit"]}
    cpu = {
        key: options[option]
        for option, key in (
            ("cpu_shares", "Shares"),
            ("cpu_quota", "Quota"),
            ("cpu_period", "Period"),
            ("cpuset_cpus", "Cpus"),
            ("cpuset_mems", "Mems"),
        )
        if options.get(option) is not None
    }
    if cpu:
        resources["CPU"] = cpu
    check_resources(resources, "")
    return resources


def _mount(given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    kind = given.get("type") or "bind"
    return {
        "destination": given["destination"],
        "source": given.get("source") or kind,
        "type": kind,
        "options": list(given.get("options") or (["rbind", "rw"] if kind == "bind" else [])),
    }


# -- checking


def check(spec: t.Mapping[str, t.Any]) -> list[str]:
    """Hold a specification against what an agent takes; what it will silently ignore, one sentence each.

    :raises InvalidOption: what it would refuse, or die of
    """
    ignored: list[str] = []
    root = _dictionary(spec, "Root", "")
    if not root.get("Path"):
        raise InvalidOption(
            "'Root.Path' is missing", next_step="name the directory of the root file system in the guest"
        )
    process = spec.get("Process")
    if process is not None:
        check_process(process, "Process")
        if process.get("Args") and process.get("Capabilities") is None:
            raise InvalidOption(
                "'Process.Capabilities' is missing",
                next_step="an agent refuses a process without them (they may be empty)",
            )
    linux = _dictionary(spec, "Linux", "")
    kinds = [namespace.get("Type") for namespace in _dictionaries(linux, "Namespaces", "Linux")]
    for kind in kinds:
        if kind not in NAMESPACES:
            ignored.append(f"the agent does not know a namespace '{kind}'")
    if spec.get("Hostname") and "uts" not in kinds and "Linux" in spec:
        raise InvalidOption("'Hostname' needs a namespace 'uts'", next_step="add it to 'Linux.Namespaces'")
    for index, device in enumerate(_dictionaries(linux, "Devices", "Linux")):
        _word(device.get("Type"), DEVICE_TYPES, f"Linux.Devices[{index}].Type")
    seccomp = linux.get("Seccomp")
    if seccomp is not None:
        _check_seccomp(seccomp)
    ignored += check_resources(_dictionary(linux, "Resources", "Linux"), "Linux.Resources.", updating=False)
    for index, mount in enumerate(_dictionaries(spec, "Mounts", "")):
        if not str(mount.get("destination", "")).startswith("/"):
            raise InvalidOption(f"'Mounts[{index}].destination' is no absolute path")
    return ignored


def check_process(process: t.Mapping[str, t.Any], where: str) -> None:
    """Hold a process against what an agent takes."""
    if not isinstance(process, dict):
        raise InvalidOption(f"'{where}' must be a dictionary")
    for kind, names in _dictionary(process, "Capabilities", where).items():
        for index, name in enumerate(names or ()):
            bare = name[4:] if isinstance(name, str) and name.startswith("CAP_") else name
            _word(bare, CAPABILITIES, f"{where}.Capabilities.{kind}[{index}]")
    for index, limit in enumerate(_dictionaries(process, "Rlimits", where)):
        _word(limit.get("Type"), RLIMITS, f"{where}.Rlimits[{index}].Type")
    for index, line in enumerate(process.get("Env") or ()):
        if not isinstance(line, str) or "=" not in line[1:]:
            raise InvalidOption(f"'{where}.Env[{index}]' is {line!r}", next_step="write NAME=value")
    for name in ("Args", "Env"):
        if any(isinstance(word, str) and "\0" in word for word in process.get(name) or ()):
            raise InvalidOption(f"'{where}.{name}' holds a zero byte")


def _check_seccomp(seccomp: t.Mapping[str, t.Any]) -> None:
    where = "Linux.Seccomp"
    _word(seccomp.get("DefaultAction"), SECCOMP_ACTIONS, f"{where}.DefaultAction")
    for index, name in enumerate(seccomp.get("Architectures") or ()):
        _word(name, SECCOMP_ARCHITECTURES, f"{where}.Architectures[{index}]")
    for index, call in enumerate(_dictionaries(seccomp, "Syscalls", where)):
        _word(call.get("Action"), SECCOMP_ACTIONS, f"{where}.Syscalls[{index}].Action")
        for number, argument in enumerate(_dictionaries(call, "Args", f"{where}.Syscalls[{index}]")):
            _word(argument.get("Op"), SECCOMP_OPERATORS, f"{where}.Syscalls[{index}].Args[{number}].Op")


def check_resources(resources: t.Mapping[str, t.Any], where: str, updating: bool = True) -> list[str]:
    """Hold resources against what an agent really applies.

    :param updating: whether a value without effect is an error, and not only said
    """
    ignored = []
    pids = _dictionary(resources, "Pids", where)
    if pids.get("Limit"):
        ignored.append(f"'{where}Pids.Limit' has no effect: agents up to 4.1 do not apply it")
    memory = _dictionary(resources, "Memory", where)
    if memory.get("Limit", 1) <= 0:
        ignored.append(f"'{where}Memory.Limit' of {memory['Limit']} has no effect: an agent does not take a limit away")
    cpu = _dictionary(resources, "CPU", where)
    for name in ("Cpus", "Mems"):
        if cpu.get(name) and not _CPUS.fullmatch(cpu[name]):
            raise InvalidOption(f"'{where}CPU.{name}' is '{cpu[name]}'", next_step="write numbers and ranges: 0-2,4")
    if ignored and updating:
        raise InvalidOption(ignored[0], next_step="leave it out")
    return ignored


def _word(value: t.Any, known: t.Sequence[str], where: str) -> None:
    """Raise for a word that an agent would die of."""
    if value not in known:
        hint = did_you_mean(str(value), known) or f"it is one of {', '.join(known)}"
        raise InvalidOption(f"'{where}' is {value!r}, of which an agent would die without an answer", next_step=hint)


def _dictionary(parent: t.Mapping[str, t.Any], key: str, where: str) -> dict[str, t.Any]:
    value = parent.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidOption(f"'{where}{'.' if where and not where.endswith('.') else ''}{key}' must be a dictionary")
    return value


def _dictionaries(parent: t.Mapping[str, t.Any], key: str, where: str) -> list[dict[str, t.Any]]:
    value = parent.get(key) or []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise InvalidOption(f"'{where + '.' if where else ''}{key}' must be a list of dictionaries")
    return value
