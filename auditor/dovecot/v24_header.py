"""``dovecot_config_version``, which must come first (``config_parser_get_version`` in src/config/config-parser.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.dovecot.v24_schema import LATE_VARIABLES, Schema
from auditor.finding import Problem, ProblemKind
from auditor.syntax.dovecot import Kind
from auditor.text import escaped

if TYPE_CHECKING:
    from auditor.syntax.dovecot import Statement
    from auditor.text import Span

KEY = "dovecot_config_version"


class Header:
    """Finds the version among the statements."""

    def __init__(self, schema: Schema, problems: list[Problem]) -> None:
        """Without a version that is known the daemon's own counts."""
        self._schema = schema
        self._problems = problems
        self._given: str | None = None
        self._late = False
        self.config_version = schema.version
        self.span: Span | None = None
        """Where the version stands."""

    def takes(self, statement: Statement) -> bool:
        """Return whether a statement is about the version, or stands where it should and is passed over."""
        if statement.kind is Kind.LOST:
            return False
        if statement.kind is Kind.ERROR:
            # From 2.4.2 on what comes before the version is read for its sake only.
            return self._given is None and self._schema.number >= LATE_VARIABLES
        if statement.key == KEY:
            self._version(statement)
            return True
        if self._given is None:
            self._refuse(statement, f"The first setting must be {KEY}", ProblemKind.SYNTAX_ERROR)
            self._given = self.config_version
            self._late = True
        return False

    def _version(self, statement: Statement) -> None:
        value = statement.value or statement.name
        if self._given is not None:
            if not self._late and value != self._given:
                self._refuse(statement, f"{KEY} value can't be changed once set")
        elif statement.kind is not Kind.SETTING:
            self._refuse(statement, f"Invalid {KEY}: value is not a string")
        elif not self._schema.is_known(value):
            known = self._schema.known_config_versions
            self._refuse(statement, f"Invalid {KEY}: Currently supported versions are: {known}")
        else:
            self.config_version = value
            self.span = statement.span
        if self._given is None:
            self._given = value

    def _refuse(self, statement: Statement, message: str, kind: ProblemKind = ProblemKind.INVALID_VALUE) -> None:
        self._problems.append(Problem(kind, escaped(message), statement.span))
