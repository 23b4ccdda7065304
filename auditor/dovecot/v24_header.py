"""``dovecot_config_version``, which must come first (``config_parser_get_version`` in src/config/config-parser.c).

From 2.4.2 on ``config_parse_file`` reads up to it before everything else, and keeps what a backslash at the end of a
line has begun: over comments, and into what is built in, where the daemon then aborts (tried on 2.4.5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.dovecot.v24_schema import LATE_VARIABLES, Schema
from auditor.finding import Problem, ProblemKind
from auditor.syntax.dovecot import Kind
from auditor.syntax.dovecot_lines import reading_of
from auditor.text import escaped

if TYPE_CHECKING:
    from auditor.syntax.dovecot import Statement
    from auditor.text import Span

KEY = "dovecot_config_version"
ABORTS = "Panic: Error in internal import configuration line 1: Expecting '{'"
ONE_LINE = f"Write {KEY} first, in one line; only from there on may a backslash continue lines."


class Header:
    """Finds the version among the statements."""

    def __init__(self, schema: Schema, problems: list[Problem]) -> None:
        """Without a version that is known the daemon's own counts."""
        self._schema = schema
        self._problems = problems
        self._given: str | None = None
        self._late = False
        self._modern = schema.number >= LATE_VARIABLES
        self._held: Statement | None = None
        """What lines before the version began, and no line ended."""
        self.config_version = schema.version
        self.span: Span | None = None
        """Where the version stands."""

    def takes(self, statement: Statement) -> bool:
        """Return whether a statement is about the version, or stands where it should and is passed over."""
        searching = self._modern and self._given is None
        is_about_version = statement.key == KEY
        if searching and self._held:
            statement = statement.after(self._held.text, reading_of("2.4", self._schema.version))
        if statement.kind is Kind.LOST:
            self._held = statement if searching else None
            return False
        continued = searching and (self._held is not None or len(statement.placed.pieces) > 1)
        self._held = None
        if statement.kind is Kind.ERROR:
            # What comes before the version is read for its sake only.
            if continued:
                self._abort(statement)
            return searching
        if statement.key == KEY:
            is_known = self._version(statement)
            if continued and is_known:
                self._abort(statement)
            return True
        if self._given is None:
            self._refuse(statement, f"The first setting must be {KEY}", ProblemKind.SYNTAX_ERROR)
            self._give_up()
        return is_about_version

    def finish(self) -> None:
        """Refuse lines that continue into the end of the file before there was a version."""
        if self._held:
            self._abort(self._held)

    def _version(self, statement: Statement) -> bool:
        """Take in the version; return whether it is the first and one that the daemon knows."""
        value = statement.value or statement.name
        if self._given is not None:
            if not self._late and value != self._given:
                self._refuse(statement, f"{KEY} value can't be changed once set")
            return False
        self._given = value
        if statement.kind is not Kind.SETTING:
            self._refuse(statement, f"Invalid {KEY}: value is not a string")
        elif not self._schema.is_known(value):
            known = self._schema.known_config_versions
            self._refuse(statement, f"Invalid {KEY}: Currently supported versions are: {known}")
        else:
            self.config_version = value
            self.span = statement.span
        return self.span is not None

    def _give_up(self) -> None:
        """Read on as if the version had been given."""
        self._given = self.config_version
        self._late = True

    def _abort(self, statement: Statement) -> None:
        self._problems.append(Problem(ProblemKind.SYNTAX_ERROR, ABORTS, statement.span, ONE_LINE))
        if self._given is None:
            self._give_up()

    def _refuse(self, statement: Statement, message: str, kind: ProblemKind = ProblemKind.INVALID_VALUE) -> None:
        self._problems.append(Problem(kind, escaped(message), statement.span))
