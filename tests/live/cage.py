"""A cage for daemons: a suite's chroot under an overlay, in namespaces of its own.

What is started in a cage sees a copy of the chroot (writes go to a tmpfs), a network with nothing but the addresses
below, its own processes and its own host name. Everything ends with the cage's first process, which ends when its
standard input is closed: also when the tests are killed. No process, mount or file stays behind, and the chroots of
tests/oracle are only read.
"""

from __future__ import annotations

import ctypes
import socket
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST: Final = "mail.example.org"
ADDRESSES: Final = ("192.0.2.1", "2001:db8::25")
"""The host's own addresses beside loopback, from the ranges for documentation (RFC 5737, RFC 3849)."""
STRANGER: Final = {socket.AF_INET: "198.51.100.7", socket.AF_INET6: "2001:db8:ffff::7"}
"""Addresses that clients have. They are routed here but stand on no interface: to the daemons they are other hosts."""
NEIGHBOUR: Final = "127.0.0.9"
"""A loopback address that is not 127.0.0.1: not in mynetworks where mynetworks_style is host (postconf(5))."""
_CLONE_NEWNET: Final = 0x40000000
_UNSHARE: Final = ("unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child")
_NAMESPACES: Final = {"net": "net", "uts": "uts", "ipc": "ipc", "mount": "mnt", "pid": "pid_for_children"}
"""nsenter's option for each namespace, and its file in /proc/PID/ns."""
_SCRIPT: Final = """
set -e
mount -t tmpfs live "$2"
mkdir "$2/upper" "$2/work" "$2/root"
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
mount -t proc proc "$2/root/proc"
hostname mail.example.org
ip link set lo up
ip addr add 192.0.2.1/32 dev lo
ip route add local 198.51.100.0/24 dev lo
ip route add local 192.168.0.0/24 dev lo
echo 1 >/proc/sys/net/ipv6/ip_nonlocal_bind
ip -6 addr add 2001:db8::25/128 dev lo nodad
ip -6 route add local 2001:db8:ffff::/64 dev lo
echo ready
exec cat >/dev/null
"""


class Cage:
    """The namespaces and the root of one cage; a context manager."""

    def __init__(self, chroot: Path, scratch: Path) -> None:
        scratch.mkdir(parents=True)
        self._init = subprocess.Popen(
            [*_UNSHARE, "sh", "-c", _SCRIPT, "sh", str(chroot), str(scratch)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._init.stdout is not None
        if self._init.stdout.readline() != "ready\n":
            _, errors = self._init.communicate()
            raise OSError(f"no cage: {errors.strip()}")
        self._inner_root = f"{scratch}/root"
        self.root: Final = Path(f"/proc/{self._init.pid}/root{scratch}/root")
        """The cage's root folder, seen from outside."""

    def __enter__(self) -> Cage:
        return self

    def __exit__(self, *_: object) -> None:
        self._init.communicate()

    def run(self, *argv: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a program in the cage and wait for it, but not for what it leaves running."""
        namespaces = [f"--{kind}=/proc/{self._init.pid}/ns/{file}" for kind, file in _NAMESPACES.items()]
        output = self.root / "tmp/output"
        with output.open("w") as file:
            done = subprocess.run(
                ["nsenter", *namespaces, "chroot", self._inner_root, *argv],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
                timeout=timeout,
                check=False,
            )
        text = output.read_text("utf-8", "replace")
        return subprocess.CompletedProcess(done.args, done.returncode, text)

    def connect(self, address: str, port: int, source: str) -> socket.socket:
        """Connect to a daemon in the cage."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with self._network():
            client = socket.socket(family)
        try:
            client.bind((source, 0))
            client.connect((address, port))
        except OSError:
            client.close()
            raise
        return client

    def listeners(self) -> set[tuple[str, int]]:
        """Return address and port of every listening TCP socket, as the kernel lists them."""
        found = set()
        for name, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
            for line in Path(f"/proc/{self._init.pid}/net/{name}").read_text().splitlines()[1:]:
                _, local, _, state, *_ = line.split()
                if state == "0A":
                    address, port = local.split(":")
                    found.add((_address(address, family), int(port, 16)))
        return found

    @contextmanager
    def _network(self) -> Iterator[None]:
        """Let this thread make sockets in the cage's network; a socket stays in the network that it was made in."""
        with (
            Path(f"/proc/self/task/{threading.get_native_id()}/ns/net").open() as ours,
            Path(f"/proc/{self._init.pid}/ns/net").open() as theirs,
        ):
            _enter(theirs.fileno())
            try:
                yield
            finally:
                _enter(ours.fileno())


def _enter(network: int) -> None:
    # os.setns came with Python 3.12.
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(network, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def _address(text: str, family: socket.AddressFamily) -> str:
    """Read an address of /proc/net/tcp: hexadecimal words of 32 bits in the host's byte order (proc_net_tcp.txt)."""
    words = [int(text[at : at + 8], 16).to_bytes(4, "little") for at in range(0, len(text), 8)]
    return socket.inet_ntop(family, b"".join(words))
