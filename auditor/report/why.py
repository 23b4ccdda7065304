"""Why a rule speaks or is silent, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.report.lines import Line, line, paragraph
from auditor.report.text import finding_lines
from auditor.rule import documentation
from auditor.text import shortened
from auditor.why.conditions import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.why.conditions import Condition, Term
    from auditor.why.explain import Why
    from auditor.why.recording import Asked

MAX_ASKED: Final = 60
"""Answers that are listed."""
LONGEST: Final = 120
"""Characters of one answer that are shown."""

_SEVERAL: Final = {Outcome.NOT_MET: "not all of this is so", Outcome.MET: "at least one of these is so"}


def as_text(found: Sequence[Why], width: int) -> Iterator[Line]:
    """Yield for each host what the rule says, what kept it from saying more, and what it was told."""
    for one in found:
        says = f"says {len(one.findings)} thing{'s'[: len(one.findings) != 1]}" if one.findings else "says nothing"
        head = line((one.rule.name, "strong"), " ")
        yield from paragraph(f"{says} about {one.host.host.root}.", width, head, "  ")
        yield from paragraph(documentation(one.rule)["Summary"], width, line("It looks for: "), "  ")
        yield ()
        for finding in one.findings:
            yield from finding_lines(finding._replace(fix=None), "", width)
            yield ()
        yield from _conditions(one.conditions, width, spoke=bool(one.findings))
        if one.not_checked:
            yield line(("What it could not check", "strong"))
            for entry in one.not_checked:
                yield from paragraph(f"{entry.what}: {entry.why}", width, line("  "), "    ")
            yield ()
        yield from _asked(one.asked, width)


def _conditions(conditions: Sequence[Condition], width: int, *, spoke: bool) -> Iterator[Line]:
    if not conditions:
        return
    yield line(("What kept it from saying more" if spoke else "What kept it silent", "strong"))
    for outcome, terms in conditions:
        if len(terms) > 1:
            yield line((f"  {_SEVERAL[outcome]}:", "faint"))
        for term in terms:
            sign = "    - " + "not: " * term.is_denied if len(terms) > 1 else f"  {_single(outcome, term)}: "
            first, *rest = term.words
            yield from paragraph(first, width, line((sign, "faint")), "      ")
            for words in rest:
                yield from paragraph(words, width, line(("        of ", "faint")), "          ", style="faint")
    yield ()


def _single(outcome: Outcome, term: Term) -> str:
    if outcome is Outcome.EMPTY:
        return "there are none of"
    return "it is so" if (outcome is Outcome.MET) is not term.is_denied else "not so"


def _asked(asked: Sequence[Asked], width: int) -> Iterator[Line]:
    said = [one for one in asked if one.origin is None or one.origin.span]
    left = [one for one in asked if one.origin and not one.origin.span]
    if said:
        yield line(("What it was told, in the order of asking", "strong"))
        for one in said[:MAX_ASKED]:
            text = f"{_named(one)} {'=' if one.origin else 'is'} {_shown(one)}"
            yield from paragraph(f"{text}  # {one.origin}" if one.origin else text, width, line("  "), "      ")
        if len(said) > MAX_ASKED:
            yield line((f"  and {len(said) - MAX_ASKED} more", "faint"))
        yield ()
    if left:
        yield line(("What the files leave as it is by default", "strong"))
        for where in dict.fromkeys(one.where for one in left):
            answers = ", ".join(f"{one.name} = {_shown(one)}" for one in left if one.where == where)
            yield from paragraph(f"{where}: {answers}" if where else answers, width, line("  "), "    ", style="faint")
        yield ()


def _named(one: Asked) -> str:
    return f"{one.where}: {one.name}" if one.where else one.name


def _shown(one: Asked) -> str:
    return shortened(one.answer, LONGEST) or "(empty)"
