# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SIMULATOR: every call of the agent, with real processes and with the traps that the real one has."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import stat
import typing as t

from ansible_collections.nfvlab.fleet.plugins.module_utils._kata import spec as words
from ansible_collections.nfvlab.fleet.plugins.module_utils._kata.messages import CALLS

from .cgroups import Group, watch
from .files import Files, bind, unbind
from .network import Network, quoted
from .policy import FREE, Policy, Unparsable, no_rule
from .ports import Log
from .processes import Ended, Process
from .server import Panic, Refusal

CAPS = {f"CAP_{name}" for name in words.CAPABILITIES} | set(words.CAPABILITIES)
STORAGES = [
    "blk", "blk-ccw", "mmioblk", "scsi", "nvdimm", "ephemeral", "local", "overlayfs", "virtio-fs", "watchable-bind",
    "image_guest_pull",
]  # fmt: skip
MODULES = ("8021q", "dummy", "vfio-pci", "vhost_net")  # that the guest has
NO_MODULE = (
    "load_kernel_module return code: 1 stdout: stderr:modprobe: FATAL: Module {} not found in directory "
    "/lib/modules/KERNEL\n"
)
DEVICES = ("blk", "mmioblk", "blk-ccw", "scsi", "nvdimm", "vfio-pci", "vfio-pci-gk", "vfio-ap", "vfio-ap-cold")
# Calls that do not wait for the agent's lock, or only for as long as it takes to find a process.
UNLOCKED = {
    "Check", "Version", "GetGuestDetails", "GetMetrics", "CopyFile", "GetIPTables", "SetIPTables", "GetVolumeStats",
    "WaitProcess", "ReadStdout", "ReadStderr", "WriteStdin", "GetOOMEvent", "ResizeVolume",
}  # fmt: skip


class Container:
    """A container: its bundle, its processes by exec id, and its state."""

    def __init__(self, name: str, spec: dict, rootfs: pathlib.Path, mounts: list[pathlib.Path]) -> None:
        self.name = name
        self.spec = spec
        self.rootfs = rootfs
        self.mounts = mounts
        self.state = self.before = "Created"
        self.processes: dict[str, Process] = {}
        self.all: list[Process] = []
        self.group = Group(spec.get("Linux", {}).get("Resources", {}), lambda: {process.pid for process in self.all})
        self.deferred = False
        self.follows = ""  # the container whose PID namespace it shares, and with whose init it ends

    def everyone(self) -> t.Iterator[Process]:
        yield from self.all


class Agent:
    """The agent's state.

    :param ended: set when the agent shall exit
    :param policy: the policy that requests are held against, where the agent has that feature
    :param cpus: with one, nothing is answered any more once a call blocks
    :param watchdog: seconds after which a call that hangs ends; 0 for never
    :param cgroups: the version of control groups that the guest has
    :param users: whether there are users beside root, as there are not in a namespace of one
    """

    def __init__(
        self,
        files: Files,
        version: str,
        ended: asyncio.Event,
        *,
        policy: Policy | None,
        cpus: int,
        watchdog: float,
        cgroups: int,
        users: bool,
    ) -> None:
        self.files = files
        self.version = version
        self.ended = ended
        self.policy = policy
        self.policed = policy is not None
        self.cgroups = cgroups
        self.users = users
        self.log = Log(version)
        self.cpus = cpus
        self.watchdog = watchdog
        self.network = Network(version)
        self.containers: dict[str, Container] = {}
        self.lock = asyncio.Lock()
        self.hung: dict[str, asyncio.Event] = {}
        self.gone = asyncio.Event()
        self.oom: asyncio.Queue[str] = asyncio.Queue()
        self.guest: dict[str, t.Any] = {"online": os.cpu_count() or 1, "swap": [], "time": None, "modules": MODULES}
        self.counted: dict[str, int] = {}
        self.work = {name[3:].replace("_", "").lower(): getattr(self, name) for name in dir(self) if name[:3] == "do_"}

    def blocks(self, method: str, request: dict) -> bool:
        """Whether a call does not watch its deadline."""
        return method in ("StartContainer", "OnlineCPUMem") or (
            method == "GetVolumeStats" and request.get("volume_guest_path", "").endswith("/exec.fifo")
        )

    async def handle(self, method: str, request: dict) -> dict:
        """Carry a call out."""
        self.counted[method] = self.counted.get(method, 0) + 1
        self.log.say("INFO", "rpc", f"{method} {request.get('container_id', '')}".rstrip())
        if self.hung and self.cpus == 1:
            await asyncio.Event().wait()
        work = self.work[method.lower()]
        if self.policed and method not in FREE:
            name = CALLS[method][1]
            if self.policy is None:
                raise no_rule(name)
            if not self.policy.allows(name, request):
                return {}
        if method in UNLOCKED:
            return await work(request)
        async with self.lock:
            return await work(request)

    # -- finding

    def container(self, request: dict, form: str = "plain") -> Container:
        """The container that a request names, or the refusal in the form that the call has."""
        name = request.get("container_id", "")
        found = self.containers.get(name)
        if found is None:
            raise {
                "plain": Refusal("Invalid container id"),
                "quoted": quoted("invalid container id", 3),
                "named": Refusal(f"Invalid container id {name}"),
                "colon": Refusal(f"Invalid container id: {name}"),
                "status": self.status("INVALID_ARGUMENT", "InvalidContainerId", 3),
                "real": Refusal("InvalidContainerId", 3),
            }[form]
        return found

    def status(self, name: str, message: str, code: int) -> Refusal:
        """A status that agents up to 4.0 wrap in another one."""
        if self.version >= "4.1":
            return Refusal(message, code)
        return Refusal(
            f'rpc status: Status {{ code: {name}, message: "{message}", details: [], special_fields: SpecialFields '
            "{ unknown_fields: UnknownFields { fields: None }, cached_size: CachedSize { size: 0 } } }"
        )

    def process(self, request: dict, form: str = "status") -> Process:
        found = self.container(request, form)
        name = request.get("exec_id", "")
        process = found.processes.get(name or found.name)
        if process is None:
            missing = "InvalidExecId" if name else "InitProcessNotFound"
            raise self.status("NOT_FOUND", missing, 5) if form == "status" else Refusal(missing, 5)
        return process

    # -- health and details

    async def do_check(self, request: dict) -> dict:
        return {"status": "SERVING"}

    async def do_version(self, request: dict) -> dict:
        return {"grpc_version": "0.0.1", "agent_version": self.version}

    async def do_get_guest_details(self, request: dict) -> dict:
        features = ["seccomp", *(["agent-policy"] if self.policed else [])]
        details = {
            "version": self.version,
            "storage_handlers": sorted(STORAGES, key=hash),
            "supports_seccomp": True,
            "extra_features": features,
        }
        return {"agent_details": details, **({"mem_block_size_bytes": 2**27} if request.get("mem_block_size") else {})}

    async def do_get_metrics(self, request: dict) -> dict:
        load = os.getloadavg()
        lines = [
            "# HELP kata_agent_scrape_count Agent scrape count",
            "# TYPE kata_agent_scrape_count counter",
            f"kata_agent_scrape_count {self.counted['GetMetrics']}",
            "# HELP kata_agent_threads Agent process threads",
            "# TYPE kata_agent_threads gauge",
            "kata_agent_threads 1",
            "# HELP kata_guest_load Guest system load.",
            "# TYPE kata_guest_load gauge",
            *(f'kata_guest_load{{item="load{name}"}} {value:g}' for name, value in zip(("1", "5", "15"), load)),
        ]
        return {"metrics": "\n".join(lines) + "\n"}

    async def do_get_diagnostic_data(self, request: dict) -> dict:
        if request.get("log_type") != "termination_log":
            raise quoted(f"unsupported diagnostic log_type: {request.get('log_type', '')}", 3)
        box = self.container(request, "colon")
        path = box.spec.get("Annotations", {}).get("io.kubernetes.container.terminationMessagePath")
        if not path:
            raise Refusal("No terminationMessagePath annotation")
        mounts = box.spec.get("Mounts", ())
        source = next((mount.get("source", "") for mount in mounts if mount.get("destination") == path), "")
        return {"data": self.files.inside(source).read_text()[:4096]}

    # -- the sandbox

    async def do_create_sandbox(self, request: dict) -> dict:
        run = self.files.inside("/run/kata-containers")
        for module in request.get("kernel_modules", ()):
            name = module.get("name", "")
            if name not in self.guest["modules"]:
                self.erase(run)
                raise Refusal(NO_MODULE.format(name) if name else "Kernel module name is empty")
        self.erase(run)
        if self.files.inside("/run/sandbox-ns").exists():
            raise Refusal("setup persistent IPC namespace\n\nCaused by:\n    Operation not permitted (os error 1)")
        self.store(request.get("storages", ()))
        for name in ("ipc", "uts"):
            place = self.files.inside(f"/run/sandbox-ns/{name}")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
        if request.get("dns"):
            place = self.files.inside("/etc/resolv.conf")
            place.parent.mkdir(exist_ok=True)
            place.write_text("\n".join(request["dns"]))
        self.guest["hostname"] = request.get("hostname", "")
        return {}

    def store(self, storages: list[dict]) -> None:
        """Make what storages are: of those that need no device, the folder."""
        for storage in storages:
            driver = storage.get("driver", "")
            if driver not in STORAGES:
                raise Refusal(f"Failed to find the storage handler {driver}")
            if driver in ("local", "ephemeral"):
                self.files.inside(storage.get("mount_point", "")).mkdir(parents=True, exist_ok=True)

    def erase(self, run: pathlib.Path) -> None:
        """What the real agent does: through the mounts, every file of every root file system goes."""
        for folder, names, files in os.walk(run, topdown=False):
            for name in files:
                with contextlib.suppress(OSError):
                    os.unlink(os.path.join(folder, name))
            for name in names:
                path = os.path.join(folder, name)
                with contextlib.suppress(OSError):
                    os.unlink(path) if os.path.islink(path) else os.rmdir(path)

    async def do_destroy_sandbox(self, request: dict) -> dict:
        self.gone.set()
        for box in self.containers.values():
            for process in box.everyone():
                process.kill()
        asyncio.get_running_loop().call_later(0.05, self.ended.set)
        return {}

    # -- containers

    async def do_create_container(self, request: dict) -> dict:
        name = request.get("container_id", "")
        if not words.CONTAINER_ID.fullmatch(name):
            raise Refusal(f"invalid container ID {name}")
        spec = request.get("OCI")
        if spec is None:
            raise Refusal("EINVAL: Invalid argument")
        for device in request.get("devices", ()):
            self.device(device)
        self.store(request.get("storages", ()))
        if name in self.containers:
            self.take_away(self.containers[name])
            raise Refusal("exec fifo exists")
        dies_of(spec)
        bundle = self.files.inside(f"/run/kata-containers/{name}")
        if ":" in spec.get("Linux", {}).get("CgroupsPath", ""):
            raise Refusal("Establishing a D-Bus connection\n\nCaused by:\n    0: I/O error: No such file or directory")
        rootfs = self.root_of(name, spec, bundle)
        process = dict(spec.get("Process") or {"Args": ["sh"], "Env": ["PATH=/bin"], "Capabilities": {"Bounding": []}})
        process["Args"] = process.get("Args") or ["sh"]
        mounts = [rootfs]
        try:
            if (
                "Hostname" in spec
                and "Linux" in spec
                and not any(space.get("Type") == "uts" for space in spec["Linux"].get("Namespaces", ()))
            ):
                raise Refusal("hostname\n\nCaused by:\n    Linux namespace does not contain uts")
            if "Capabilities" not in process:
                raise Refusal("missing process capabilities")
            self.mount(spec, rootfs, mounts)
            command = find_command(rootfs, process)
        except Refusal:
            self.clear(bundle, mounts)
            raise
        (bundle / "config.json").write_text(json.dumps({"ociVersion": "1.0.2"}))
        os.mkfifo(bundle / "exec.fifo")
        box = Container(name, spec, rootfs, mounts)
        box.follows = next(iter(self.containers), "") if request.get("sandbox_pidns") else ""
        box.processes[name] = Process(str(rootfs), command, process, held=True)
        box.all.append(box.processes[name])
        self.containers[name] = box
        return {}

    def root_of(self, name: str, spec: dict, bundle: pathlib.Path) -> pathlib.Path:
        """The container's root file system, shown in its bundle; one that is left over is taken as it is."""
        rootfs = bundle / "rootfs"
        source = spec.get("Root", {}).get("Path", "")
        nothing = f"failed to mount {source or 'rootfs'} to /run/kata-containers/{name}/rootfs, with error: ENOENT: "
        left = rootfs.exists()
        rootfs.mkdir(parents=True, exist_ok=True)
        if left:
            return rootfs
        real = self.files.inside(source) if source else None
        if real is None or not real.is_dir() or real.is_symlink():
            if not source:
                shutil.rmtree(bundle)
            raise Refusal(nothing + "No such file or directory")
        bind(real, rootfs)
        return rootfs

    def mount(self, spec: dict, rootfs: pathlib.Path, mounts: list[pathlib.Path]) -> None:
        for mount in spec.get("Mounts", ()):
            if mount.get("destination") == "/dev":
                for name in ("null", "zero", "full", "random", "urandom"):
                    self.show(pathlib.Path("/dev", name), rootfs / "dev" / name, mounts)
            if mount.get("type") != "bind":
                continue
            source = self.files.inside(mount.get("source", ""))
            if not source.exists():
                raise Refusal("No such file or directory (os error 2)")
            self.show(source, rootfs / mount["destination"].lstrip("/"), mounts)

    def show(self, source: pathlib.Path, target: pathlib.Path, mounts: list[pathlib.Path]) -> None:
        """Bind a directory or file of the guest into a root file system."""
        if source.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
        bind(source, target)
        mounts.append(target)

    def device(self, device: dict) -> None:
        kind = device.get("type", "")
        if not device.get("id") and not device.get("vm_path"):
            raise Refusal(f'invalid ID and VM path for device Device {{ id: "", type_: "{kind}", vm_path: "" }}')
        if kind not in DEVICES:
            raise Refusal(f"Failed to find the device handler {kind}")
        if kind.startswith("vfio-ap"):
            raise Refusal("VFIO-AP is only supported on s390x")
        raise Refusal("Timeout after 3s waiting for uevent VirtioBlkPciMatcher { rex: Regex() }")

    def clear(self, bundle: pathlib.Path, mounts: list[pathlib.Path]) -> None:
        for place in reversed(mounts):
            unbind(place)
        shutil.rmtree(bundle, ignore_errors=True)

    def take_away(self, box: Container) -> None:
        frozen = box.state == "Paused" and self.cgroups == 1
        for process in box.everyone():
            if not frozen:  # else they stay as they are, and nothing reaches them any more
                process.signal(signal.SIGCONT, group=True)
                process.kill()
        del self.containers[box.name]
        self.clear(self.files.inside(f"/run/kata-containers/{box.name}"), box.mounts)

    async def do_start_container(self, request: dict) -> dict:
        box = self.container(request)
        init = box.processes.get(box.name)
        if box.state != "Created" or init is None or init.ended.is_set():
            way_out = self.hung.setdefault(box.name, asyncio.Event())
            limit = self.watchdog or None
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(way_out.wait(), limit)
            self.hung.pop(box.name, None)
            raise Refusal("EPIPE: Broken pipe")
        init.release()
        await init.became()
        box.state = "Running"
        return {}

    async def do_remove_container(self, request: dict) -> dict:
        box = self.container(request)
        self.take_away(box)
        for other in self.containers.values():
            if other.follows == box.name:
                for process in other.everyone():
                    process.kill()
        return {}

    async def do_update_container(self, request: dict) -> dict:
        box = self.container(request, "quoted")
        resources = request.get("resources", {})
        limit = resources.get("Memory", {}).get("Limit", 0)
        if 0 < limit < max(2**16, box.group.usage()):
            raise Refusal(
                f"unable to write to a control group file memory.limit_in_bytes, value {limit} caused by: "
                'Os { code: 16, kind: ResourceBusy, message: "Device or resource busy" }'
            )
        box.group.update(resources)
        return {}

    async def do_stats_container(self, request: dict) -> dict:
        box = self.container(request, "quoted")
        return {"cgroup_stats": box.group.stats()}

    async def do_pause_container(self, request: dict) -> dict:
        box = self.container(request, "quoted")
        if box.state == "Paused":
            raise Refusal("failed to pause container: current status is: Paused")
        box.before, box.state = box.state, "Paused"
        for process in box.everyone():
            process.signal(signal.SIGSTOP, group=True)
        return {}

    async def do_resume_container(self, request: dict) -> dict:
        box = self.container(request, "quoted")
        if box.state != "Paused":
            raise Refusal(f"container status is: {box.state}, not paused")
        box.state = "Running" if box.before == "Running" else box.before
        for process in box.everyone():
            process.signal(signal.SIGCONT, group=True)
        if box.deferred:
            box.deferred = False
            box.processes[box.name].signal(signal.SIGKILL)
        return {}

    # -- processes

    async def do_exec_process(self, request: dict) -> dict:
        if "process" not in request:
            raise Refusal("Unable to parse process from ExecProcessRequest")
        box = self.container(request)
        name, spec = request.get("exec_id", ""), dict(request["process"])
        if name in box.processes:
            raise Refusal(f"exec_id '{name}' already exists")
        dies_of({"Process": spec})
        if box.state == "Paused":
            await asyncio.Event().wait()  # with the lock held
        init = box.processes.get(box.name)
        if init is None or init.ended.is_set():
            raise Refusal(
                "failed to fork temporary process: ENOMEM"
                if self.version >= "4.1"
                else "ENOENT: No such file or directory"
            )
        for line in spec.get("Env", ()):
            if "=" not in line:
                raise Refusal(f'Malformed OCI env entry "{line}"')
        spec["Args"] = spec.get("Args") or ["sh"]
        if not (box.rootfs / spec.get("Cwd", "").lstrip("/")).is_dir():
            raise Refusal("ENOENT: No such file or directory")
        if spec.get("User", {}).get("UID") and not self.users:
            raise Refusal("caps error: capset failure: Operation not permitted (os error 1)")
        # Its limits are the container's, not its own.
        spec["Rlimits"] = box.spec.get("Process", {}).get("Rlimits", [])
        process = Process(str(box.rootfs), find_command(box.rootfs, spec), spec, held=False)
        box.all.append(process)
        box.processes[name or f"unnamed-{process.pid}"] = process
        return {}

    async def do_signal_process(self, request: dict) -> dict:
        name, number = request.get("exec_id", ""), request.get("signal", 0)
        box = self.container(request, "named" if number == 9 and not name else "status")
        if number > 64:
            self.process(request)
            raise Refusal("EINVAL: Invalid argument")
        if number == 9 and not name:
            for process in box.everyone():
                process.kill()
            return {}
        process = self.process(request)
        init = process is box.processes.get(box.name)
        proc = "/proc"
        if init and number in (2, 15) and not process.handles(number, proc):
            if number == 2:
                return {}
            if box.state == "Paused":
                box.deferred = True
                return {}
            number = 9
        if number:
            process.signal(number)
        return {}

    async def do_wait_process(self, request: dict) -> dict:
        async with self.lock:
            box = self.container(request, "status")
            process = self.process(request)
        await process.ended.wait()
        if self.containers.get(box.name) is not box and not self.gone.is_set():
            raise Refusal("Invalid container id")
        for name, other in list(box.processes.items()):
            if other is process:
                del box.processes[name]
                process.close()
        return {"status": process.status} if process.status else {}

    async def read(self, request: dict, stream: str) -> dict:
        async with self.lock:
            process = self.process(request)
        try:
            data = await process.read(getattr(process, stream), request.get("len", 0))
        except Ended as ended:
            raise Refusal(str(ended)) from None
        return {"data": data} if data else {}

    async def do_read_stdout(self, request: dict) -> dict:
        return await self.read(request, "stdout")

    async def do_read_stderr(self, request: dict) -> dict:
        return await self.read(request, "stderr")

    async def do_write_stdin(self, request: dict) -> dict:
        async with self.lock:
            box = self.container(request)
            process = box.processes.get(request.get("exec_id", "") or box.name)
        if process is None:
            raise Refusal("Process not found: invalid exec id")
        data = request.get("data", b"")
        if not data:
            process.close_stdin()
            return {}
        try:
            return {"len": await process.write(data)}
        except Ended as ended:
            raise Refusal(str(ended)) from None

    async def do_close_stdin(self, request: dict) -> dict:
        self.process(request, "real").close_stdin()
        return {}

    async def do_tty_win_resize(self, request: dict) -> dict:
        process = self.process(request, "real")
        if not process.tty:
            raise quoted("no tty", 14)
        process.resize(request.get("row", 0), request.get("column", 0))
        return {}

    async def do_get_oom_event(self, request: dict) -> dict:
        event = asyncio.ensure_future(self.oom.get())
        gone = asyncio.ensure_future(self.gone.wait())
        try:
            done, _pending = await asyncio.wait({event, gone}, return_when=asyncio.FIRST_COMPLETED)
            if event in done:
                return {"container_id": event.result()}
            raise quoted("")
        finally:
            event.cancel()
            gone.cancel()

    # -- files, network, guest

    async def do_copy_file(self, request: dict) -> dict:
        return self.files.copy(request)

    async def do_get_volume_stats(self, request: dict) -> dict:
        path = request.get("volume_guest_path", "")
        found = re.fullmatch(r"/run/kata-containers/([^/]+)/exec\.fifo", path)
        if found and self.containers.get(found.group(1)):
            way_out = self.hung.get(found.group(1))
            if way_out is None:
                await asyncio.Event().wait()  # a worker is gone for good
            else:
                way_out.set()
        return self.files.volume(path)

    async def do_resize_volume(self, request: dict) -> dict:
        raise quoted("resize_volume is not implemented in kata-agent", 12)

    async def do_list_interfaces(self, request: dict) -> dict:
        return self.network.interfaces()

    async def do_update_interface(self, request: dict) -> dict:
        return self.network.update_interface(request)

    async def do_list_routes(self, request: dict) -> dict:
        return self.network.list_routes()

    async def do_update_routes(self, request: dict) -> dict:
        return self.network.update_routes(request)

    async def do_add_arp_neighbors(self, request: dict) -> dict:
        return self.network.add_neighbours(request)

    async def do_get_ip_tables(self, request: dict) -> dict:
        return {"data": self.network.tables[request.get("is_ipv6", False)]}

    async def do_set_ip_tables(self, request: dict) -> dict:
        return self.network.set_tables(request)

    async def do_update_ephemeral_mounts(self, request: dict) -> dict:
        for storage in request.get("storages", ()):
            if storage.get("driver") != "ephemeral":
                raise quoted(
                    "Failed to update mounts: Unsupported storage type for syncing mounts "
                    f"{storage.get('driver', '')}. Only ephemeral storage update is supported"
                )
        return {}

    async def do_remove_stale_virtiofs_share_mounts(self, request: dict) -> dict:
        return {}

    async def do_reseed_random_dev(self, request: dict) -> dict:
        if not request.get("data"):
            raise Refusal("missing entropy data")
        return {}

    async def do_set_guest_date_time(self, request: dict) -> dict:
        if request.get("Usec", 0) >= 10**6:
            raise Refusal("EINVAL: Invalid argument")
        self.guest["time"] = request.get("Sec", 0)
        return {}

    async def do_online_cpu_mem(self, request: dict) -> dict:
        if request.get("nb_cpus", 0) > self.guest["online"]:
            await asyncio.sleep(0.5)
            count = request["nb_cpus"]
            raise Refusal(f"online cpus\n\nCaused by:\n    failed to online {count} CPU(s) after 100 retries")
        return {}

    async def do_mem_hotplug_by_probe(self, request: dict) -> dict:
        if request.get("memHotplugProbeAddr"):
            raise Refusal("Permission denied (os error 13)")
        return {}

    async def do_add_swap(self, request: dict) -> dict:
        path = request.get("PCIPath", [])
        if not path:
            raise Refusal("PCI path must have at least one element")
        for slot in path:
            if slot > 31:
                raise Refusal(f"PCI slot {slot} should be in range [0..0x1f]")
        if path in self.guest["swap"]:
            raise Refusal("libc::swapon get error Device or resource busy (os error 16)")
        self.guest["swap"].append(path)
        return {}

    async def do_add_swap_path(self, request: dict) -> dict:
        place = self.files.inside(request.get("path", "")) if request.get("path") else None
        if place and place.is_dir():
            raise Refusal("libc::swapon get error Is a directory (os error 21)")
        if not (place and place.is_file()):
            raise Refusal("libc::swapon get error No such file or directory (os error 2)")
        self.guest["swap"].append(request["path"])
        return {}

    async def do_mem_agent_memcg_set(self, request: dict) -> dict:
        if self.version >= "4.1":
            return {}
        raise Refusal("mem-agent is disabled", trace=False)

    do_mem_agent_compact_set = do_mem_agent_memcg_set

    async def do_set_policy(self, request: dict) -> dict:
        if not self.policed:
            raise Refusal("/grpc.AgentService/SetPolicy is not supported", 5)
        self.policy = None  # one that does not parse leaves none behind
        try:
            self.policy = Policy(request.get("policy", ""), "agent_policy")
        except Unparsable as error:
            raise Refusal(str(error), 3, trace=True) from None
        return {}

    # -- memory

    def out_of_memory(self, name: str, pid: int) -> None:
        """A process of a container had to be killed. With version 1 the event is lost where that ends the container."""
        self.log.say("INFO", "cgroups_notifier", f'got an OOM event Some("{name}")')
        init = self.containers[name].all[0]
        if self.cgroups == 2 or pid != init.pid:
            self.oom.put_nowait(name)

    async def keep_limits(self) -> None:
        """Watch the memory of all containers for as long as the agent runs."""
        await watch(lambda: ((name, box.group) for name, box in self.containers.items()), self.out_of_memory)


def dies_of(spec: dict) -> None:
    """The real handler panics for words that it does not know."""
    process, linux = spec.get("Process") or {}, spec.get("Linux") or {}
    for names in (process.get("Capabilities") or {}).values():
        if not set(names) <= CAPS:
            raise Panic
    seccomp = linux.get("Seccomp") or {}
    if (
        any(limit.get("Type") not in words.RLIMITS for limit in process.get("Rlimits", ()))
        or any(device.get("Type") not in words.DEVICE_TYPES for device in linux.get("Devices", ()))
        or (seccomp and seccomp.get("DefaultAction") not in words.SECCOMP_ACTIONS)
    ):
        raise Panic


def find_command(rootfs: pathlib.Path, process: dict) -> str:
    """The path of a command in a root file system."""
    name = process["Args"][0]
    paths = [line[5:] for line in process.get("Env", ()) if line.startswith("PATH=")]
    folders = [""] if "/" in name else (paths[-1] if paths else "/bin").split(":")
    for folder in folders:
        inside = os.path.join("/", folder.lstrip("/"), name.lstrip("/") if "/" in name else name)
        target = rootfs / inside.lstrip("/")
        if target.is_symlink() or (target.exists() and stat.S_ISREG(target.stat().st_mode)):
            return inside
    raise Refusal(f"the file {name} was not found")
