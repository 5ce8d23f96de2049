# Copyright: (c) 2026, The nfvlab.fleet developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# PRIVATE to the nfvlab.fleet collection: no stability is promised to others.
"""Every message and call of the agent's API, as data.

The names and numbers are those of the protocol files of kata-containers 4.1.0 (agent, oci, types, csi, health) and of
the ttRPC envelope. From 2.5 to 4.1 nothing was renumbered, so one table serves all these agents; C(make protocols
PROTOS=directory) holds it against the protocol files of any other version.

A message is a list of fields, "number name type" each. A type is a scalar, a message or an enumeration, with C([])
where it repeats and C(?) where absent and default differ; C(map<K,V>) is a map. A name without a prefix is in the
package C(grpc).
"""

from __future__ import annotations

MESSAGES = {
    # agent.proto
    "CreateContainerRequest": (
        "1 container_id string, 2 exec_id string, 3 string_user StringUser, 4 devices Device[], "
        "5 storages Storage[], 6 OCI Spec, 7 sandbox_pidns bool, 8 shared_mounts SharedMount[], "
        "9 stdin_port uint32, 10 stdout_port uint32, 11 stderr_port uint32"
    ),
    "StartContainerRequest": "1 container_id string",
    "RemoveContainerRequest": "1 container_id string, 2 timeout uint32",
    "ExecProcessRequest": (
        "1 container_id string, 2 exec_id string, 3 string_user StringUser, 4 process Process, "
        "5 stdin_port uint32, 6 stdout_port uint32, 7 stderr_port uint32"
    ),
    "SignalProcessRequest": "1 container_id string, 2 exec_id string, 3 signal uint32",
    "WaitProcessRequest": "1 container_id string, 2 exec_id string",
    "WaitProcessResponse": "1 status int32",
    "UpdateContainerRequest": "1 container_id string, 2 resources LinuxResources",
    "StatsContainerRequest": "1 container_id string",
    "PauseContainerRequest": "1 container_id string",
    "ResumeContainerRequest": "1 container_id string",
    "CpuUsage": (
        "1 total_usage uint64, 2 percpu_usage uint64[], 3 usage_in_kernelmode uint64, 4 usage_in_usermode uint64"
    ),
    "ThrottlingData": "1 periods uint64, 2 throttled_periods uint64, 3 throttled_time uint64",
    "CpuStats": "1 cpu_usage CpuUsage, 2 throttling_data ThrottlingData",
    "PidsStats": "1 current uint64, 2 limit uint64",
    "MemoryData": "1 usage uint64, 2 max_usage uint64, 3 failcnt uint64, 4 limit uint64",
    "MemoryStats": (
        "1 cache uint64, 2 usage MemoryData, 3 swap_usage MemoryData, 4 kernel_usage MemoryData, "
        "5 use_hierarchy bool, 6 stats map<string,uint64>"
    ),
    "BlkioStatsEntry": "1 major uint64, 2 minor uint64, 3 op string, 4 value uint64",
    "BlkioStats": (
        "1 io_service_bytes_recursive BlkioStatsEntry[], 2 io_serviced_recursive BlkioStatsEntry[], "
        "3 io_queued_recursive BlkioStatsEntry[], 4 io_service_time_recursive BlkioStatsEntry[], "
        "5 io_wait_time_recursive BlkioStatsEntry[], 6 io_merged_recursive BlkioStatsEntry[], "
        "7 io_time_recursive BlkioStatsEntry[], 8 sectors_recursive BlkioStatsEntry[]"
    ),
    "HugetlbStats": "1 usage uint64, 2 max_usage uint64, 3 failcnt uint64",
    "CgroupStats": (
        "1 cpu_stats CpuStats, 2 memory_stats MemoryStats, 3 pids_stats PidsStats, 4 blkio_stats BlkioStats, "
        "5 hugetlb_stats map<string,HugetlbStats>"
    ),
    "NetworkStats": (
        "1 name string, 2 rx_bytes uint64, 3 rx_packets uint64, 4 rx_errors uint64, 5 rx_dropped uint64, "
        "6 tx_bytes uint64, 7 tx_packets uint64, 8 tx_errors uint64, 9 tx_dropped uint64"
    ),
    "StatsContainerResponse": "1 cgroup_stats CgroupStats, 2 network_stats NetworkStats[]",
    "WriteStreamRequest": "1 container_id string, 2 exec_id string, 3 data bytes",
    "WriteStreamResponse": "1 len uint32",
    "ReadStreamRequest": "1 container_id string, 2 exec_id string, 3 len uint32",
    "ReadStreamResponse": "1 data bytes",
    "CloseStdinRequest": "1 container_id string, 2 exec_id string",
    "TtyWinResizeRequest": "1 container_id string, 2 exec_id string, 3 row uint32, 4 column uint32",
    "KernelModule": "1 name string, 2 parameters string[]",
    "CreateSandboxRequest": (
        "1 hostname string, 2 dns string[], 3 storages Storage[], 4 sandbox_pidns bool, 5 sandbox_id string, "
        "6 guest_hook_path string, 7 kernel_modules KernelModule[]"
    ),
    "DestroySandboxRequest": "",
    "RemoveStaleVirtiofsShareMountsRequest": "",
    "Interfaces": "1 Interfaces types.Interface[]",
    "Routes": "1 Routes types.Route[]",
    "UpdateInterfaceRequest": "1 interface types.Interface",
    "UpdateRoutesRequest": "1 routes Routes",
    "UpdateEphemeralMountsRequest": "1 storages Storage[]",
    "ListInterfacesRequest": "",
    "ListRoutesRequest": "",
    "ARPNeighbors": "1 ARPNeighbors types.ARPNeighbor[]",
    "AddARPNeighborsRequest": "1 neighbors ARPNeighbors",
    "GetIPTablesRequest": "1 is_ipv6 bool",
    "GetIPTablesResponse": "1 data bytes",
    "SetIPTablesRequest": "1 is_ipv6 bool, 2 data bytes",
    "SetIPTablesResponse": "1 data bytes",
    "OnlineCPUMemRequest": "1 wait bool, 2 nb_cpus uint32, 3 cpu_only bool",
    "ReseedRandomDevRequest": "2 data bytes",
    "AgentDetails": (
        "1 version string, 2 init_daemon bool, 3 device_handlers string[], 4 storage_handlers string[], "
        "5 supports_seccomp bool, 6 extra_features string[]"
    ),
    "GuestDetailsRequest": "1 mem_block_size bool, 2 mem_hotplug_probe bool",
    "GuestDetailsResponse": (
        "1 mem_block_size_bytes uint64, 2 agent_details AgentDetails, 3 support_mem_hotplug_probe bool"
    ),
    "MemHotplugByProbeRequest": "1 memHotplugProbeAddr uint64[]",
    "SetGuestDateTimeRequest": "1 Sec int64, 2 Usec int64",
    "FSGroup": "2 group_id uint32, 3 group_change_policy types.FSGroupChangePolicy",
    "SharedMount": "1 name string, 2 src_ctr string, 3 src_path string, 4 dst_ctr string, 5 dst_path string",
    "Storage": (
        "1 driver string, 2 driver_options string[], 3 source string, 4 fstype string, 5 options string[], "
        "6 mount_point string, 7 fs_group FSGroup, 8 shared bool"
    ),
    "Device": "1 id string, 2 type string, 3 vm_path string, 4 container_path string, 5 options string[]",
    "StringUser": "1 uid string, 2 gid string, 3 additionalGids string[]",
    "CopyFileRequest": (
        "1 path string, 2 file_size int64, 3 file_mode uint32, 4 dir_mode uint32, 5 uid int32, 6 gid int32, "
        "7 offset int64, 8 data bytes"
    ),
    "GetOOMEventRequest": "",
    "OOMEvent": "1 container_id string",
    "AddSwapRequest": "1 PCIPath uint32[]",
    "AddSwapPathRequest": "1 path string",
    "GetMetricsRequest": "",
    "Metrics": "1 metrics string",
    "VolumeStatsRequest": "1 volume_guest_path string",
    "ResizeVolumeRequest": "1 volume_guest_path string, 2 size uint64",
    "SetPolicyRequest": "1 policy string",
    "GetDiagnosticDataRequest": "1 log_type string, 2 container_id string",
    "GetDiagnosticDataResponse": "1 data string",
    "MemAgentMemcgConfig": (
        "1 disabled bool?, 2 swap bool?, 3 swappiness_max uint32?, 4 period_secs uint64?, "
        "5 period_psi_percent_limit uint32?, 6 eviction_psi_percent_limit uint32?, "
        "7 eviction_run_aging_count_min uint64?"
    ),
    "MemAgentCompactConfig": (
        "1 disabled bool?, 2 period_secs uint64?, 3 period_psi_percent_limit uint32?, "
        "4 compact_psi_percent_limit uint32?, 5 compact_sec_max int64?, 6 compact_order uint32?, "
        "7 compact_threshold uint64?, 8 compact_force_times uint64?"
    ),
    # health.proto
    "CheckRequest": "1 service string",
    "HealthCheckResponse": "1 status HealthCheckResponse.ServingStatus",
    "VersionCheckResponse": "1 grpc_version string, 2 agent_version string",
    # oci.proto
    "Spec": (
        "1 Version string, 2 Process Process, 3 Root Root, 4 Hostname string, 5 Mounts Mount[], 6 Hooks Hooks, "
        "7 Annotations map<string,string>, 8 Linux Linux, 9 Solaris Solaris, 10 Windows Windows"
    ),
    "Process": (
        "1 Terminal bool, 2 ConsoleSize Box, 3 User User, 4 Args string[], 5 Env string[], 6 Cwd string, "
        "7 Capabilities LinuxCapabilities, 8 Rlimits POSIXRlimit[], 9 NoNewPrivileges bool, "
        "10 ApparmorProfile string, 11 OOMScoreAdj int64, 12 SelinuxLabel string"
    ),
    "Box": "1 Height uint32, 2 Width uint32",
    "User": "1 UID uint32, 2 GID uint32, 3 AdditionalGids uint32[], 4 Username string",
    "LinuxCapabilities": (
        "1 Bounding string[], 2 Effective string[], 3 Inheritable string[], 4 Permitted string[], 5 Ambient string[]"
    ),
    "POSIXRlimit": "1 Type string, 2 Hard uint64, 3 Soft uint64",
    "Mount": "1 destination string, 2 source string, 3 type string, 4 options string[]",
    "Root": "1 Path string, 2 Readonly bool",
    "Hooks": (
        "1 Prestart Hook[], 2 Poststart Hook[], 3 Poststop Hook[], 4 CreateRuntime Hook[], "
        "5 CreateContainer Hook[], 6 StartContainer Hook[]"
    ),
    "Hook": "1 Path string, 2 Args string[], 3 Env string[], 4 Timeout int64",
    "Linux": (
        "1 UIDMappings LinuxIDMapping[], 2 GIDMappings LinuxIDMapping[], 3 Sysctl map<string,string>, "
        "4 Resources LinuxResources, 5 CgroupsPath string, 6 Namespaces LinuxNamespace[], "
        "7 Devices LinuxDevice[], 8 Seccomp LinuxSeccomp, 9 RootfsPropagation string, 10 MaskedPaths string[], "
        "11 ReadonlyPaths string[], 12 MountLabel string, 13 IntelRdt LinuxIntelRdt"
    ),
    "Windows": "1 dummy string",
    "Solaris": "1 dummy string",
    "LinuxIDMapping": "1 HostID uint32, 2 ContainerID uint32, 3 Size uint32",
    "LinuxNamespace": "1 Type string, 2 Path string",
    "LinuxDevice": (
        "1 Path string, 2 Type string, 3 Major int64, 4 Minor int64, 5 FileMode uint32, 6 UID uint32, 7 GID uint32"
    ),
    "LinuxResources": (
        "1 Devices LinuxDeviceCgroup[], 2 Memory LinuxMemory, 3 CPU LinuxCPU, 4 Pids LinuxPids, "
        "5 BlockIO LinuxBlockIO, 6 HugepageLimits LinuxHugepageLimit[], 7 Network LinuxNetwork"
    ),
    "LinuxMemory": (
        "1 Limit int64, 2 Reservation int64, 3 Swap int64, 4 Kernel int64, 5 KernelTCP int64, "
        "6 Swappiness uint64, 7 DisableOOMKiller bool"
    ),
    "LinuxCPU": (
        "1 Shares uint64, 2 Quota int64, 3 Period uint64, 4 RealtimeRuntime int64, 5 RealtimePeriod uint64, "
        "6 Cpus string, 7 Mems string"
    ),
    "LinuxWeightDevice": "1 Major int64, 2 Minor int64, 3 Weight uint32, 4 LeafWeight uint32",
    "LinuxThrottleDevice": "1 Major int64, 2 Minor int64, 3 Rate uint64",
    "LinuxBlockIO": (
        "1 Weight uint32, 2 LeafWeight uint32, 3 WeightDevice LinuxWeightDevice[], "
        "4 ThrottleReadBpsDevice LinuxThrottleDevice[], 5 ThrottleWriteBpsDevice LinuxThrottleDevice[], "
        "6 ThrottleReadIOPSDevice LinuxThrottleDevice[], 7 ThrottleWriteIOPSDevice LinuxThrottleDevice[]"
    ),
    "LinuxPids": "1 Limit int64",
    "LinuxDeviceCgroup": "1 Allow bool, 2 Type string, 3 Major int64, 4 Minor int64, 5 Access string",
    "LinuxNetwork": "1 ClassID uint32, 2 Priorities LinuxInterfacePriority[]",
    "LinuxHugepageLimit": "1 Pagesize string, 2 Limit uint64",
    "LinuxInterfacePriority": "1 Name string, 2 Priority uint32",
    "LinuxSeccomp": "1 DefaultAction string, 2 Architectures string[], 3 Flags string[], 4 Syscalls LinuxSyscall[]",
    "LinuxSeccompArg": "1 Index uint64, 2 Value uint64, 3 ValueTwo uint64, 4 Op string",
    "LinuxSyscall": "1 Names string[], 2 Action string, 3 errnoret uint32, 4 Args LinuxSeccompArg[]",
    "LinuxIntelRdt": "1 L3CacheSchema string",
    # types.proto
    "types.IPAddress": "1 family types.IPFamily, 2 address string, 3 mask string",
    "types.Interface": (
        "1 device string, 2 name string, 3 IPAddresses types.IPAddress[], 4 mtu uint64, 5 hwAddr string, "
        "6 devicePath string, 7 type string, 8 raw_flags uint32"
    ),
    "types.Route": (
        "1 dest string, 2 gateway string, 3 device string, 4 source string, 5 scope uint32, "
        "6 family types.IPFamily, 7 flags uint32, 8 mtu uint32"
    ),
    "types.ARPNeighbor": (
        "1 toIPAddress types.IPAddress, 2 device string, 3 lladdr string, 4 state int32, 5 flags int32"
    ),
    # csi.proto
    "VolumeStatsResponse": "1 usage VolumeUsage[], 2 volume_condition VolumeCondition",
    "VolumeUsage": "1 available uint64, 2 total uint64, 3 used uint64, 4 unit VolumeUsage.Unit",
    "VolumeCondition": "1 abnormal bool, 2 message string",
    # google/protobuf/empty.proto
    "google.protobuf.Empty": "",
    # the ttRPC envelope (request.proto of containerd/ttrpc, google/rpc/status.proto)
    "ttrpc.Request": (
        "1 service string, 2 method string, 3 payload bytes, 4 timeout_nano int64, 5 metadata ttrpc.KeyValue[]"
    ),
    "ttrpc.KeyValue": "1 key string, 2 value string",
    "ttrpc.Response": "1 status ttrpc.Status, 2 payload bytes",
    "ttrpc.Status": "1 code int32, 2 message string, 3 details ttrpc.Any[]",
    "ttrpc.Any": "1 type_url string, 2 value bytes",
}

ENUMS = {
    "VolumeUsage.Unit": ("UNKNOWN", "BYTES", "INODES"),
    "HealthCheckResponse.ServingStatus": ("UNKNOWN", "SERVING", "NOT_SERVING"),
    "types.IPFamily": ("v4", "v6"),
    "types.FSGroupChangePolicy": ("Always", "OnRootMismatch"),
}

AGENT = "grpc.AgentService"
HEALTH = "grpc.Health"

# By name of the call: its service, what it takes and what it gives.
CALLS = {
    "CreateContainer": (AGENT, "CreateContainerRequest", "google.protobuf.Empty"),
    "StartContainer": (AGENT, "StartContainerRequest", "google.protobuf.Empty"),
    "RemoveContainer": (AGENT, "RemoveContainerRequest", "google.protobuf.Empty"),
    "ExecProcess": (AGENT, "ExecProcessRequest", "google.protobuf.Empty"),
    "SignalProcess": (AGENT, "SignalProcessRequest", "google.protobuf.Empty"),
    "WaitProcess": (AGENT, "WaitProcessRequest", "WaitProcessResponse"),
    "UpdateContainer": (AGENT, "UpdateContainerRequest", "google.protobuf.Empty"),
    "UpdateEphemeralMounts": (AGENT, "UpdateEphemeralMountsRequest", "google.protobuf.Empty"),
    "StatsContainer": (AGENT, "StatsContainerRequest", "StatsContainerResponse"),
    "PauseContainer": (AGENT, "PauseContainerRequest", "google.protobuf.Empty"),
    "ResumeContainer": (AGENT, "ResumeContainerRequest", "google.protobuf.Empty"),
    "RemoveStaleVirtiofsShareMounts": (AGENT, "RemoveStaleVirtiofsShareMountsRequest", "google.protobuf.Empty"),
    "GetDiagnosticData": (AGENT, "GetDiagnosticDataRequest", "GetDiagnosticDataResponse"),
    "WriteStdin": (AGENT, "WriteStreamRequest", "WriteStreamResponse"),
    "ReadStdout": (AGENT, "ReadStreamRequest", "ReadStreamResponse"),
    "ReadStderr": (AGENT, "ReadStreamRequest", "ReadStreamResponse"),
    "CloseStdin": (AGENT, "CloseStdinRequest", "google.protobuf.Empty"),
    "TtyWinResize": (AGENT, "TtyWinResizeRequest", "google.protobuf.Empty"),
    "UpdateInterface": (AGENT, "UpdateInterfaceRequest", "types.Interface"),
    "UpdateRoutes": (AGENT, "UpdateRoutesRequest", "Routes"),
    "ListInterfaces": (AGENT, "ListInterfacesRequest", "Interfaces"),
    "ListRoutes": (AGENT, "ListRoutesRequest", "Routes"),
    "AddARPNeighbors": (AGENT, "AddARPNeighborsRequest", "google.protobuf.Empty"),
    "GetIPTables": (AGENT, "GetIPTablesRequest", "GetIPTablesResponse"),
    "SetIPTables": (AGENT, "SetIPTablesRequest", "SetIPTablesResponse"),
    "GetMetrics": (AGENT, "GetMetricsRequest", "Metrics"),
    "MemAgentMemcgSet": (AGENT, "MemAgentMemcgConfig", "google.protobuf.Empty"),
    "MemAgentCompactSet": (AGENT, "MemAgentCompactConfig", "google.protobuf.Empty"),
    "CreateSandbox": (AGENT, "CreateSandboxRequest", "google.protobuf.Empty"),
    "DestroySandbox": (AGENT, "DestroySandboxRequest", "google.protobuf.Empty"),
    "OnlineCPUMem": (AGENT, "OnlineCPUMemRequest", "google.protobuf.Empty"),
    "ReseedRandomDev": (AGENT, "ReseedRandomDevRequest", "google.protobuf.Empty"),
    "GetGuestDetails": (AGENT, "GuestDetailsRequest", "GuestDetailsResponse"),
    "MemHotplugByProbe": (AGENT, "MemHotplugByProbeRequest", "google.protobuf.Empty"),
    "SetGuestDateTime": (AGENT, "SetGuestDateTimeRequest", "google.protobuf.Empty"),
    "CopyFile": (AGENT, "CopyFileRequest", "google.protobuf.Empty"),
    "GetOOMEvent": (AGENT, "GetOOMEventRequest", "OOMEvent"),
    "AddSwap": (AGENT, "AddSwapRequest", "google.protobuf.Empty"),
    "AddSwapPath": (AGENT, "AddSwapPathRequest", "google.protobuf.Empty"),
    "GetVolumeStats": (AGENT, "VolumeStatsRequest", "VolumeStatsResponse"),
    "ResizeVolume": (AGENT, "ResizeVolumeRequest", "google.protobuf.Empty"),
    "SetPolicy": (AGENT, "SetPolicyRequest", "google.protobuf.Empty"),
    "Check": (HEALTH, "CheckRequest", "HealthCheckResponse"),
    "Version": (HEALTH, "CheckRequest", "VersionCheckResponse"),
}
