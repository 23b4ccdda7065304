"""Whether fixes do what they should and nothing else: the audits before and after them, compared."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.access.addresses import EVERYWHERE
from auditor.access.difference import difference
from auditor.access.table import Access
from auditor.finding import Severity
from auditor.fixing.values import Value, touched, values_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from auditor.access.rows import Row
    from auditor.audit import Audit
    from auditor.finding import Finding
    from auditor.fixing.edit import Edited
    from auditor.fixing.offers import Offer
    from auditor.host import Host

Key = tuple[str, str, str, str]
BLOCK: Final = "{}"
"""The value of what stands for a block of Dovecot."""


class Picture(NamedTuple):
    """What counts of an audit of one host."""

    host: Host
    findings: Counter[Key]
    by_rule: Counter[tuple[str, int]]
    """Findings by rule, at each severity and worse."""
    gaps: Counter[str]
    """Things not checked, by rule."""
    failures: int
    values: tuple[Value, ...]
    rows: tuple[Row, ...]


def key_of(finding: Finding) -> Key:
    """Return what tells a finding from others while the lines around it change."""
    return (finding.rule, finding.file, finding.subject, finding.message)


def picture_of(audit: Audit) -> Picture:
    """Return what counts of an audit of one host."""
    return Picture(
        audit.hosts[0].host,
        Counter(map(key_of, audit.findings)),
        Counter((one.rule, level) for one in audit.findings for level in range(one.severity.rank, len(Severity))),
        Counter(rule for gap in audit.not_checked for rule in gap.rules),
        len(audit.failures),
        tuple(value for model in audit.models for value in values_of(model)),
        tuple(row for model in audit.models for row in Access(model).rows),
    )


def fault(before: Picture, after: Picture, offers: Sequence[Offer], texts: Mapping[str, Edited]) -> str:
    """Return what is wrong with making some offers; empty where they do what they should and nothing else."""
    for (rule, level), number in Counter((one.finding.rule, _level(one.finding)) for one in offers).items():
        if before.by_rule[rule, level] - after.by_rule[rule, level] < number:
            return f"{rule} would still be found"
    for offer in offers:
        key = key_of(offer.finding)
        if after.findings[key] >= before.findings[key]:
            return f"{offer.finding.rule} would still be found"
    if added := next((rule for rule, level in after.by_rule - before.by_rule if level < Severity.INFO.rank), ""):
        return f"it would bring about {added}"
    if after.failures > before.failures or _hides_something(before, after, {offer.finding.rule for offer in offers}):
        return "something could no longer be checked"
    if other := next(_other_values(before, after, texts), ""):
        return f"it would change {other}, too"
    return _in_the_way(before.rows, after.rows, offers)


def _level(finding: Finding) -> int:
    """Return down to which severity findings count beside one: a remark with severity info is no fault."""
    return max(finding.severity.rank, Severity.LOW.rank)


def _hides_something(before: Picture, after: Picture, rules: set[str]) -> bool:
    """Whether a rule that is fixed, or that found something before, can no longer check all that it did."""
    found = {rule for rule, _ in before.by_rule}
    return any(rule in rules or rule in found for rule in after.gaps - before.gaps)


def _other_values(before: Picture, after: Picture, texts: Mapping[str, Edited]) -> Iterator[str]:
    """Yield the names of values that are others than before, and are not set where the edits are."""
    meant = touched(before.values, before.host, texts, old=True) | touched(after.values, after.host, texts, old=False)
    # A block of Dovecot is there as soon as something is set in it.
    blocks = {(instance, name[: end + 1]) for instance, name in meant for end, one in enumerate(name) if one == "/"}
    old, new = (Counter(value[:3] for value in picture.values) for picture in (before, after))
    for instance, name, value in (*(old - new), *(new - old)):
        if (instance, name) not in meant and (value != BLOCK or (instance, name) not in blocks):
            yield name


def _in_the_way(before: Sequence[Row], after: Sequence[Row], offers: Sequence[Offer]) -> str:
    """Return whom the offers would let in or keep out by mistake."""
    # TLS from the first byte or by STARTTLS: the same people come in.
    before, after = (
        [row._replace(listener=row.listener._replace(wrapped=False)) for row in rows] for rows in (before, after)
    )
    changed = difference(before, after)
    opening = any(offer.fix.opens for offer in offers)
    if opening:
        harmless = {row for row in changed.without_tls if _is_for_strangers(row)}
        changed = changed._replace(
            appeared=tuple(row for row in changed.appeared if row not in harmless),
            without_tls=tuple(row for row in changed.without_tls if row not in harmless),
        )
    opened = changed.appeared
    if not changed.is_dangerous:
        opened = () if opening else tuple(row for row in opened if not _was_open(row, before))
    if opened:
        return f"it would open a way in: {opened[0].listener.label} for {opened[0].users or 'everybody'}"
    if all(offer.fix.safe for offer in offers) and not any(offer.fix.closes for offer in offers):
        lost = next((row for row in changed.disappeared if not _may_go(row, after)), None)
        if lost is not None:
            return f"it would close a way in: {lost.listener.label} for {lost.users or 'everybody'}"
    return ""


def _was_open(row: Row, before: Iterable[Row]) -> bool:
    """Whether strangers had what the users of a new way now need a secret or a certificate for."""
    moved = row._replace(listener=row.listener.moved())
    return any(
        known.secret.is_open and known.certificate.is_open and known._replace(users="").needs_no_more_than(moved)
        for known in (known._replace(listener=known.listener.moved()) for known in before)
    )


def _is_for_strangers(row: Row) -> bool:
    """Whether a way takes nothing that one must have been given: no secret that TLS would protect is at stake."""
    return row.secret.is_open and row.certificate.is_open


def _may_go(row: Row, left: Iterable[Row]) -> bool:
    """Whether a way in may be closed: one for strangers, or one beside which a stricter one stays open.

    That some networks need no password is no mistake by itself; a login with a worthless one is.
    """
    if (row.is_login or row.source.addresses.covers(EVERYWHERE)) and _is_for_strangers(row):
        return True
    return any(
        other.right is row.right
        and other.listener.service == row.listener.service
        and other.users in (row.users, "")
        and other.secret is row.secret
        and row.source.addresses.covers(other.source.addresses)
        and bool(set(other.mechanisms) & set(row.mechanisms)) is bool(row.mechanisms)
        for other in left
    )
