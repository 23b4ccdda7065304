"""The rules of Postfix's cidr:, regexp: and pcre: tables.

Sources: cidr_table(5), regexp_table(5), pcre_table(5); src/util/dict_cidr.c, cidr_match.c, dict_regexp.c.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.syntax.postfix_lines import WHITE

if TYPE_CHECKING:
    from collections.abc import Sequence

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_IF: Final = re.compile(r"(?i:if)(?=[ \t\n\r\f\v!])[ \t\n\r\f\v]*(.*)", re.DOTALL)
_ENDIF: Final = re.compile(r"(?i:endif)(?![^ \t\n\r\f\v])")
_CIDR: Final = re.compile(r"(!?)[ \t\n\r\f\v]*([^ \t\n\r\f\v]+)(.*)", re.DOTALL)
_NETWORK: Final = re.compile(r"\[?([0-9A-Fa-f:.]+)\]?(/[0-9]+)?")
_DELIMITER: Final = re.compile(r"!?[ \t\n\r\f\v]*([^A-Za-z0-9 \t\n\r\f\v])")
_OPTIONS: Final = re.compile(r"[A-Za-z]*")


class Condition(NamedTuple):
    """An ``if`` of a cidr table: the network, and the index of the ``if`` around it."""

    network: Network
    negated: bool
    parent: int | None

    def matches(self, wanted: Address) -> bool:
        """Whether it lets an address pass; a negated network is one of its own address family, too."""
        return wanted.version == self.network.version and (wanted in self.network) is not self.negated


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its key or pattern as written, its result, and which of the lines it stands on.

    ``condition`` is the index of the ``if`` around a cidr rule; ``guarded``: a pattern stands behind an ``if``.
    """

    key: str
    result: str = field(repr=False)
    index: int
    network: Network | None = None
    negated: bool = False
    condition: int | None = None
    guarded: bool = False

    def matches(self, wanted: Address) -> bool:
        """Whether it answers an address; rules of patterns never do."""
        if self.network is None or wanted.version != self.network.version:
            return False
        return (wanted in self.network) is not self.negated


def address(text: str) -> Address | None:
    """Return an address that Postfix would look up in a cidr table, None for another text."""
    if "%" in text:
        return None
    try:
        return ip_address(text)
    except ValueError:
        return None


def _network(text: str) -> Network | None:
    """Return a network as ``cidr_match_parse`` takes it: host bits must be zero, the prefix is a number of bits."""
    match = _NETWORK.fullmatch(text)
    try:
        return ip_network(match[1] + (match[2] or "")) if match else None
    except ValueError:
        return None


def cidr_rules(texts: Sequence[str]) -> tuple[list[Rule], list[Condition], list[int]]:
    """Return the rules and conditions of a cidr table, and the indexes of lines that Postfix skips with a warning."""
    rules: list[Rule] = []
    conditions: list[Condition] = []
    ignored: list[int] = []
    open_ifs: list[int | None] = []
    for index, text in enumerate(texts):
        current = open_ifs[-1] if open_ifs else None
        if _ENDIF.match(text):
            if open_ifs:
                open_ifs.pop()
            else:
                ignored.append(index)
            continue
        condition = _IF.match(text)
        match = _CIDR.match(condition[1] if condition else text)
        network = _network(match[2]) if match else None
        if match is None or network is None or not (condition or match[3].strip(WHITE)):
            ignored.append(index)
            continue
        if condition:
            open_ifs.append(len(conditions))
            conditions.append(Condition(network, bool(match[1]), current))
            continue
        rules.append(Rule(match[1] + match[2], match[3].strip(WHITE), index, network, bool(match[1]), current))
    return rules, conditions, ignored


def pattern_rules(texts: Sequence[str]) -> tuple[list[Rule], list[Condition], list[int]]:
    """Return the rules of a table of regular expressions and the indexes of lines that Postfix skips with a warning.

    The expressions are not compiled, so that one which Postfix would find wrong counts as a rule.
    """
    rules: list[Rule] = []
    ignored: list[int] = []
    open_ifs = 0
    for index, text in enumerate(texts):
        if _ENDIF.match(text) or _IF.match(text):
            open_ifs = open_ifs + 1 if _IF.match(text) else max(open_ifs - 1, 0)
            continue
        end = _end_of_pattern(text)
        if end is None:
            ignored.append(index)
        else:
            rules.append(Rule(text[:end], text[end:].strip(WHITE), index, guarded=open_ifs > 0))
    return rules, [], ignored


def _end_of_pattern(text: str) -> int | None:
    """Return the offset behind the closing delimiter and the options, None when there is no pattern."""
    opening = _DELIMITER.match(text)
    if opening is None:
        return None
    delimiter = re.escape(opening[1])
    closing = re.compile(rf"(?:\\.|[^\\{delimiter}])*+{delimiter}", re.DOTALL).match(text, opening.end())
    if closing is None:
        return None
    options = _OPTIONS.match(text, closing.end())
    end = options.end() if options else closing.end()
    return end if text[end : end + 1] in ("", *WHITE) else None
