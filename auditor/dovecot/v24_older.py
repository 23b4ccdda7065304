"""A configuration of Dovecot 2.2 or 2.3 as 2.4 would read it, each line for itself.

doveconf 2.4 stops at the first line that it refuses, and what stands in a section that it refuses is not looked at. To
know every line that has to change, the headers of sections are mended while reading, as the administrator would one
after the other: a nameless section gets a name, the settings of ``plugin`` stand for themselves, and of several names
of a ``local_name`` the first is taken. Each header that needs it is a problem in 2.4's words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from auditor.dovecot.includes import Read, Reader
from auditor.dovecot.upgrade_table import upgrade_table
from auditor.dovecot.v24 import Configuration24
from auditor.dovecot.v24_schema import Schema, Type, schema_of
from auditor.finding import Problem, ProblemKind
from auditor.syntax.dovecot import Kind
from auditor.text import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.dovecot.configuration import Configuration
    from auditor.host import Host
    from auditor.syntax.dovecot import Statement
    from auditor.text import SourceFile, Span


@dataclass(slots=True, eq=False)
class OldSection:
    """A section as it is written for 2.3; ``name`` is the one that it needs in 2.4."""

    statement: Statement
    outer: OldSection | None
    name: str
    lines: list[OldLine] = field(default_factory=list)
    _values: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Its type, such as ``passdb``."""
        return self.statement.key

    def value(self, key: str) -> str:
        """Return the last value of a key in it, empty without one."""
        return self._values.get(key, "")

    def add(self, line: OldLine) -> None:
        """Take in a line that stands in it."""
        self.lines.append(line)
        self._values[line.statement.key] = line.statement.value


@dataclass(frozen=True, slots=True, eq=False)
class OldLine:
    """A setting, or the end of a section, and what it stands in."""

    statement: Statement
    inside: OldSection | None
    via: tuple[Span, ...] = ()


Place = tuple[str, int]

_ASSIGNMENTS: Final = (Kind.SETTING, Kind.FILE, Kind.VARIABLE)
_FILTERS: Final = ("protocol", "local", "remote", "local_name")


def section_of(line: OldLine) -> str:
    """Return the kind of section that a line's name belongs to, empty for a global setting."""
    return "" if line.inside is None or line.inside.kind in _FILTERS else line.inside.kind


@dataclass(frozen=True, slots=True, eq=False)
class Older:
    """What an upgrade starts from: the files as the older version reads them, and their lines by file and offset.

    ``lines`` are empty where both versions speak one dialect.
    """

    configuration: Configuration
    lines: dict[Place, OldLine] = field(default_factory=dict)
    sections: dict[Place, OldSection] = field(default_factory=dict)


def place_of(span: Span) -> Place:
    """Return the key of a place in ``lines`` and ``sections``."""
    return span.file.name, span.start


def interpret(host: Host, main: SourceFile, version: str, own: Configuration) -> Configuration24:
    """Return what files that another dialect is meant for come to in a version such as ``2.4.1``."""
    older = Older(own)
    reader = MendingReader(host, version, older)
    configuration = Configuration24(
        dialect="2.4",
        version=version,
        version_from="option",
        main_file=main,
        files=reader.files,
        problems=reader.problems,
        not_checked=reader.not_checked,
        older=older,
        schema=schema_of(version),
    )
    configuration.read(reader)
    return configuration


class MendingReader(Reader):
    """Reads what is written for 2.3 with the headers of its sections mended."""

    def __init__(self, host: Host, version: str, older: Older) -> None:
        """Read as a version such as ``2.4.1`` does, and note the lines."""
        super().__init__(host, "2.4", version)
        self._schema: Schema = schema_of(version)
        self._older = older

    def read(self, main: SourceFile) -> Iterator[Read]:
        """Yield the statements as they are mended; what had to be is a problem."""
        reads = list(super().read(main))
        self._note(reads)
        dropped: list[bool] = []
        for one in reads:
            if one.statement.kind is Kind.OPEN:
                mended = self._mended(one)
                dropped.append(mended is None)
                if mended:
                    yield mended
            elif one.statement.kind is not Kind.CLOSE:
                yield self._renamed(one)
                dropped += [False] * (one.statement.kind is Kind.ERROR and _opens(one.statement))
            elif not dropped or not dropped.pop():
                yield one

    def _note(self, reads: list[Read]) -> None:
        """Note which section each line stands in, and the name that each section needs."""
        open_sections: list[OldSection] = []
        for one in reads:
            statement = one.statement
            inside = open_sections[-1] if open_sections else None
            line = OldLine(statement, inside, one.via)
            if statement.kind is Kind.OPEN:
                section = OldSection(statement, inside, statement.name)
                self._older.sections[place_of(statement.span)] = section
                open_sections.append(section)
                continue
            if statement.kind is Kind.ERROR and _opens(statement):
                open_sections.append(OldSection(statement, inside, ""))
            self._older.lines[place_of(statement.span)] = line
            if statement.kind is Kind.CLOSE and open_sections:
                open_sections.pop()
            elif inside:
                inside.add(line)
        names = _Names({(section.kind, section.name) for section in self._older.sections.values()})
        for section in self._older.sections.values():
            if self._is_nameless(section.statement):
                section.name = names.free(section.kind, _name(section))

    def _is_nameless(self, statement: Statement) -> bool:
        definition = self._schema.settings.get(statement.key)
        is_list = definition is not None and definition.type is Type.FILTER_ARRAY
        return is_list and not statement.name and not statement.quoted

    def _mended(self, read: Read) -> Read | None:
        """Return the beginning of a section as 2.4 takes it, None for one whose settings stand for themselves."""
        statement = read.statement
        if statement.key == "plugin" and "plugin" not in self._schema.settings:
            self._refuse(statement, ProblemKind.UNKNOWN_SETTING, "Unknown section name: plugin")
            return None
        if self._is_nameless(statement):
            self._refuse(statement, ProblemKind.SYNTAX_ERROR, f"{statement.key} {{ }} is missing section name")
            name = self._older.sections[place_of(statement.span)].name
            return read._replace(statement=statement._replace(name=name))
        if statement.key == "local_name" and " " in statement.name:
            message = "Multiple names no longer supported in local_name value"
            self._refuse(statement, ProblemKind.SYNTAX_ERROR, message)
            first = next(iter(statement.name.split()), "")
            return read._replace(statement=statement._replace(name=first))
        return read

    def _renamed(self, read: Read) -> Read:
        """Return a setting by its new name where only that changes, so that what it means beside others is judged."""
        statement = read.statement
        if statement.kind not in _ASSIGNMENTS or statement.key in self._schema.settings:
            return read
        line = self._older.lines[place_of(statement.span)]
        entry = upgrade_table().entry("", statement.key) if not section_of(line) else None
        if entry is None or len(entry.new) != 1 or entry.values or entry.inside:
            return read
        if entry.write not in (f"{entry.new[0]} = {{value}}", f"{entry.new[0]} = {{path}}"):
            return read
        self._refuse(statement, ProblemKind.UNKNOWN_SETTING, f"{statement.key}: Unknown setting: {statement.key}")
        kind = Kind.SETTING if entry.write.endswith("{path}") else statement.kind
        return read._replace(statement=statement._replace(key=entry.new[0], kind=kind))

    def _refuse(self, statement: Statement, kind: ProblemKind, message: str) -> None:
        self.problems.append(Problem(kind, escaped(message), statement.span))


def _opens(statement: Statement) -> bool:
    """Whether a line in error begins a section all the same, as ``Applier`` takes it."""
    return statement.text.count("{") > statement.text.count("}")


def _name(section: OldSection) -> str:
    """Return a name for a section that says what it is: its driver, the prefix of a namespace, the service."""
    name = section.value("driver")
    if section.kind == "namespace":
        name = "inbox" if section.value("inbox").lower() in ("yes", "y", "1") else section.value("prefix")
    elif section.kind == "inet_listener" and section.outer:
        name = section.outer.name.removesuffix("-login")
    return "".join(char for char in name.partition("/")[0] if char.isalnum() or char in "-_.").lower() or "main"


class _Names:
    """Finds names that no section of a kind has yet."""

    def __init__(self, taken: set[tuple[str, str]]) -> None:
        """Take the names that the files give."""
        self._taken = taken
        self._last: dict[tuple[str, str], int] = {}

    def free(self, kind: str, wanted: str) -> str:
        """Return a name, with a number behind it from the second on, and take it."""
        number = self._last.get((kind, wanted), 0) + 1
        while (kind, _numbered(wanted, number)) in self._taken:
            number += 1
        self._last[kind, wanted] = number
        self._taken.add((kind, _numbered(wanted, number)))
        return _numbered(wanted, number)


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}{number}"
