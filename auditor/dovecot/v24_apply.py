"""From statements to filters: what each line of a configuration of Dovecot 2.4 sets, and where.

Follows ``config_parser_apply_line``, ``config_filter_add_new_filter`` and ``config_parse_finish`` in
src/config/config-parser.c of 2.4.1, 2.4.4 and main of 2026-08.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditor.dovecot.v24_filters import Filter, Kind, Tree, Value
from auditor.dovecot.v24_open import RefusedError, child_filter
from auditor.dovecot.v24_schema import LATE_VARIABLES, Definition, Schema, Type, section_escaped
from auditor.dovecot.v24_set import Setter
from auditor.dovecot.v24_values import ValueRefusedError
from auditor.dovecot.v24_variables import VariableError, Variables, words
from auditor.finding import NotChecked, Problem, ProblemKind
from auditor.syntax.dovecot import Kind as Line
from auditor.syntax.dovecot import Statement
from auditor.text import escaped

if TYPE_CHECKING:
    from auditor.dovecot.includes import Read
    from auditor.dovecot.v24_advice import Adviser
    from auditor.text import Origin, Span

MAX_DEPTH: Final = 100
"""Sections inside sections; what stands deeper is not looked at."""


@dataclass(slots=True)
class Section:
    """A block that is open; ``key`` is the setting of a list, and ``skipped`` says that its contents mean nothing."""

    where: Filter
    opening: Statement | None = None
    key: str = ""
    is_filter: bool = False
    definition: Definition | None = None
    skipped: bool = False

    @property
    def list_key(self) -> str:
        """The list that the lines inside belong to, if it is one."""
        return "" if self.is_filter else self.key


class Applier:
    """Applies statements to a tree of filters."""

    def __init__(
        self,
        schema: Schema,
        tree: Tree,
        adviser: Adviser,
        problems: list[Problem],
        not_checked: list[NotChecked],
        *,
        shown: bool,
    ) -> None:
        """``shown`` is the layout of ``doveconf -n``, where settings stand inside the named filter of their prefix."""
        self.schema = schema
        self.tree = tree
        self.problems = problems
        self.not_checked = not_checked
        self.shown = shown
        self.sections = [Section(tree.root)]
        self.variables = Variables(schema, tree, shown=shown)
        self.setter = Setter(schema, tree, self.variables, shown=shown)
        self._adviser = adviser
        self._modern = schema.number >= LATE_VARIABLES
        self._too_deep = False

    @property
    def section(self) -> Section:
        """The block that is open."""
        return self.sections[-1]

    def apply(self, read: Read) -> None:
        """Take in one statement."""
        statement = read.statement
        if statement.kind is Line.CLOSE:
            self._close(statement)
        elif statement.kind is Line.ERROR:
            self._refuse(statement, RefusedError(ProblemKind.SYNTAX_ERROR, statement.message), statement.span)
            self._open_anyway(statement)
        elif statement.kind in (Line.OPEN, Line.GROUP):
            self._open(read)
        elif statement.kind in _ASSIGNMENTS and not self.section.skipped:
            try:
                self._assign(read)
            except RefusedError as error:
                self._refuse(statement, error, statement.span)

    def _refuse(self, statement: Statement, error: RefusedError, span: Span) -> None:
        advice = ""
        if error.key:
            section = self.section.where.key if self.section.where.kind is not Kind.ROOT else ""
            advice = self._adviser.advice(error.key, section)
        elif statement.kind is Line.ERROR and "{" in statement.text:
            advice = "The line that begins a section ends in {, and } stands on a line of its own."
        self.problems.append(Problem(error.kind, escaped(str(error)), span, escaped(advice)))

    # Sections

    def _open_anyway(self, statement: Statement) -> None:
        """Let a section that is written wrongly begin, so that the brace that closes it finds one."""
        if statement.text.count("{") > statement.text.count("}"):
            self._push(Section(self.section.where, statement, is_filter=True, skipped=True))

    def _push(self, section: Section) -> None:
        self.sections.append(section)

    def _open(self, read: Read) -> None:
        statement = read.statement
        section = Section(self.section.where, statement, is_filter=True, skipped=True)
        if not self.section.skipped and len(self.sections) > MAX_DEPTH:
            if not self._too_deep:
                self.not_checked.append(NotChecked(f"sections inside {statement.span}", f"deeper than {MAX_DEPTH}"))
            self._too_deep = True
        elif not self.section.skipped:
            try:
                section = self._opened(read)
            except RefusedError as error:
                self._refuse(statement, error, statement.span)
        self._push(section)

    def _opened(self, read: Read) -> Section:
        statement = read.statement
        outer = self.section
        key, attempts = statement.key, ""
        if statement.kind is Line.OPEN:
            key, attempts = self._prefixed_section(outer.where, statement.key)
        definition = self.schema.settings.get(key)
        where = child_filter(self.schema, self.tree, outer.where, key, statement, read.origin, self._add_name)
        if where is None:
            return self._opened_list(statement, key, definition, attempts, outer)
        if where.kind in (Kind.LOCAL, Kind.REMOTE) and not where.bits:
            what = f"{statement.key} {escaped(statement.name)} at {statement.span}"
            self.not_checked.append(NotChecked(what, "a host name, whose addresses only the DNS knows"))
        if not where.kind.is_connection and where.kind is not Kind.GROUP:
            if outer.definition and outer.definition.required == key:
                outer.where.complete = True
            if definition and definition.type is Type.FILTER_ARRAY:
                self._set_name(where, definition, statement, read.origin)
        else:
            definition = None
        return Section(where, statement, key if statement.kind is Line.OPEN else "group", True, definition)

    def _set_name(self, where: Filter, definition: Definition, statement: Statement, origin: Origin) -> None:
        name = Value(statement.name, origin)
        try:
            self.setter.apply(where, definition.name_field, name, statement, "", prefixes=False)
        except ValueRefusedError as error:
            # The daemon aborts here (tried on 2.4.1 and 2.4.5); of the settings that hold a name, only that of
            # metric_group_by_method may be refused.
            what = f"{definition.name_field}={name.text} for struct stats_metric_group_by"
            message = f"Panic: BUG: Invalid setting definitions: Failed to set {what}: {error}"
            raise RefusedError(ProblemKind.INVALID_VALUE, message) from error

    def _opened_list(
        self, statement: Statement, key: str, definition: Definition | None, attempts: str, outer: Section
    ) -> Section:
        """Return the section of a boolean or string list."""
        if statement.kind is Line.GROUP:
            return Section(outer.where, statement, "group")
        if definition is None:
            tried = f" ({attempts} not found either.)" if attempts and self._modern else ""
            raise RefusedError(ProblemKind.UNKNOWN_SETTING, f"Unknown section name: {key}{tried}", key)
        if self._modern and not definition.type.is_list:
            raise RefusedError(ProblemKind.SYNTAX_ERROR, f"Setting {key} cannot be used as a section")
        if self._modern and statement.name:
            raise RefusedError(ProblemKind.SYNTAX_ERROR, f"Setting {key} cannot have a value for the section")
        return Section(outer.where, statement, key)

    def _prefixed_section(self, where: Filter, key: str) -> tuple[str, str]:
        """Return the setting that a section's key means inside a filter, and what else was tried."""
        if not where.full_name:
            return key, ""
        tried = []
        for prefix in (where.full_name.replace("/", "_"), where.key):
            if self.setter.can_prefix(f"{prefix}_{key}"):
                return f"{prefix}_{key}", ""
            tried.append(f"{prefix}_{key}")
        return key, ", ".join(tried)

    def _add_name(self, where: Filter, key: str, name: str, origin: Origin) -> None:
        """Note the name of a list filter that is opened for the first time here."""
        # The daemon also names the struct that a setting belongs to; known here is that of the auth process.
        shown = section_escaped(name)
        frame = f"Failed to set {key}={shown} for struct auth: " if self.schema.settings[key].auth else ""
        if name.startswith("__"):
            message = f"{frame}Named list filter name must not begin with '__': {shown}"
            raise RefusedError(ProblemKind.SYNTAX_ERROR, message)
        try:
            if not self.shown:
                self.setter.check_name(key, shown)
            self.setter.check_auth(where, key)
        except ValueRefusedError as error:
            raise RefusedError(ProblemKind.INVALID_VALUE, f"{frame}{error}") from error
        except RefusedError as error:
            raise RefusedError(error.kind, f"{frame}{error}") from error
        where.names.setdefault(key, {}).setdefault(name, origin)

    def _close(self, statement: Statement) -> None:
        section = self.section
        if len(self.sections) == 1:
            error = RefusedError(ProblemKind.SYNTAX_ERROR, "Unexpected '}'")
            self._refuse(statement, error, statement.span)
            return
        required = section.definition.required if section.definition else ""
        if required and not section.where.complete and not section.skipped and section.definition:
            message = (
                f"Named filter {section.definition.name} is required to have {required} setting, but it is missing"
            )
            self._refuse(statement, RefusedError(ProblemKind.INVALID_VALUE, message), statement.span)
        opening = section.opening.span if section.opening else None
        if opening and section.where.origin.span == opening and opening.file is statement.file:
            section.where.span = opening.to(statement.span)
        self.sections.pop()

    # Settings

    def _assign(self, read: Read) -> None:
        statement = read.statement
        section = self.section
        key = statement.key
        if key in self.schema.aliases:
            # Asked of doveconf 2.4.1 and 2.4.5: an alias may be read, but setting it aborts.
            message = f"{key}: Panic: file config-parser.c: unreached; write {self.schema.aliases[key]}"
            raise RefusedError(ProblemKind.INVALID_VALUE, message)
        value = Value(
            ("<" if statement.kind is Line.FILE else "") + statement.value,
            read.origin,
            is_file=statement.kind is Line.FILE,
            heredoc=statement.kind is Line.HEREDOC,
        )
        if statement.kind is Line.VARIABLE:
            try:
                value = self.variables.read(section.where, key, value)
            except VariableError as error:
                raise RefusedError(ProblemKind.INVALID_VALUE, str(error)) from error
        if key.startswith("@") and not (statement.key_quoted and self._modern):
            self._include_group(section.where, key[1:], value)
            return
        path = f"{section.list_key}/{key}" if section.list_key else key
        try:
            required = section.definition.required if section.definition else ""
            self.setter.apply(section.where, path, value, statement, required)
        except ValueRefusedError as error:
            raise RefusedError(ProblemKind.INVALID_VALUE, f"{statement.key}: {error}") from error
        except RefusedError as error:
            raise RefusedError(error.kind, f"{statement.key}: {error}", error.key) from error

    def _include_group(self, where: Filter, label: str, value: Value) -> None:
        if where.in_group:
            raise RefusedError(ProblemKind.SYNTAX_ERROR, "Recursive include groups not allowed")
        if value.late:
            raise RefusedError(ProblemKind.SYNTAX_ERROR, "Include groups cannot contain $variables")
        if value.heredoc:
            raise RefusedError(ProblemKind.SYNTAX_ERROR, "Heredoc syntax is not supported for include groups")
        where.groups[label] = value
        if self._modern:
            self.check_group(label, value.text)

    def check_group(self, label: str, name: str) -> None:
        """Refuse a group that is not there."""
        if not self.tree.has_label(label):
            raise RefusedError(ProblemKind.INVALID_VALUE, f"Unknown group label @{label}")
        if not self.tree.group(label, name):
            raise RefusedError(ProblemKind.INVALID_VALUE, f"Unknown group @{label}={name}")

    # The end

    def finish(self) -> None:
        """Do what is left when all is read: groups of 2.4.1, variables of 2.4.2, sections that are still open."""
        if not self._modern:
            self._check_groups()
        if self._modern:
            self._expand_late()
        if len(self.sections) > 1:
            opening = next((one.opening for one in reversed(self.sections) if one.opening), None)
            if opening:
                message = f"Missing '}}' (section started at {opening.file.name}:{opening.line})"
                self.problems.append(Problem(ProblemKind.SYNTAX_ERROR, escaped(message), opening.span))

    def _check_groups(self) -> None:
        for one in (self.tree.root, *self.tree.filters):
            for label, value in one.groups.items():
                try:
                    self.check_group(label, value.text)
                except RefusedError as error:
                    if value.span:
                        self.problems.append(Problem(error.kind, escaped(str(error)), value.span))

    def _expand_late(self) -> None:
        for where, name, span in self.setter.late:
            value = where.values[name]
            if not value.late:
                continue
            if self.shown:
                where.values[name] = value._replace(text=" ".join(words(value.text)))
                continue
            try:
                where.values[name] = self.variables.expand(where, name, value)
            except VariableError as error:
                self.problems.append(Problem(ProblemKind.INVALID_VALUE, escaped(str(error)), span))


_ASSIGNMENTS: Final = frozenset((Line.SETTING, Line.FILE, Line.VARIABLE, Line.HEREDOC))
