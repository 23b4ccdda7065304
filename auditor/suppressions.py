"""What users accept, in their own files: ``# mailaudit: ignore[rule-name] until=2027-01-01 the reason``.

Such a comment stands directly above a statement, in Dovecot's files also beside one, and holds for all of it: a logical
line, the block that it opens, a service of master.cf. Between the lines of a service or a value it holds for the next
line. A finding is suppressed where its primary place begins there; one whose primary place is no text (a key file, a
default), where any other of its places does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.finding import NotChecked
from auditor.syntax.comments import dovecot_comments, postfix_comments
from auditor.syntax.dovecot import parse
from auditor.text import without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.finding import Finding
    from auditor.read import Instances
    from auditor.syntax.comments import Comment
    from auditor.text import SourceFile, Span

MAX_SUPPRESSIONS: Final = 1000
"""On one host."""
MAX_TEXT: Final = 1000
"""Characters of one."""
MAX_RULES: Final = 10
"""Rules that one may name, so that a hostile file cannot have millions of names looked up."""

FORM: Final = "# mailaudit: ignore[rule-name] until=2027-01-01 the reason"
_MEANT: Final = re.compile(r"(?i)#+\s*mailaudit(?:\s*:|\W*ignore\W*\[)")
"""A comment that is meant for mailaudit, rightly written or not."""
_FORM: Final = re.compile(r"#+\s*mailaudit:\s*ignore\s*\[(?P<rules>[^\]]*)\](?:\s*until=(?P<until>\S*))?(?P<reason>.*)")
_OPTION: Final = re.compile(r"\w+=")


@dataclass(frozen=True, eq=False)
class Suppression:
    """One such comment; ``fault`` says why it holds for nothing."""

    span: Span
    about: Span | None
    rules: tuple[str, ...] = ()
    until: date | None = None
    reason: str = ""
    fault: str = ""
    used: set[str] = field(default_factory=set)
    """The rules of which it suppresses a finding."""

    def holds(self, today: date) -> bool:
        """Whether it suppresses what it names."""
        return not self.fault and not self.has_expired(today)

    def has_expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.until is not None and self.until < today


class Suppressions(NamedTuple):
    """The suppressions of one host, for the rules about them."""

    found: tuple[Suppression, ...] = ()
    too_many: tuple[NotChecked, ...] = ()
    today: date = date.min
    known: frozenset[str] = frozenset()
    """The names of all rules."""
    decided: frozenset[str] = frozenset()
    """The names of the rules that ran here and could look at everything they needed."""


def suppressions_of(host: Instances) -> tuple[tuple[Suppression, ...], tuple[NotChecked, ...]]:
    """Return the suppressions in the files of a host, and what was not looked at because they are too many."""
    found: list[Suppression] = []
    for comment in _comments(host):
        if _MEANT.match(comment.span.text):
            if len(found) == MAX_SUPPRESSIONS:
                why = f"there are more than {MAX_SUPPRESSIONS}"
                return tuple(found), (NotChecked(f"suppressions from {comment.span} on", why),)
            found.append(_suppression(comment))
    return tuple(found), ()


def _comments(host: Instances) -> Iterator[Comment]:
    seen: set[SourceFile] = set()
    for dovecot in host.dovecot:
        for file in _new(dovecot.files, seen):
            yield from dovecot_comments(parse(file, dovecot.dialect, dovecot.version))
    for postfix in host.postfix:
        for file in _new(postfix.files, seen):
            yield from postfix_comments(file)


def _new(files: Iterable[SourceFile], seen: set[SourceFile]) -> Iterator[SourceFile]:
    """Yield the files that were not seen before and may hold a suppression, as few do."""
    for file in files:
        if file not in seen and "mailaudit" in file.text.lower():
            seen.add(file)
            yield file


def _suppression(comment: Comment) -> Suppression:
    text = comment.span.text.strip()
    if len(text) > MAX_TEXT:
        return Suppression(comment.span, comment.about, fault=f"it is longer than {MAX_TEXT} characters")
    match = _FORM.fullmatch(text)
    if match is None:
        return Suppression(comment.span, comment.about, fault=f"it is not written as `{FORM}`")
    rules = tuple(dict.fromkeys(name.strip() for name in match["rules"].split(",") if name.strip()))
    reason = without_secrets(match["reason"].strip().removeprefix("--").strip())
    until, fault = None, ""
    if match["until"] is not None:
        try:
            until = date.fromisoformat(match["until"])
        except ValueError:
            fault = "its date is none such as until=2027-01-01"
    if not rules:
        fault = "it names no rule"
    elif len(rules) > MAX_RULES:
        fault = f"it names more than {MAX_RULES} rules"
    elif not reason:
        fault = fault or "it gives no reason"
    elif _OPTION.match(reason):
        fault = fault or "what stands before its reason is not until=2027-01-01"
    elif comment.about is None:
        fault = fault or "no setting, block or service follows on the next line"
    return Suppression(comment.span, comment.about, rules, until, reason, fault)


def suppressed_by(finding: Finding, found: Sequence[Suppression]) -> Suppression | None:
    """Return what suppresses a finding, and note there that it is used."""
    places = [finding.primary.span] if finding.primary.span else [one.span for one in finding.locations if one.span]
    first = None
    for one in found:
        about = one.about
        if about and finding.rule in one.rules and any(_within(span, about) for span in places):
            one.used.add(finding.rule)
            first = first or one
    return first


def _within(span: Span, about: Span) -> bool:
    return span.file is about.file and about.start <= span.start < about.end
