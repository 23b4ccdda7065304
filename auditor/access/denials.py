"""Where a passdb that is to keep users out does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditor.access.answers import Result
from auditor.access.chain import rule_for
from auditor.access.logins import COMPARING_MECHANISMS
from auditor.model.reach import CREDENTIAL_MECHANISMS, POSTFIX_SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.model.dovecot import Dovecot
    from auditor.model.passdb import Passdb


class Denial(NamedTuple):
    """A deny passdb, and what lets users past it: the protocols where, passdbs before it, mechanisms beside it.

    ``skipped_after`` are passdbs behind whose success it is not asked.
    """

    passdb: Passdb
    protocols: tuple[str, ...]
    after: tuple[Passdb, ...] = ()
    skipped_after: tuple[Passdb, ...] = ()
    mechanisms: tuple[str, ...] = ()


def denials(dovecot: Dovecot) -> Iterator[Denial]:
    """Yield the deny passdbs, each once with what lets users past it."""
    services = [*dovecot.protocols, *([POSTFIX_SERVICE] if dovecot.asked_by_postfix else [])]
    found: dict[Passdb, list[tuple[str, Denial]]] = {}
    for service in services:
        chain = [passdb for passdb in dovecot.auth.passdbs(service) if not passdb.is_master]
        for at, passdb in enumerate(chain):
            if passdb.is_deny:
                found.setdefault(passdb, []).append((service, _denial(dovecot, chain, at)))
    for passdb, one_by_one in found.items():
        holes = [(service, one) for service, one in one_by_one if one.after or one.skipped_after or one.mechanisms]
        yield Denial(
            passdb,
            tuple(service for service, _ in holes),
            tuple(dict.fromkeys(one for _, hole in holes for one in hole.after)),
            tuple(dict.fromkeys(one for _, hole in holes for one in hole.skipped_after)),
            tuple(dict.fromkeys(one for _, hole in holes for one in hole.mechanisms)),
        )


def _denial(dovecot: Dovecot, chain: Sequence[Passdb], at: int) -> Denial:
    passdb = chain[at]
    offered = [
        name for name in dovecot.mechanisms if name.upper() in COMPARING_MECHANISMS or name in CREDENTIAL_MECHANISMS
    ]
    others = [one for one in chain if not one.is_deny and not one.never_succeeds]
    before = [one for one in chain[:at] if one in others and any(map(one.admits, offered))]
    skips = passdb.value("passdb_skip") == "authenticated"
    return Denial(
        passdb,
        (),
        tuple(one for one in before if rule_for(one, Result.OK) == "return-ok"),
        tuple(one for one in before if skips and rule_for(one, Result.OK) in ("continue", "continue-ok")),
        tuple(name for name in offered if not passdb.admits(name) and any(one.admits(name) for one in others)),
    )
