"""From statements to filters: what each line of a configuration of Dovecot 2.4 sets, and where.

Follows ``config_parser_apply_line``, ``config_apply_line_full``, ``config_apply_exact_line`` and
``config_filter_add_new_filter`` in src/config/config-parser.c of 2.4.1, 2.4.4 and main of 2026-08.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from auditor.dovecot.v24_filters import Filter, Kind, ListValue, Tree, Value
from auditor.dovecot.v24_open import RefusedError, child_filter
from auditor.dovecot.v24_schema import LATE_VARIABLES, Definition, Schema, Type
from auditor.dovecot.v24_values import ValueRefusedError, boolean, check, elements
from auditor.dovecot.v24_variables import VariableError, Variables
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
NOT_IN_GROUPS: Final = ("import_environment", "base_dir", "dovecot_storage_version")


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
        self.late: list[tuple[Filter, str, Span]] = []
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
                name = Value(statement.name, read.origin)
                self._apply(where, definition.name_field, name, statement, prefixes=False)
        else:
            definition = None
        return Section(where, statement, key if statement.kind is Line.OPEN else "group", True, definition)

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
            if self._can_prefix(f"{prefix}_{key}"):
                return f"{prefix}_{key}", ""
            tried.append(f"{prefix}_{key}")
        return key, ", ".join(tried)

    def _can_prefix(self, key: str) -> bool:
        definition = self.schema.get(key)
        return definition is not None and definition.type is not Type.FILTER_NAME

    def _add_name(self, where: Filter, key: str, name: str, origin: Origin) -> None:
        """Note the name of a list filter that is opened for the first time here."""
        # The daemon also names the struct that a setting belongs to; known here is that of the auth process.
        frame = f"Failed to set {key}={name} for struct auth: " if self.schema.settings[key].auth else ""
        if name.startswith("__"):
            message = f"{frame}Named list filter name must not begin with '__': {name}"
            raise RefusedError(ProblemKind.SYNTAX_ERROR, message)
        try:
            self._check_auth(where, key)
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
            full_key = self._apply(section.where, path, value, statement)
        except ValueRefusedError as error:
            raise RefusedError(ProblemKind.INVALID_VALUE, f"{statement.key}: {error}") from error
        except RefusedError as error:
            raise RefusedError(error.kind, f"{statement.key}: {error}", error.key) from error
        definition = self.schema.get(full_key)
        if definition and is_secret(definition, full_key, value):
            span = statement.value_span
            span.file.mark_secret(span.start, span.end)

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

    def _apply(self, where: Filter, path: str, value: Value, line: Statement, *, prefixes: bool = True) -> str:
        """Set what a key means inside a filter, and return the full key."""
        inner, key = self._filter_of_path(where, path, value)
        for target, candidate in self._candidates(inner, key, prefixes=prefixes):
            if self._apply_exact(target, candidate, value, line):
                return candidate
        raise self._unknown(where, key)

    def _filter_of_path(self, where: Filter, path: str, value: Value) -> tuple[Filter, str]:
        """Return the filter that a path such as ``service/imap/process_limit`` leads to, and the key that is left."""
        while True:
            while "/" in path:
                first, _, rest = path.partition("/")
                definition = self.schema.settings.get(first)
                if definition is None or not definition.type.is_filter:
                    break
                second, slash, after = rest.partition("/")
                if definition.type is Type.FILTER_ARRAY and slash:
                    where, path = self.tree.child(where, Kind.LIST, first, second, value.origin), after
                else:
                    where, path = self.tree.child(where, Kind.NAMED, first, "", value.origin), rest
            if not self.shown:
                return where, path
            # ``replace_filter_prefix``: doveconf shows a setting inside the named filter of its prefix.
            prefix = self.schema.filter_of_prefix(path)
            if not prefix or where.full_name.replace("/", "_") == prefix:
                return where, path
            path = f"{prefix}/{path}"

    def _candidates(self, where: Filter, key: str, *, prefixes: bool) -> list[tuple[Filter, str]]:
        """Return the settings that a key may mean inside a filter, with the filter they are set in."""
        found: list[tuple[Filter, str]] = []
        own = where.key.lstrip("@")
        if where.is_array:
            found.append((where, f"{own}_{where.name.replace('/', '_')}_{key}"))
        if prefixes and where.full_name:
            if where.kind is Kind.NAMED and not self.shown and where.parent:
                found.append((where.parent, key if key.startswith(own + "_") else f"{own}_{key}"))
            else:
                found.append((where, f"{own}_{key}"))
        return [one for one in found if self._can_prefix(one[1])] + [(where, key)]

    def _unknown(self, where: Filter, key: str) -> RefusedError:
        """``config_set_unknown_key_error``: say what else was tried, and which setting of another driver it may be."""
        message = f"Unknown setting: {key}"
        if where.full_name:
            tried = f"{where.key}_{key}"
            if where.is_array:
                tried += f" or {where.full_name.replace('/', '_')}_{key}"
            message += f" ({tried} not found either."
            others = self.schema.of_other_drivers(where.key, key) if where.is_array else []
            if others:
                message += f" Did you mean {'one of: ' if len(others) > 1 else ''}{', '.join(others)}?"
            message += ")"
        return RefusedError(ProblemKind.UNKNOWN_SETTING, message, key)

    def _apply_exact(self, where: Filter, key: str, value: Value, line: Statement) -> bool:
        """Set one setting, or an element of a list; return False when there is no such setting."""
        section = self.section
        if section.definition and section.definition.required == key:
            where.complete = True
        name, slash, element = key.partition("/")
        definition = self.schema.settings.get(name)
        if definition is None:
            return False
        if name in NOT_IN_GROUPS and where.in_group:
            raise RefusedError(ProblemKind.INVALID_VALUE, f"{name} cannot currently be defined inside groups")
        self._check_heredoc(definition, value, key)
        if definition.type.is_list:
            self._set_list(where, definition, element if slash else None, value)
        elif definition.type is Type.FILTER_ARRAY:
            message = f"Setting is a named list filter, use '{line.key} {value.text} {{'"
            raise RefusedError(ProblemKind.SYNTAX_ERROR, message)
        else:
            if definition.type is Type.FILE and value.late:
                message = f"File settings must not contain $SET: {value.text}"
                raise RefusedError(ProblemKind.INVALID_VALUE, message)
            where.values[name] = value
            if value.late:
                self.late.append((where, name, line.span))
        # What a file holds is not known here. What is shown was checked when it was read.
        known = not value.late and not value.is_file and not self.shown
        if known or definition.type is Type.FILTER_NAME:
            check(definition, value.text, self.schema, _variables_error, whole_list=not slash)
        self._check_auth(where, name)
        return True

    def _check_heredoc(self, definition: Definition, value: Value, key: str) -> None:
        if not value.heredoc or definition.type in (Type.STR, Type.STR_NOVARS, Type.FILE):
            return
        if definition.type.is_list or definition.type is Type.FILTER_ARRAY:
            message = f"Heredoc syntax is not supported for list settings: {key}"
        else:
            message = f"Heredoc syntax is not supported for this setting: {key}"
        raise RefusedError(ProblemKind.INVALID_VALUE, message)

    def _check_auth(self, where: Filter, key: str) -> None:
        if self.schema.settings[key].auth and any(
            one.kind in (Kind.LOCAL, Kind.REMOTE, Kind.LOCAL_NAME) for one in where.chain()
        ):
            message = f"Auth settings not supported inside local/remote blocks: {key}"
            raise RefusedError(ProblemKind.INVALID_VALUE, message)

    def _set_list(self, where: Filter, definition: Definition, element: str | None, value: Value) -> None:
        """``config_apply_strlist`` and ``config_apply_boollist``."""
        known = where.lists.get(definition.name)
        if element is None:
            names: list[str] = []
            if definition.type is Type.BOOLLIST:
                names = elements(value.text)
            elif value.text:
                message = f"Setting is a string list, use '{definition.name} {{'"
                raise RefusedError(ProblemKind.SYNTAX_ERROR, message)
            yes = Value("yes", value.origin, literal=value.literal)
            where.lists[definition.name] = ListValue(dict.fromkeys(names, yes), replaces=True, origin=value.origin)
            return
        if definition.type is Type.BOOLLIST and not value.late and "$" not in value.text and "%{" not in value.text:
            boolean(value.text)
        if known is None:
            twin = self.variables.twin(where)
            built_in = twin.lists.get(definition.name) if twin else None
            known = ListValue(dict(built_in.elements) if built_in else {}, origin=value.origin)
            where.lists[definition.name] = known
        known.elements[element] = value

    # The end

    def finish(self) -> None:
        """Do what is left when all is read: groups of 2.4.1, variables of 2.4.2, sections that are still open."""
        if not self._modern:
            self._check_groups()
        if self._modern and not self.shown:
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
        for where, name, span in self.late:
            value = where.values[name]
            if not value.late:
                continue
            try:
                where.values[name] = self.variables.expand(where, name, value)
            except VariableError as error:
                self.problems.append(Problem(ProblemKind.INVALID_VALUE, escaped(str(error)), span))


def _variables_error(value: str) -> str:
    # The grammar of variables is built at its first use; most configurations have a few.
    from auditor.syntax.dovecot_variables import variables_error

    return variables_error(value)


_ASSIGNMENTS: Final = frozenset((Line.SETTING, Line.FILE, Line.VARIABLE, Line.HEREDOC))


_SECRET_ELEMENT: Final = re.compile(r"(?:\A|[^a-z])(?:pass|password|passwd|passphrase|secret|key)\Z")
"""Elements of string lists whose value is a secret, such as the field ``password`` of a passdb; not ``nopassword``."""


def is_secret(definition: Definition, full_key: str, value: Value) -> bool:
    """Whether a value must not be shown: a password, or key material that stands in the configuration itself."""
    if definition.type is Type.FILE:
        inline = value.heredoc or value.text.startswith("inline:")
        return inline and "key" in definition.name
    element = full_key.partition("/")[2].partition(":")[0].lower()
    return bool(value.text) and (definition.secret or _SECRET_ELEMENT.search(element) is not None)
