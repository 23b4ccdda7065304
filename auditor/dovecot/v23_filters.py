"""The filters of Dovecot 2.2 and 2.3: what they match, which wins, how they nest.

Follows src/config/config-filter.c, ``config_filter_add_new_filter`` in src/config/config-parser.c, ``net_parse_range``
and ``net_is_in_network`` in src/lib/net.c, ``dns_match_wildcard`` in src/lib-dns/dns-util.c (2.3.19.1).
"""

from __future__ import annotations

import re
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from socket import inet_aton
from typing import Final, NamedTuple

from auditor.dovecot.configuration import Scope

KINDS: Final = ("protocol", "local", "local_name", "remote")
Address = IPv4Address | IPv6Address


class NestingError(ValueError):
    """A filter that must not stand where it does; its text has the daemon's words."""


class Net(NamedTuple):
    """The argument of ``local`` and ``remote``; without an address it is a name that only DNS knows.

    ``error`` is what is wrong with the bits.
    """

    text: str
    address: Address | None
    bits: int
    error: str = ""

    @property
    def printed(self) -> str:
        """As doveconf prints it."""
        if self.address is None:
            return self.text
        return str(self.address) if self.bits == self.address.max_prefixlen else f"{self.address}/{self.bits}"

    @property
    def unmapped(self) -> Address | None:
        """The address, an IPv4 address that was mapped into IPv6 as such."""
        address = self.address
        return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address

    def contains(self, other: Net) -> bool:
        """Whether another net is in this one."""
        if self.address is None or other.address is None:
            return self.text == other.text
        mine, theirs = self.address, other.unmapped or other.address
        if mine.version != theirs.version:
            return False
        shift = mine.max_prefixlen - self.bits
        return int(mine) >> shift == int(theirs) >> shift


@cache
def net_of(text: str) -> Net:
    """Return the net that a text names: an address, an address and its bits, or else a host."""
    host, slash, bits = text.partition("/")
    plain = host[1:-1] if host[:1] == "[" and host[-1:] == "]" and ":" in host else host
    if not plain:
        return Net(text, None, 128, "gethostbyname() failed: Name or service not known")
    address = _address(plain)
    if address is None:
        return Net(text, None, 128)
    if not slash:
        return Net(text, address, address.max_prefixlen)
    if not (bits.isascii() and bits.isdigit() and len(bits) < 4 and int(bits) <= address.max_prefixlen):
        return Net(text, None, address.max_prefixlen, f"Invalid network mask: {bits}")
    return Net(text, address, int(bits))


def _address(text: str) -> Address | None:
    """``net_addr2ip``: decimal numbers, else what inet_aton(3) takes, such as ``10.1`` for ``10.0.0.1``."""
    if re.fullmatch(r"[0-9]{1,10}|(?:[0-9]{1,9}\.){3}[0-9]{1,9}", text):
        numbers = [int(part) for part in text.split(".")]
        text = str(numbers[0]) if len(numbers) == 1 else ".".join(map(str, numbers))
    try:
        return ip_address(text)
    except ValueError:
        pass
    if not re.fullmatch(r"[0-9a-fA-FxX.]+", text):
        return None
    try:
        return IPv4Address(inet_aton(text))
    except OSError:
        return None


class Filter(NamedTuple):
    """``struct config_filter``: what a connection must be like."""

    protocol: str | None = None
    local: Net | None = None
    local_name: str | None = None
    remote: Net | None = None

    @classmethod
    def of(cls, scope: Scope) -> Filter:
        """Return the filter that a scope stands for, as ``doveconf -f`` makes it."""
        return cls(
            scope.protocol or None,
            net_of(scope.local) if scope.local else None,
            scope.local_name or None,
            net_of(scope.remote) if scope.remote else None,
        )

    @property
    def scope(self) -> Scope:
        """The filter as a scope."""
        return Scope(
            self.protocol or "",
            self.local.text if self.local else "",
            self.remote.text if self.remote else "",
            self.local_name or "",
        )

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for filters that the daemon takes for the same (``config_filters_equal``)."""
        nets = ((net.address or net.text, net.bits) if net else None for net in (self.local, self.remote))
        return (self.protocol, None if self.local_name is None else self.local_name.lower(), *nets)

    @property
    def is_connection(self) -> bool:
        """Whether it asks for addresses or a server name, where there can be no auth settings."""
        return self.local_name is not None or any(net and net.bits > 0 for net in (self.local, self.remote))

    @property
    def rank(self) -> tuple[bool, int, int, bool]:
        """Sorts the most specific last (``config_filter_parser_cmp``)."""
        local, remote = (net.bits if net else 0 for net in (self.local, self.remote))
        return (self.local_name is not None, local, remote, self.protocol is not None)

    @property
    def blocks(self) -> tuple[str, ...]:
        """The blocks that doveconf prints around its settings, the outermost first."""
        return tuple(
            f"{kind} {value}"
            for kind, value in (
                ("local", self.local.printed if self.local else None),
                ("local_name", self.local_name),
                ("remote", self.remote.printed if self.remote else None),
                ("protocol", self.protocol),
            )
            if value is not None
        )

    def matches_protocol(self, other: Filter) -> bool:
        """``config_filter_match_service``."""
        if self.protocol is None:
            return True
        if other.protocol is None:
            return False
        if self.protocol.startswith("!"):
            return other.protocol != self.protocol[1:]
        return other.protocol == self.protocol

    def matches_rest(self, other: Filter) -> bool:
        """``config_filter_match_rest``."""
        if self.local_name is not None and (
            other.local_name is None
            or not any(name_matches(other.local_name, name) for name in self.local_name.split(" "))
        ):
            return False
        for mine, theirs in ((self.remote, other.remote), (self.local, other.local)):
            if mine and not (theirs and mine.contains(theirs)):
                return False
        return True

    def matches(self, other: Filter) -> bool:
        """Whether the settings of this filter apply to what another describes."""
        return self.matches_protocol(other) and self.matches_rest(other)

    def covers(self, other: Filter) -> bool:
        """Whether this one, which matches the same, is no narrower than another (``config_filter_is_superset``)."""
        mine, theirs = self.rank, other.rank
        return all(one <= two for one, two in zip(mine, theirs, strict=True))

    def within(self, kind: str, value: str) -> Filter:
        """Return the filter that a block opens inside this one; raises ``NestingError``."""
        forbidden = {
            "protocol": (),
            "local": ("remote", "protocol", "local_name"),
            "local_name": ("remote", "protocol"),
            "remote": ("protocol",),
        }[kind]
        for outer in forbidden:
            if getattr(self, outer) is not None:
                raise NestingError(
                    f"{outer} {{ {kind} {{ .. }} }} not allowed (use {kind} {{ {outer} {{ .. }} }} instead)"
                )
        if kind == "protocol":
            if self.protocol is not None:
                raise NestingError("Nested protocol { protocol { .. } } block not allowed")
            return self._replace(protocol=value)
        if kind == "local_name":
            return self._replace(local_name=value)
        net, outer_net = net_of(value), self.local if kind == "local" else self.remote
        if net.error:
            raise NestingError(net.error)
        if (
            outer_net
            and outer_net.address
            and net.address
            and (outer_net.bits > net.bits or not outer_net.contains(net))
        ):
            raise NestingError(f"{kind} net1 {{ {kind} net2 {{ .. }} }} requires net2 to be inside net1")
        return self._replace(local=net) if kind == "local" else self._replace(remote=net)


def name_matches(name: str, mask: str) -> bool:
    """``dns_match_wildcard``: ``*`` stands for a first label, ``?`` for one character; letters in any case."""
    at = 0
    name, mask = name.lower(), mask.lower()
    position = 0
    while at < len(name) and position < len(mask):
        char = mask[position]
        if char == "*":
            at = name.find(".", at)
            if at < 0 or mask[position + 1 : position + 2] != ".":
                return False
            position += 1
        elif char not in ("?", name[at]):
            return False
        at += 1
        position += 1
    if mask[position : position + 1] == "*":
        position += 1
    return name[at : at + 1] == mask[position : position + 1]
