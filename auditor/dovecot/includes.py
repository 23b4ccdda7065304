"""The statements of a main file and of all that it includes, in the order in which Dovecot reads them.

Follows ``settings_include``, ``settings_add_include`` and ``config_parse_file`` in src/config/config-parser.c, which
2.2 to 2.4 share: a file stands where its ``!include`` does, and sections may open in one file and close in another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.finding import NotChecked, Problem, ProblemKind
from auditor.host import Reason, Unreadable
from auditor.syntax.dovecot import Kind, Statement, Tree, parse, statement_of
from auditor.text import Origin, SourceFile, Span, escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lark import Token

    from auditor.dovecot.configuration import Dialect
    from auditor.host import Host

MAX_INCLUDES: Final = 20_000
"""Files that one main file may include, each as often as it is included or refused because it is open already."""
MAX_LINES: Final = 500_000
"""Lines that are read for one main file."""
MAX_DEPTH: Final = 2_100
"""Includes inside includes; more than a file can that includes itself by an ever longer name."""
MAX_NAME: Final = 4_096
"""Bytes of a file's name, its end included (``PATH_MAX``)."""


class Read(NamedTuple):
    """A statement with the includes that lead to its file, the outermost first."""

    statement: Statement
    via: tuple[Span, ...]

    @property
    def origin(self) -> Origin:
        """The origin of what the statement says."""
        return Origin(self.statement.span, None, self.via)


class _Input(NamedTuple):
    """One file that is open: ``input_stack`` in the daemon."""

    name: str
    tree: Tree
    tokens: Iterator[Token]
    final_name: str
    is_first: bool
    """Whether nothing further out is the same file, under another name."""
    via: tuple[Span, ...]


class Reader:
    """Reads a main file and its includes, once.

    What the daemon refuses about includes is appended to ``problems``, what could not be read to ``not_checked``;
    statements that are errors of their own are yielded like the others.
    """

    def __init__(self, host: Host, dialect: Dialect, version: str) -> None:
        """Read as a version does; ``version`` is one such as ``2.3.19``."""
        self.host = host
        self.dialect = dialect
        self.version = version
        self.files: list[SourceFile] = []
        self.problems: list[Problem] = []
        self.not_checked: list[NotChecked] = []
        self._trees: dict[str, tuple[Tree, list[Token]]] = {}
        self._inputs: list[_Input] = []
        self._names: set[str] = set()
        self._by_final_name: dict[str, SourceFile] = {}
        self._includes = 0
        self._lines = 0
        self._limited = False

    def read(self, main: SourceFile) -> Iterator[Read]:
        """Yield the statements; an include comes before what it includes."""
        self._lines = main.text.count("\n")
        if self._lines > MAX_LINES:
            self._skip(escaped(main.path), f"more than {MAX_LINES} lines")
            return
        self._open(main.name, main, ())
        pending = ""
        while self._inputs:
            current = self._inputs[-1]
            token = next(current.tokens, None)
            if token is None:
                self._close()
                continue
            statement = statement_of(current.tree, token, pending)
            if statement is None:
                # The empty token that closes what the file leaves open is no line.
                pending = "" if token else pending
                continue
            pending = ""
            if statement.kind is Kind.LOST and len(self._inputs) > 1 and token.end_pos == len(statement.file.text):
                pending = statement.value
                continue
            yield Read(statement, current.via)
            if statement.kind in (Kind.INCLUDE, Kind.INCLUDE_TRY):
                self._include(statement, current)

    def _open(self, name: str, file: SourceFile, via: tuple[Span, ...]) -> None:
        known = self._trees.get(file.name)
        if known is None:
            tree = parse(file, self.dialect, self.version)
            known = self._trees[file.name] = tree, list(tree.tokens())
            self.files.append(file)
        final_name = self._final_name(file.name)
        is_first = self._by_final_name.setdefault(final_name, file) is file and name == file.name
        self._names.add(name)
        self._inputs.append(_Input(name, known[0], iter(known[1]), final_name, is_first, via))

    def _close(self) -> None:
        closed = self._inputs.pop()
        self._names.remove(closed.name)
        if closed.is_first:
            del self._by_final_name[closed.final_name]

    def _final_name(self, name: str) -> str:
        resolved = self.host.resolve(name)
        return name if isinstance(resolved, Unreadable) else resolved[0]

    def _include(self, statement: Statement, current: _Input) -> None:
        if self._includes > MAX_INCLUDES:
            return
        pattern = statement.value
        if not pattern.startswith("/"):
            pattern = current.name.rpartition("/")[0] + "/" + pattern
        names = self.host.glob(pattern) if len(pattern.encode("utf-8", "surrogateescape")) < MAX_NAME else []
        if not names:
            self._nothing(statement, pattern)
        via = (*current.via, statement.span)
        # The daemon opens all of them, the last one first, before it reads any.
        opened: dict[str, SourceFile] = {}
        for name in reversed(names):
            if name in opened:
                self._refused(statement, f"Recursive include file: {name}", ProblemKind.SYNTAX_ERROR)
            elif name in self._names:
                self._includes += 1
                self._refused(statement, f"Recursive include file: {name}", ProblemKind.SYNTAX_ERROR)
            elif file := self._file(name, statement):
                opened[name] = file
        for name, file in opened.items():
            self._open(name, file, via if name == file.name else current.via)

    def _file(self, name: str, statement: Statement) -> SourceFile | None:
        """Return an included file, or None after saying what is wrong with it."""
        self._includes += 1
        if self._includes > MAX_INCLUDES or len(self._inputs) > MAX_DEPTH:
            self._stop(name, statement)
            return None
        # Under an ever longer name, such as ././a.conf, the daemon reads a file again until no name may be longer.
        file = self._by_final_name.get(self._final_name(name)) or self.host.read_text(name)
        if isinstance(file, Unreadable):
            self._unreadable(file, statement)
            return None
        self._lines += file.text.count("\n")
        if self._lines > MAX_LINES:
            self._stop(name, statement)
            return None
        return file

    def _stop(self, name: str, statement: Statement) -> None:
        """Say once that this file and what comes after it may not be looked at."""
        if not self._limited:
            limit = f"more than {MAX_INCLUDES} includes, {MAX_LINES} lines or {MAX_DEPTH} includes inside includes"
            self._skip(f"{escaped(self.host.path(name))}, included by {statement.span}, and what comes after", limit)
        self._limited = True

    def _nothing(self, statement: Statement, pattern: str) -> None:
        """Say what it means that a pattern has no match."""
        folder = _plain_folder(pattern)
        listed = self.host.entries(folder)
        unknown = isinstance(listed, Unreadable) and listed.reason in (Reason.OUTSIDE, Reason.PERMISSION, Reason.FAILED)
        if unknown or self.host.real_path(folder) is None:
            why = listed.why if isinstance(listed, Unreadable) else Reason.OUTSIDE.why
            self._skip(f"{escaped(pattern)}, included by {statement.span}", why)
        elif self.host.whole and not self.host.exists("/" + folder.split("/")[1]):
            # A repository that keeps etc alone has no /usr, the host that it is for has one.
            self._skip(f"{escaped(pattern)}, included by {statement.span}", Reason.OUTSIDE.why)
        elif statement.kind is Kind.INCLUDE:
            self._refused(statement, "No matches", ProblemKind.INCLUDE_WITHOUT_MATCH)

    def _unreadable(self, file: Unreadable, statement: Statement) -> None:
        """Say what it means that a match cannot be read."""
        if file.reason is Reason.NOT_REGULAR:
            facts = self.host.facts(file.name)
            # The daemon can open a directory and finds nothing in it to read.
            if not isinstance(facts, Unreadable) and facts.is_directory:
                return
        words = {Reason.MISSING: "No such file or directory", Reason.LOOP: "Too many levels of symbolic links"}.get(
            file.reason
        )
        if words is None:
            self._skip(f"{escaped(file.path)}, included by {statement.span}", file.why)
        elif statement.kind is Kind.INCLUDE:
            message = f"Couldn't open include file {file.name}: {words}"
            self._refused(statement, message, ProblemKind.INCLUDE_WITHOUT_MATCH)

    def _refused(self, statement: Statement, message: str, kind: ProblemKind) -> None:
        self.problems.append(Problem(kind, escaped(message), statement.span))

    def _skip(self, what: str, why: str) -> None:
        self.not_checked.append(NotChecked(what, why))


def _plain_folder(pattern: str) -> str:
    """Return the folder that a pattern searches first, without wildcards."""
    parts: list[str] = []
    for part in pattern.split("/")[:-1]:
        if any(char in part for char in "*?[{\\"):
            break
        parts.append(part)
    return "/".join(parts) or "/"
