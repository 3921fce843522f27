"""The network, and everything else that is reached by a socket."""

import os
import socket
import struct

from tests.security.inside import RARE_FAMILIES, attempt, holds_secret, in_child, kernel, read

CONNECTED = ("none", "loopback", "named")
LOOPBACK, LOOPBACK6 = "127.0.0.1", "::1"


@attempt(network=CONNECTED)
def connects_by_tcp(world):
    """Connects to a server on this machine."""
    socket.create_connection((LOOPBACK, world.tcp), 2).send(b"x")
    return True


@attempt(network=CONNECTED, lacks="ipv6")
def connects_by_tcp_over_ipv6(world):
    """Connects to a server on this machine over IPv6."""
    socket.create_connection((LOOPBACK6, world.tcp6), 2).send(b"x")
    return True


@attempt(network=CONNECTED, lacks="ipv6")
def connects_by_a_mapped_address(world):
    """Connects over IPv6 to an IPv4 address."""
    socket.create_connection(("::ffff:127.0.0.1", world.tcp), 2).send(b"x")
    return True


@attempt(network=CONNECTED)
def connects_to_no_address(world):
    """Connects to 0.0.0.0, which means this machine."""
    socket.create_connection(("0.0.0.0", world.tcp), 2).send(b"x")
    return True


@attempt(network=CONNECTED, lacks="fast open")
def connects_by_fast_open(world):
    """Sends with the first packet (MSG_FASTOPEN), which never calls connect."""
    with socket.socket() as end:
        end.settimeout(2)
        return end.sendto(b"x", 0x20000000, (LOOPBACK, world.tcp)) == 1


@attempt(network=CONNECTED, lacks="multipath tcp")
def connects_by_multipath_tcp(world):
    """Connects by MPTCP, which is another protocol to whoever filters."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262) as end:
        end.settimeout(2)
        end.connect((LOOPBACK, world.tcp))
        return end.send(b"x") == 1


@attempt(network=CONNECTED)
def sends_by_udp(world):
    """Sends a datagram to this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.sendto(b"x", (LOOPBACK, world.udp))
    return False  # whether it came is seen from outside


@attempt(network=CONNECTED)
def sends_by_connected_udp(world):
    """Connects a datagram socket, then writes to it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.connect((LOOPBACK, world.udp))
        os.write(end.fileno(), b"x")
    return False


@attempt(network=CONNECTED, lacks="udp lite")
def sends_by_udp_lite(world):
    """Sends by UDP-Lite, which is another protocol to whoever filters."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 136) as end:
        end.sendto(b"x", (LOOPBACK, world.udp_lite))
    return False


@attempt(network=CONNECTED)
def is_called_from_outside(world):
    """Listens, so that somebody outside can connect and give it orders; somebody tries to all the time."""
    with socket.create_server((LOOPBACK, world.callback)) as server:
        server.settimeout(0.5)
        server.accept()
    return True


@attempt(by="root", network=CONNECTED)
def opens_a_raw_socket(world):
    """Makes packets of its own."""
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    return True


@attempt(by="root", network=CONNECTED)
def opens_a_packet_socket(world):
    """Listens to everything on the wire."""
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    return True


@attempt(lacks="ping group")
def opens_a_ping_socket(world):
    """Sends pings, in which data can leave, by the socket that ordinary users may have."""
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
    return True


@attempt(network=CONNECTED)
def opens_a_netlink_socket(world):
    """Talks to the kernel's network configuration."""
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    return True


@attempt(network=CONNECTED)
def opens_a_netlink_socket_for_events(world):
    """Hears of devices as udev does."""
    socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 15)
    return True


@attempt(lacks="vsock", network=CONNECTED)
def opens_a_vsock(world):
    """Opens a socket to the machine that this virtual machine runs on. (It is opened only.)"""
    socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    return True


@attempt(lacks="alg", network=CONNECTED)
def opens_a_crypto_socket(world):
    """Reaches the kernel's ciphers, which have had many holes."""
    socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)
    return True


@attempt(by="root", lacks="xdp")
def opens_an_express_socket(world):
    """Takes packets off the device itself (AF_XDP)."""
    socket.socket(44, socket.SOCK_RAW)
    return True


@attempt(lacks="rare families")
def opens_a_socket_of_a_rare_family(world):
    """Has the kernel load a protocol that nobody uses (TIPC, RDS, Bluetooth, CAN, SMC, KCM, IEEE 802.15.4, …)."""
    for family in RARE_FAMILIES:
        try:
            socket.socket(family, socket.SOCK_DGRAM).close()
        except OSError as refusal:
            problem = refusal
        else:
            return True
    raise problem


@attempt
def opens_a_socket_by_a_wide_number(world):
    """Asks for netlink with bits that the kernel ignores and a filter may not."""
    return kernel("socket", (1 << 32) | socket.AF_NETLINK, socket.SOCK_RAW, 0, number=_socket()) >= 0


@attempt(network=CONNECTED)
def connects_to_a_socket_file(world):
    """Connects to a server of the person by its file (a database, Docker)."""
    with socket.socket(socket.AF_UNIX) as end:
        end.connect(world.unix)
    return True


@attempt(network=CONNECTED)
def connects_to_an_abstract_socket(world):
    """Connects to a server that has a name and no file (X11, D-Bus)."""
    with socket.socket(socket.AF_UNIX) as end:
        end.connect("\0" + world.abstract)
    return True


@attempt(network=CONNECTED)
def sends_to_an_abstract_socket(world):
    """Sends a datagram to a server that has a name and no file."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.sendto(b"x", "\0" + world.abstract_datagram)
    return True


@attempt
def takes_the_name_of_a_server(world):
    """Binds a name without a file, at which programs of the person look for their server; they do all the time."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind("\0" + world.impostor)
        end.settimeout(0.5)
        return end.recv(1) == b"x"


@attempt(network=CONNECTED)
def sees_the_servers_of_this_machine(world):
    """Reads who listens where from /proc/net."""
    wanted = f"0100007F:{world.tcp:04X}".encode()
    return wanted in read("/proc/net/tcp", 1 << 20)


@attempt(network=CONNECTED)
def sees_the_unix_sockets_of_this_machine(world):
    """Reads the names of all unix sockets."""
    return world.abstract.encode() in read("/proc/net/unix", 1 << 20)


@attempt(network=CONNECTED, lacks="network")
def sees_the_networks_of_this_machine(world):
    """Reads which networks the person is in."""
    return len(read("/proc/net/dev").splitlines()) > 3


@attempt
def asks_for_a_name(world):
    """Asks a name server, in whose question data can leave. (It asks the one of this test.)"""
    question = struct.pack(">HHHHHH", 1, 0x100, 1, 0, 0, 0) + b"\6s3cret\0" + struct.pack(">HH", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.sendto(question, (LOOPBACK, world.udp))
    return False


@attempt
def connects_by_another_process(world):
    """Has a child connect, after a fork, in a session of its own."""

    def work():
        os.setsid()
        socket.create_connection((LOOPBACK, world.tcp), 2).send(b"x")
        return True

    return in_child(work)


@attempt
def receives_the_file_from_a_server(world):
    """Asks a file server of the person for the file."""
    with socket.create_connection((LOOPBACK, world.files), 2) as end:
        end.settimeout(2)
        return holds_secret(world, end.recv(99))


def _socket():
    return 41 if os.uname().machine == "x86_64" else 198
