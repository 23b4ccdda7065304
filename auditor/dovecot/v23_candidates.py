"""Which filters may match what another describes, found without trying all of very many."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditor.dovecot.v23_blocks import Layer
    from auditor.dovecot.v23_filters import Filter, Net

_Key = tuple[int, int, int]
"""Version of the address, bits of the net, and those bits."""


class Candidates:
    """An index of filters by the narrowest thing they ask for: a host may have one for each of thousands of names."""

    def __init__(self, layers: list[Layer]) -> None:
        """Sort the filters; the first one is the global one."""
        self._order = {id(layer): index for index, layer in enumerate(layers)}
        self.rest: list[Layer] = []
        """Those with neither plain names nor a net: global, for a protocol, with wildcards."""
        self._by_name: dict[str, list[Layer]] = defaultdict(list)
        self._by_host: dict[str, list[Layer]] = defaultdict(list)
        self._by_net: dict[_Key, list[Layer]] = defaultdict(list)
        self._bits: set[int] = set()
        for layer in layers:
            self._add(layer)

    def _add(self, layer: Layer) -> None:
        mask = layer.filter
        net = mask.local or mask.remote
        if mask.local_name is not None and not re.search(r"[*?]", mask.local_name):
            for name in mask.local_name.lower().split(" "):
                self._by_name[name].append(layer)
        elif net and net.address is None:
            self._by_host[net.text].append(layer)
        elif net and (key := _key(net, net.bits)):
            self._by_net[key].append(layer)
            self._bits.add(net.bits)
        else:
            self.rest.append(layer)

    def of(self, wanted: Filter) -> list[Layer]:
        """Return the filters that may match, in the order in which they were opened."""
        found = list(self.rest)
        if wanted.local_name is not None:
            found += self._by_name.get(wanted.local_name.lower(), [])
        for net in (wanted.local, wanted.remote):
            if net is None:
                continue
            found += self._by_host.get(net.text, [])
            for bits in self._bits:
                key = _key(net, bits)
                found += self._by_net.get(key, []) if key else []
        return sorted({id(layer): layer for layer in found}.values(), key=lambda layer: self._order[id(layer)])


def _key(net: Net, bits: int) -> _Key | None:
    address = net.unmapped
    if address is None or bits > address.max_prefixlen:
        return None
    return address.version, bits, int(address) >> (address.max_prefixlen - bits)
