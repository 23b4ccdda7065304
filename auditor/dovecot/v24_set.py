"""What one line of a configuration of Dovecot 2.4 sets.

Follows ``config_apply_line_full``, ``config_apply_exact_line``, ``config_apply_strlist`` and
``config_apply_boollist`` in src/config/config-parser.c of 2.4.1, 2.4.4 and main of 2026-08.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.dovecot.v24_filters import Filter, Kind, ListValue, Tree, Value, interface
from auditor.dovecot.v24_open import RefusedError
from auditor.dovecot.v24_schema import Definition, Schema, Type
from auditor.dovecot.v24_secrets import HIDDEN, without_secrets
from auditor.dovecot.v24_values import boolean, check, elements
from auditor.finding import ProblemKind

if TYPE_CHECKING:
    from auditor.dovecot.v24_variables import Variables
    from auditor.syntax.dovecot import Statement
    from auditor.text import Span

NOT_IN_GROUPS: Final = ("import_environment", "base_dir", "dovecot_storage_version")


class Setter:
    """Sets values in filters."""

    def __init__(self, schema: Schema, tree: Tree, variables: Variables, *, shown: bool) -> None:
        """``shown`` is the layout of ``doveconf -n``."""
        self.late: list[tuple[Filter, str, Span]] = []
        """Values whose variables are expanded when all is read."""
        self._schema = schema
        self._tree = tree
        self._variables = variables
        self._shown = shown

    def can_prefix(self, key: str) -> bool:
        """Whether a section or key may mean a setting by its prefix (``config_key_can_autoprefix``)."""
        definition = self._schema.get(key)
        return definition is not None and definition.type is not Type.FILTER_NAME

    def apply(
        self, where: Filter, path: str, value: Value, line: Statement, required: str, *, prefixes: bool = True
    ) -> str:
        """Set what a key means inside a filter, and return the full key."""
        inner, key = self._filter_of_path(where, path, value)
        for target, candidate in self._candidates(inner, key, prefixes=prefixes):
            if self._apply_exact(target, candidate, value, line, required):
                return candidate
        raise self._unknown(where, key)

    def _filter_of_path(self, where: Filter, path: str, value: Value) -> tuple[Filter, str]:
        """Return the filter that a path such as ``service/imap/process_limit`` leads to, and the key that is left."""
        while True:
            while "/" in path:
                first, _, rest = path.partition("/")
                definition = self._schema.settings.get(first)
                if definition is None or not definition.type.is_filter:
                    break
                second, slash, after = rest.partition("/")
                if definition.type is Type.FILTER_ARRAY and slash:
                    where, path = self._tree.child(where, Kind.LIST, first, second, value.origin), after
                else:
                    where, path = self._tree.child(where, Kind.NAMED, first, "", value.origin), rest
            if not self._shown:
                return where, path
            # ``replace_filter_prefix``: doveconf shows a setting inside the named filter of its prefix.
            prefix = self._schema.filter_of_prefix(path)
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
            if where.kind is Kind.NAMED and not self._shown and where.parent:
                found.append((where.parent, key if key.startswith(own + "_") else f"{own}_{key}"))
            else:
                found.append((where, f"{own}_{key}"))
        return [one for one in found if self.can_prefix(one[1])] + [(where, key)]

    def _unknown(self, where: Filter, key: str) -> RefusedError:
        """``config_set_unknown_key_error``: say what else was tried, and which setting of another driver it may be."""
        message = f"Unknown setting: {key}"
        if where.full_name:
            tried = f"{where.key}_{key}"
            if where.is_array:
                tried += f" or {where.full_name.replace('/', '_')}_{key}"
            message += f" ({tried} not found either."
            others = self._schema.of_other_drivers(where.key, key) if where.is_array else []
            if others:
                message += f" Did you mean {'one of: ' if len(others) > 1 else ''}{', '.join(others)}?"
            message += ")"
        return RefusedError(ProblemKind.UNKNOWN_SETTING, message, key)

    def _apply_exact(self, where: Filter, key: str, value: Value, line: Statement, required: str) -> bool:
        """Set one setting, or an element of a list; return False when there is no such setting."""
        if required == key:
            where.complete = True
        name, slash, element = key.partition("/")
        definition = self._schema.settings.get(name)
        if definition is None:
            return False
        if name in NOT_IN_GROUPS and where.in_group:
            raise RefusedError(ProblemKind.INVALID_VALUE, f"{name} cannot currently be defined inside groups")
        if not self._shown and is_secret(definition, key, value):
            # Before anything is refused, so that no report shows the line with it.
            span = line.value_span
            span.file.mark_secret(span.start, span.end)
        self._check_heredoc(definition, value, key)
        if definition.type.is_list:
            self._set_list(where, definition, element if slash else None, value)
        else:
            self._check_no_set(definition, value, line)
            if definition.type is not Type.FILTER_NAME:
                where.values[name] = value
                if value.late:
                    self.late.append((where, name, line.span))
        if not self._shown:
            self._check_value(definition, key, value)
        self.check_auth(where, name, key)
        return True

    def _check_no_set(self, definition: Definition, value: Value, line: Statement) -> None:
        """Refuse what list filters and files cannot be set to."""
        if definition.type is Type.FILTER_ARRAY and value.late:
            message = f"Named list filter name must not contain $SET: {value.text}"
            raise RefusedError(ProblemKind.INVALID_VALUE, message)
        if definition.type is Type.FILTER_ARRAY:
            message = f"Setting is a named list filter, use '{line.key} {value.text} {{'"
            raise RefusedError(ProblemKind.SYNTAX_ERROR, message)
        if definition.type is Type.FILE and value.late:
            message = f"File settings must not contain $SET: {value.text}"
            raise RefusedError(ProblemKind.INVALID_VALUE, message)

    def _check_value(self, definition: Definition, key: str, value: Value) -> None:
        """Refuse a value that its type does not take; what a file holds is not known here."""
        if value.late or (value.is_file and definition.type is not Type.FILTER_NAME):
            return
        shown = shown_value(self._schema, key, value)
        check(definition, value.text, self._schema, _variables_error, shown=shown)

    def _check_heredoc(self, definition: Definition, value: Value, key: str) -> None:
        if not value.heredoc or definition.type in (Type.STR, Type.STR_NOVARS, Type.FILE):
            return
        if definition.type.is_list or definition.type is Type.FILTER_ARRAY:
            message = f"Heredoc syntax is not supported for list settings: {key}"
        else:
            message = f"Heredoc syntax is not supported for this setting: {key}"
        raise RefusedError(ProblemKind.INVALID_VALUE, message)

    def check_auth(self, where: Filter, key: str, full_key: str = "") -> None:
        """Refuse what the auth process knows inside blocks about addresses and names, which it does not know."""
        if self._schema.settings[key].auth and any(
            one.kind is Kind.LOCAL_NAME
            # A net of 0 bits is no condition to the daemon.
            or (one.kind in (Kind.LOCAL, Kind.REMOTE) and (one.bits or interface(one.name) is None))
            for one in where.chain()
        ):
            message = f"Auth settings not supported inside local/remote blocks: {full_key or key}"
            raise RefusedError(ProblemKind.INVALID_VALUE, message)

    def check_name(self, key: str, name: str) -> None:
        """Refuse the name of a list filter whose variables cannot be read."""
        check(self._schema.settings[key], name, self._schema, _variables_error, shown=name)

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
        if definition.type is Type.BOOLLIST and value.literal and not value.late and "%{" not in value.text:
            boolean(value.text)
        if known is None:
            twin = self._variables.twin(where)
            built_in = twin.lists.get(definition.name) if twin else None
            known = ListValue(dict(built_in.elements) if built_in else {}, origin=value.origin)
            where.lists[definition.name] = known
        known.elements[element] = value


def shown_value(schema: Schema, key: str, value: Value) -> str:
    """Return the text of a value without its secrets, for a message; ``key`` is the full key."""
    definition = schema.get(key)
    if definition is None or is_secret(definition, key, value):
        return HIDDEN
    return value.text if definition.type is Type.FILE else without_secrets(key, value.text, schema)[0]


def _variables_error(value: str) -> str:
    # The grammar of variables is built at its first use; most configurations have a few.
    from auditor.syntax.dovecot_variables import variables_error

    return variables_error(value, strict=True)


_SECRET_ELEMENT: Final = re.compile(r"(?:\A|[^a-z])(?:pass|password|passwd|passphrase|secret|key)\Z")
"""Elements of string lists whose value is a secret, such as the field ``password`` of a passdb; not ``nopassword``."""


_CREDENTIALS: Final = re.compile(r"://[^\s/@]+@|(?:\A|[^a-z])(?:pass|password|passwd|secret)=\S", re.IGNORECASE)
"""The user part of a URL, or a password among the words of a value."""


def is_secret(definition: Definition, full_key: str, value: Value) -> bool:
    """Whether a value must not be shown: a password, or key material that stands in the configuration itself."""
    if definition.type is Type.FILE:
        inline = value.heredoc or value.text.startswith("inline:")
        return inline and "key" in definition.name
    if _CREDENTIALS.search(value.text):
        return True
    element = full_key.partition("/")[2].partition(":")[0].lower()
    return bool(value.text) and (definition.secret or _SECRET_ELEMENT.search(element) is not None)
