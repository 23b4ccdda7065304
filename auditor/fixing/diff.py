"""The changes of a host as a unified diff that shows no secret, and as commands where they are changes of modes."""

from __future__ import annotations

import shlex
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from auditor.files.permissions import group_name, user_name
from auditor.fixing.apply import final_name
from auditor.fixing.edit import lines_of
from auditor.host import Unreadable
from auditor.text import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.audit import Audit
    from auditor.fixing.rounds import Mended
    from auditor.text import SourceFile

CONTEXT: Final = 3
"""Lines around a change."""
_WITHOUT_END: Final = "\\ No newline at end of file"


def unified(mended: Mended) -> Iterator[str]:
    """Yield the lines of a unified diff; a line that holds a secret, or what no terminal shows, as reports show it."""
    before, after = (_files(audit) for audit in (mended.before, mended.after))
    for name, kept in sorted(mended.state.kept.items()):
        old, new = (
            files.get(name) or _other_file(audit, name)
            for files, audit in ((before, mended.before), (after, mended.after))
        )
        yield from _diff(old, new, kept)


def _files(audit: Audit) -> dict[str, list[SourceFile]]:
    """Return the configuration files by the names that symlinks lead to.

    One that is read by two names is there twice: each knows the secrets that were found in it by its own name.
    """
    found: dict[str, list[SourceFile]] = {}
    for host in audit.hosts:
        files = [file for one in host.dovecot for file in one.files]
        for file in (*files, *(file for one in host.postfix for file in one.files)):
            found.setdefault(final_name(host.host, file.name), []).append(file)
    return found


def _other_file(audit: Audit, name: str) -> list[SourceFile]:
    """Return a file that is no configuration: one of certificates and CRLs, without a key."""
    source = audit.hosts[0].host.read_text(name)
    return [] if isinstance(source, Unreadable) else [source]


def _diff(before: Sequence[SourceFile], after: Sequence[SourceFile], kept: Sequence[int]) -> Iterator[str]:
    old, new = (lines_of(files[0].text) for files in (before, after))
    path = escaped(before[0].path)
    yield f"--- {path}"
    yield f"+++ {path}"
    # Lines go by their numbers in the old text: comparing texts takes their square.
    for group in SequenceMatcher(None, range(len(old)), kept).get_grouped_opcodes(CONTEXT):
        first, last = group[0], group[-1]
        yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@"
        for kind, old_start, old_end, new_start, new_end in group:
            if kind == "equal":
                yield from _shown(" ", before, old, old_start, old_end)
                continue
            yield from _shown("-", before, old, old_start, old_end)
            yield from _shown("+", after, new, new_start, new_end)


def _range(start: int, end: int) -> str:
    """Return a range of lines as diff writes it."""
    length = end - start
    return f"{start + bool(length)},{length}" if length != 1 else f"{start + 1}"


def _shown(sign: str, files: Sequence[SourceFile], lines: Sequence[str], start: int, end: int) -> Iterator[str]:
    for number in range(start, end):
        line = lines[number].removesuffix("\n").removesuffix("\r")
        shown = [file.shown_line(number + 1) for file in files]
        other = next((one for one in shown if one != line.replace("\t", " ")), None)
        yield sign + (line if other is None else other)
        if not lines[number].endswith("\n"):
            yield _WITHOUT_END


def commands(mended: Mended) -> Iterator[str]:
    """Yield the commands that change modes, owners and groups as the fixes do."""
    host = mended.found.host
    for _, (before, after) in sorted(mended.state.facts.items()):
        path = escaped(shlex.quote(before.path))
        if after.uid != before.uid:
            yield f"chown {user_name(host, after.uid)} {path}"
        if after.gid != before.gid:
            yield f"chgrp {group_name(host, after.gid)} {path}"
        if after.permissions != before.permissions:
            yield f"chmod {after.permissions:04o} {path}"
