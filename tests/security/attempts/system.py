"""The machine itself: settings of the kernel, devices, control groups. What would change it is only opened."""

import os
import stat

from tests.security.inside import attempt, in_child, kernel, opens, read

NEWNS, NEWUSER, NEWCGROUP = 0x20000, 0x10000000, 0x2000000


@attempt(by="root")
def sets_the_handler_of_crashes(world):
    """Opens core_pattern for writing: a program named there is run as root, outside, when something crashes."""
    return opens("/proc/sys/kernel/core_pattern")


@attempt(by="root")
def sets_the_loader_of_modules(world):
    """Opens the path of modprobe for writing, which the kernel runs as root."""
    return (
        opens("/proc/sys/kernel/modprobe")
        if os.path.exists("/proc/sys/kernel/modprobe")
        else opens("/proc/sys/kernel/poweroff_cmd")
    )


@attempt(by="root")
def sets_the_name_of_the_machine(world):
    """Opens the host's name for writing."""
    return opens("/proc/sys/kernel/hostname")


@attempt(by="root")
def empties_the_caches(world):
    """Opens drop_caches for writing."""
    return opens("/proc/sys/vm/drop_caches")


@attempt(by="root")
def lets_memory_run_out(world):
    """Opens the kernel's settings of memory for writing."""
    return opens("/proc/sys/vm/overcommit_memory")


@attempt(by="root")
def sets_the_network(world):
    """Opens the forwarding of packets for writing."""
    return opens("/proc/sys/net/ipv4/ip_forward")


@attempt(by="root")
def sets_settings_through_another_root(world):
    """Opens core_pattern through the root of a process outside."""
    return opens(f"/proc/{world.victim}/root/proc/sys/kernel/core_pattern")


@attempt(by="root", lacks="/proc/sysrq-trigger")
def pulls_the_emergency_lever(world):
    """Opens sysrq-trigger for writing."""
    return opens("/proc/sysrq-trigger")


@attempt(by="root")
def registers_an_interpreter(world):
    """Mounts binfmt_misc, where interpreters that run with others' rights are registered."""

    def work():
        kernel("unshare", NEWNS)
        os.mkdir("at")
        kernel("mount", b"none", b"at", b"binfmt_misc", 0, None)
        return opens("at/register")

    return in_child(work)


@attempt(by="root")
def sets_the_helper_of_devices(world):
    """Opens uevent_helper for writing, which the kernel runs as root when a device comes."""
    return (
        opens("/sys/kernel/uevent_helper")
        if os.path.exists("/sys/kernel/uevent_helper")
        else opens("/sys/power/state" if os.path.exists("/sys/power/state") else "/sys/kernel/profiling")
    )


@attempt
def reads_the_devices_of_the_machine(world):
    """Reads /sys, which tells the hardware and often its serial numbers."""
    return bool(os.listdir("/sys/class"))


@attempt(by="root", lacks="/proc/kcore")
def reads_the_memory_of_the_kernel(world):
    """Reads /proc/kcore."""
    return read("/proc/kcore", 4) == b"\x7fELF"


@attempt(by="root")
def reads_the_messages_of_the_kernel(world):
    """Reads /proc/kmsg or /dev/kmsg."""
    return any(_reads(path) for path in ("/proc/kmsg", "/dev/kmsg"))


@attempt(by="root")
def reads_the_addresses_of_the_kernel(world):
    """Reads where the kernel's functions lie."""
    lines = read("/proc/kallsyms", 1 << 16).splitlines()[:64]
    return any(int(line.split()[0], 16) for line in lines)


@attempt(by="root")
def reads_what_the_kernel_tells_root(world):
    """Reads tables of the whole machine: pages, timers, slabs, schedules."""
    return any(
        _reads(f"/proc/{name}") for name in ("kpageflags", "kpagecount", "slabinfo", "timer_list", "vmallocinfo")
    )


@attempt(by="root", lacks="block devices")
def reads_the_disk(world):
    """Reads the disk past its file system."""
    disks = [path for path in (f"/dev/{name}" for name in os.listdir("/dev")) if _is_disk(path)]
    return any(_reads(path) for path in disks)


@attempt(by="root", lacks="block devices")
def makes_the_disk(world):
    """Makes a device node of the disk where it may write, and reads that."""
    device = os.stat("/usr").st_dev
    os.mknod("disk", stat.S_IFBLK | 0o600, device)
    return len(read("disk", 512)) == 512


@attempt(by="root")
def makes_a_device_in_memory(world):
    """Makes a node of /dev/mem's kind in each temporary folder."""
    for folder in ("/tmp", "/dev/shm", "/dev", "."):
        try:
            os.mknod(f"{folder}/luxos-node-{os.getpid()}", stat.S_IFCHR | 0o600, os.makedev(1, 11))
        except OSError as refusal:
            problem = refusal
        else:
            os.unlink(f"{folder}/luxos-node-{os.getpid()}")
            return True
    raise problem


@attempt(by="root")
def opens_devices_that_reach_far(world):
    """Opens the devices of virtual machines, of networks, of file systems, of loops."""
    for name in ("kvm", "net/tun", "fuse", "loop-control", "vsock", "mem", "btrfs-control", "vhost-vsock", "vcs"):
        try:
            return opens(f"/dev/{name}", os.O_RDWR)
        except OSError as refusal:
            problem = refusal
    raise problem


@attempt(by="root")
def is_run_when_a_group_is_empty(world):
    """Opens release_agent for writing: what it names is run as root, outside, when a control group is empty."""
    for folder, _, names in os.walk("/sys/fs/cgroup"):
        if "release_agent" in names:
            return opens(f"{folder}/release_agent")
    raise FileNotFoundError(2, "release_agent")


@attempt(by="root", lacks="cgroup v1")
def mounts_the_groups_for_itself(world):
    """Makes namespaces, mounts the control groups there and opens release_agent (CVE-2022-0492)."""

    def work():
        kernel("unshare", NEWUSER | NEWNS | NEWCGROUP)
        os.mkdir("at")
        kernel("mount", b"none", b"at", b"cgroup", 0, b"freezer")
        return opens("at/release_agent")

    return in_child(work)


@attempt(by="root")
def leaves_its_control_group(world):
    """Writes its number into the group above, where the limit of memory is another."""
    for folder, _, names in os.walk("/sys/fs/cgroup"):
        if "cgroup.procs" in names:
            return opens(f"{folder}/cgroup.procs")
    raise FileNotFoundError(2, "cgroup.procs")


@attempt(by="root")
def raises_its_limit(world):
    """Opens the limit of memory of its group for writing."""
    for folder, _, names in os.walk("/sys/fs/cgroup"):
        for name in ("memory.limit_in_bytes", "memory.max"):
            if name in names:
                return opens(f"{folder}/{name}")
    raise FileNotFoundError(2, "memory.max")


def _is_disk(path):
    return stat.S_ISBLK(os.stat(path, follow_symlinks=False).st_mode)


def _reads(path):
    try:
        return bool(read(path, 64))
    except OSError:
        return False
