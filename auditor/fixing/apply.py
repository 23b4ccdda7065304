"""Fixes made in memory: which go together, and what the files are with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditor.fixing.edit import Edit, Edited, edited, kept, lines_of
from auditor.host import FileFacts, Host, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.change import ChangeMode
    from auditor.fixing.offers import Offer


class NewFacts(NamedTuple):
    """Mode and owner of a file as they were, and as they are to be."""

    before: FileFacts
    after: FileFacts


class State(NamedTuple):
    """What the files of a host are to be, by the names that symlinks lead to."""

    contents: dict[str, bytes]
    facts: dict[str, NewFacts]
    kept: dict[str, list[int]]
    """Of each line of a text its number in the user's file, from 0; a negative one where it is not there."""


class Applied(NamedTuple):
    """The state with some offers made, and the edited texts by the names that symlinks lead to."""

    state: State
    texts: dict[str, Edited]


def together(host: Host, offers: Iterable[Offer]) -> list[Offer]:
    """Return the offers that can be made at once: of two that are about the same characters, the first."""
    taken: list[Offer] = []
    edits: dict[str, list[Edit]] = {}
    for offer in offers:
        mine = [(edits.setdefault(final_name(host, edit.span.file.name), []), edit) for edit in offer.edits]
        if not any(edit.collides(other) for others, edit in mine for other in others):
            taken.append(offer)
            for others, edit in mine:
                others.append(edit)
    return taken


def applied(host: Host, state: State, offers: Iterable[Offer]) -> Applied:
    """Return what the files are to be with some offers made, all of them about the texts as ``host`` has them."""
    contents, facts, lines = dict(state.contents), dict(state.facts), dict(state.kept)
    edits: dict[str, list[Edit]] = {}
    for offer in offers:
        for edit in offer.edits:
            edits.setdefault(final_name(host, edit.span.file.name), []).append(edit)
        for change in offer.modes:
            final = final_name(host, change.name)
            known = host.facts(final)
            if isinstance(known, FileFacts):
                before = facts[final].before if final in facts else known
                facts[final] = NewFacts(before, _changed(facts[final].after if final in facts else known, change))
    texts: dict[str, Edited] = {}
    for name, found in edits.items():
        old = found[0].span.file.text
        texts[name] = new = edited(old, found)
        contents[name] = new.text.encode("utf-8", "surrogateescape")
        lines[name] = kept(lines.get(name) or range(len(lines_of(old))), old, new)
    return Applied(State(contents, facts, lines), texts)


def _changed(facts: FileFacts, change: ChangeMode) -> FileFacts:
    uid = facts.uid if change.uid is None else change.uid
    gid = facts.gid if change.gid is None else change.gid
    return facts._replace(mode=facts.mode & ~change.clear, uid=uid, gid=gid)


def final_name(host: Host, name: str) -> str:
    """Return the name that the symlinks of a name lead to."""
    resolved = host.resolve(name)
    return name if isinstance(resolved, Unreadable) else resolved[0]
