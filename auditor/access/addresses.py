"""Sets of IP addresses: what a setting such as ``mynetworks`` or ``login_trusted_networks`` covers, exactly."""

from __future__ import annotations

from heapq import heappop, heappush
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network, summarize_address_range
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator
    from ipaddress import IPv4Network, IPv6Network

Value = TypeVar("Value", bound="Hashable")
_END_4: Final = 1 << 32
_END: Final = _END_4 + (1 << 128)
"""IPv4 addresses are counted from 0, IPv6 addresses from ``_END_4``."""
SHOWN: Final = 4
"""Networks that are written out for a person."""

Address = IPv4Address | IPv6Address


class AddressSet(NamedTuple):
    """A set of IPv4 and IPv6 addresses, as sorted ranges of numbers that do not touch; each end is exclusive."""

    ranges: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, networks: Iterable[str]) -> AddressSet:
        """Return the addresses of some networks (``10.0.0.0/8``, ``::1``); raises ValueError where one is none."""
        return cls.of_ranges(_range(ip_network(network.strip("[]"), strict=False)) for network in networks)

    @classmethod
    def of_ranges(cls, ranges: Iterable[tuple[int, int]]) -> AddressSet:
        """Return the addresses of some ranges in any order; those that touch become one."""
        found: list[tuple[int, int]] = []
        for start, end in sorted(ranges):
            if start >= end:
                continue
            if found and start <= found[-1][1] and not start == _END_4 == found[-1][1]:
                found[-1] = (found[-1][0], max(found[-1][1], end))
            else:
                found.append((start, end))
        return cls(tuple(found))

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __or__(self, other: AddressSet) -> AddressSet:
        return self.of_ranges([*self.ranges, *other.ranges])

    def __and__(self, other: AddressSet) -> AddressSet:
        found: list[tuple[int, int]] = []
        mine, theirs = iter(self.ranges), iter(other.ranges)
        one, two = next(mine, None), next(theirs, None)
        while one and two:
            start, end = max(one[0], two[0]), min(one[1], two[1])
            if start < end:
                found.append((start, end))
            if one[1] <= two[1]:
                one = next(mine, None)
            else:
                two = next(theirs, None)
        return AddressSet(tuple(found))

    def __sub__(self, other: AddressSet) -> AddressSet:
        found: list[tuple[int, int]] = []
        cuts = iter(other.ranges)
        cut = next(cuts, None)
        for start, end in self.ranges:
            at = start
            while cut and cut[0] < end:
                if cut[0] > at:
                    found.append((at, cut[0]))
                at = max(at, cut[1])
                if cut[1] > end:
                    break
                cut = next(cuts, None)
            if at < end:
                found.append((at, end))
        return AddressSet(tuple(found))

    def __contains__(self, address: object) -> bool:
        if not isinstance(address, Address):
            return False
        number = _number(address)
        return any(start <= number < end for start, end in self.ranges)

    @property
    def size(self) -> int:
        """How many addresses it has."""
        return sum(end - start for start, end in self.ranges)

    def covers(self, other: AddressSet) -> bool:
        """Whether every address of another set is in this one."""
        mine = iter(self.ranges)
        current = next(mine, None)
        for start, end in other.ranges:
            while current and current[1] <= start:
                current = next(mine, None)
            if current is None or start < current[0] or current[1] < end:
                return False
        return True

    def networks(self) -> Iterator[IPv4Network | IPv6Network]:
        """Yield the fewest networks that make up the set."""
        for start, end in self.ranges:
            yield from summarize_address_range(_address(start), _address(end - 1))

    def __str__(self) -> str:
        if self == EVERYWHERE:
            return "anywhere"
        shown = [
            str(network).removesuffix("/32").removesuffix("/128")
            for network, _ in zip(self.networks(), range(SHOWN + 1), strict=False)
        ]
        return ", ".join(shown[:SHOWN]) + (" …" if len(shown) > SHOWN else "") or "nowhere"


def first_match(rules: Iterable[tuple[AddressSet, Value]]) -> dict[Value, AddressSet]:
    """Return which addresses get each value where the first set that holds an address decides.

    It takes n log n steps for n ranges, so that blocklists of any length can be read.
    """
    starting = sorted(
        (start, number, end, value) for number, (one, value) in enumerate(rules) for start, end in one.ranges
    )
    edges = sorted({edge for start, _, end, _ in starting for edge in (start, end)})
    found: dict[Value, list[tuple[int, int]]] = {}
    active: list[tuple[int, int, Value]] = []
    at = 0
    for edge, following in pairwise(edges):
        while at < len(starting) and starting[at][0] == edge:
            _, number, end, value = starting[at]
            heappush(active, (number, end, value))
            at += 1
        while active and active[0][1] <= edge:
            heappop(active)
        if active:
            found.setdefault(active[0][2], []).append((edge, following))
    return {value: AddressSet.of_ranges(ranges) for value, ranges in found.items()}


def _range(network: IPv4Network | IPv6Network) -> tuple[int, int]:
    start = _number(network.network_address)
    return start, start + network.num_addresses


def _number(address: Address) -> int:
    return int(address) + (_END_4 if address.version == 6 else 0)


def _address(number: int) -> Address:
    return IPv4Address(number) if number < _END_4 else IPv6Address(number - _END_4)


def network_in(word: str) -> AddressSet | None:
    """Return the addresses of a word of a list of Postfix, such as ``[::]/0``; None where it names no network."""
    try:
        return AddressSet.of([word.replace("[", "").replace("]", "")])
    except ValueError:
        return None


def parsed_address(text: str) -> Address | None:
    """Return the address that a text is, with or without brackets; None for a name."""
    try:
        return ip_address(text.strip("[]"))
    except ValueError:
        return None


EVERYWHERE: Final = AddressSet(((0, _END_4), (_END_4, _END)))
LOOPBACK: Final = AddressSet.of(["127.0.0.0/8", "::1"])
PRIVATE: Final = AddressSet.of(
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "fe80::/10"]
)
"""Networks that the Internet does not reach (RFC 1918, 6598, 4193, 4291)."""
INTERNET: Final = EVERYWHERE - LOOPBACK - PRIVATE
WIDE: Final = {4: 20, 6: 44}
"""The prefix length, by IP version, up to which a public network is more than one customer gets (RIPE-690 for IPv6)."""


def widest_public_network(addresses: AddressSet) -> IPv4Network | IPv6Network | None:
    """Return the largest network in a set that is public at least in part, where no customer gets one so large."""
    large = (network for network in addresses.networks() if network.prefixlen <= WIDE[network.version])
    wide = [network for network in large if AddressSet.of([str(network)]) & INTERNET]
    return min(wide, key=lambda network: network.prefixlen / WIDE[network.version], default=None)


def is_wide_network(word: str) -> bool:
    """Whether a word of a list of Postfix is such a network."""
    addresses = network_in(word)
    return addresses is not None and widest_public_network(addresses) is not None
