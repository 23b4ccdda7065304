"""From statements to settings, as Dovecot 2.2 and 2.3 do it line by line.

Follows ``config_parser_apply_line`` in src/config/config-parser.c (2.3.19.1). The daemon stops at the first error; here
the reading goes on, with the part that is in error left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.dovecot import v23_obsolete, v23_old_auth
from auditor.dovecot.v23_advice import advice_for
from auditor.dovecot.v23_blocks import AlreadyExistsError, Block, Entries, Layer, Place, Value, escaped_name
from auditor.dovecot.v23_filters import KINDS, Filter, NestingError
from auditor.dovecot.v23_table import Type, numbers
from auditor.dovecot.v23_values import InvalidValueError, canonical
from auditor.dovecot.v23_variables import value_of
from auditor.finding import NotChecked, Problem, ProblemKind
from auditor.syntax.dovecot import Kind, Statement
from auditor.text import escaped

if TYPE_CHECKING:
    from auditor.dovecot.includes import Read
    from auditor.dovecot.v23_table import Definition, Table

MAX_ADVICE: Final = 50
"""Unknown settings for which a known one is looked for."""
AUTH_SETTINGS: Final = frozenset(
    (
        *("passdb", "userdb", "base_dir", "verbose_proctitle", "ssl_client_ca_dir", "ssl_client_ca_file"),
        *("first_valid_uid", "last_valid_uid", "first_valid_gid", "last_valid_gid"),
    )
)
"""What the auth module knows besides ``auth_…`` (auth_setting_defines, src/auth/auth-settings.c)."""
_OPENING: Final = re.compile(r'([^\s"{=]++)\s*+(?:"([^"]*+)"\s*+|([^\s"{][^"{]*+))?\{[^}]*+')
"""A line that was meant to open a section."""


class Open(NamedTuple):
    """A section that is open: ``struct config_section_stack``."""

    key: str
    layer: Layer
    prefix: str
    """Of the paths of keys inside."""
    layers: tuple[Layer, ...]
    """Its own layer and those of the filters around it, the innermost first."""
    opening: Read | None = None
    place: Place | None = None
    is_filter: bool = False
    is_ignored: bool = False
    """An error opened it; what it holds means nothing."""


class Interpreter:
    """Applies statements one after another."""

    def __init__(self, table: Table, version: str, main_name: str) -> None:
        """Begin with the defaults of a table."""
        self.table = table
        self.version = version
        self.numbers = numbers(version)
        self.layers = [Layer(table, Filter(), main_name, Block("", "", Filter()))]
        self.layers[0].add_builtin_services()
        self.problems: list[Problem] = []
        self.not_checked: list[NotChecked] = []
        self.stack = [Open("", self.layers[0], "", (self.layers[0],))]
        self.obsolete = v23_old_auth.State()
        self._by_filter = {Filter().key: self.layers[0]}
        self._counter = 0
        self._unknowns = 0
        self._half_opened: Statement | None = None

    @property
    def here(self) -> Open:
        """The innermost section."""
        return self.stack[-1]

    def apply(self, read: Read) -> None:
        """Apply one statement."""
        statement = read.statement
        kind = statement.kind
        if kind is Kind.ERROR:
            self._error(read)
            return
        self._half_opened = None
        if kind is Kind.OPEN:
            if not v23_old_auth.handle_opening(self, read):
                self.open(read, statement.key, statement.name)
        elif kind is Kind.CLOSE:
            if not v23_old_auth.handle_closing(self, read):
                self.close(read)
        elif kind in (Kind.SETTING, Kind.FILE, Kind.VARIABLE) and not self.here.is_ignored:
            if kind is Kind.SETTING and v23_obsolete.handle_setting(self, read):
                return
            self.set(read, self.here, statement.key, kind, statement.value)

    def finish(self) -> None:
        """Complain about the section that is still open."""
        opening = self.here.opening
        if opening is None:
            return
        span = opening.statement.span
        message = f"Missing '}}' (section started at {escaped(span.file.name)}:{opening.statement.line})"
        self.problems.append(Problem(ProblemKind.SYNTAX_ERROR, message, span))

    def refuse(self, read: Read, kind: ProblemKind, message: str, advice: str = "") -> None:
        """Note what the daemon refuses."""
        self.problems.append(Problem(kind, escaped(message), read.statement.span, advice))

    def _error(self, read: Read) -> None:
        """Note a line that says nothing, and open what it was meant to open."""
        statement = read.statement
        if statement.text == "{" and self._half_opened:
            before, self._half_opened = self._half_opened, None
            self._open_anyway(read, *before.text.split(maxsplit=1))
            return
        advice = advice_for(statement)
        self.refuse(read, ProblemKind.SYNTAX_ERROR, statement.message, advice)
        match = _OPENING.fullmatch(statement.text)
        if match:
            self._open_anyway(read, match[1], match[2] or (match[3] or "").rstrip())
        self._half_opened = statement

    def _open_anyway(self, read: Read, key: str, name: str = "") -> None:
        known = len(self.problems)
        self.open(read, key, name.strip('"'))
        del self.problems[known:]

    # Sections

    def open(self, read: Read, key: str, name: str) -> None:
        """Open a section or a filter."""
        here = self.here
        if here.is_ignored:
            self._ignore(read, key)
        elif key in KINDS:
            self._open_filter(read, key, name)
        else:
            self._open_section(read, key, name)

    def _open_filter(self, read: Read, kind: str, value: str) -> None:
        here = self.here
        try:
            wanted = here.layer.filter.within(kind, value)
        except NestingError as error:
            self.refuse(read, ProblemKind.SYNTAX_ERROR, str(error))
            self._ignore(read, kind, is_filter=True)
            return
        net = {"local": wanted.local, "remote": wanted.remote}.get(kind)
        if net and net.address is None:
            what = f"{kind} {escaped(value)} ({read.statement.span})"
            self.not_checked.append(NotChecked(what, "Dovecot asks DNS for this name when it starts"))
        layer = self._by_filter.get(wanted.key)
        if layer is None:
            opened_at = f"{read.statement.file.name}:{read.statement.line}"
            layer = self._by_filter[wanted.key] = Layer(self.table, wanted, opened_at, Block("", "", wanted))
            self.layers.append(layer)
        layers = here.layers if layer is here.layer else (layer, *here.layers)
        self.stack.append(Open(kind, layer, here.prefix, layers, read, is_filter=True))

    def _open_section(self, read: Read, key: str, name: str) -> None:
        here = self.here
        path = here.prefix + key
        identifier = escaped_name(name)
        if not name:
            identifier = str(self._counter)
            self._counter += 1
        prefix = f"{path}/{identifier}/"
        found = here.layer.find(path)
        if found is None:
            self._unknown(read, f"{key} {{ {key}")
            self._ignore(read, key)
            return
        if self._is_auth_elsewhere(read, path, key):
            self._ignore(read, key)
            return
        place, definition = found
        if definition is None or not isinstance(place, Block):
            self.refuse(read, ProblemKind.SYNTAX_ERROR, "Section not allowed here")
            self._ignore(read, key)
        elif definition.type.is_section or definition.type is Type.STRLIST:
            inner = self._section(read, path, identifier, place, definition)
            if isinstance(inner, Block):
                self._name(read, inner, name)
            self.stack.append(Open(key, here.layer, prefix, here.layers, read, inner))
        else:
            # Dovecot takes the section's name, or its number, for the value, and knows nothing of what is inside.
            self.store(read, path, definition, place, Value(identifier, identifier, read.origin))
            self.stack.append(Open(key, here.layer, prefix, here.layers, read))

    def _ignore(self, read: Read, key: str, *, is_filter: bool = False) -> None:
        """Open a section that means nothing."""
        here = self.here
        self.stack.append(Open(key, here.layer, here.prefix, here.layers, read, None, is_filter, is_ignored=True))

    def _section(self, read: Read, path: str, identifier: str, parent: Block, definition: Definition) -> Place:
        layer = self.here.layer
        try:
            return layer.add_section(path, identifier, parent, definition)
        except AlreadyExistsError as error:
            self.refuse(read, ProblemKind.SYNTAX_ERROR, str(error))
            layer.links.pop(f"{path}/{identifier}".lower())
            return layer.add_section(path, identifier, parent, definition)

    def _name(self, read: Read, block: Block, name: str) -> None:
        block.name = name
        block.values[self.table.name_key(block.section)] = Value(name, name, read.origin)
        if block.span is None:
            block.span, block.origin = read.statement.span, read.origin

    def close(self, read: Read) -> None:
        """Close the innermost section."""
        if len(self.stack) == 1:
            self.refuse(read, ProblemKind.SYNTAX_ERROR, "Unexpected '}'")
            return
        closed = self.stack.pop()
        block, opening = closed.place, closed.opening
        if isinstance(block, Block) and opening and block.span == opening.statement.span:
            close = read.statement.span
            if close.file is block.span.file and close.start >= block.span.end:
                block.span = block.span.to(close)

    # Settings

    def set(self, read: Read, here: Open, key: str, kind: Kind, text: str) -> None:
        """Apply ``key = value``; the key may be a path."""
        path = here.prefix + key
        value, error = value_of(self, read, key, kind, text)
        if error:
            self.refuse(read, ProblemKind.INVALID_VALUE, error)
        if not path:
            self.refuse(read, ProblemKind.SYNTAX_ERROR, "Missing key name ('=' at the beginning of line)")
            return
        found = here.layer.find(path)
        if found is None:
            self._unknown(read, key)
            return
        place, definition = found
        known = len(self.problems)
        self.store(read, path, definition, place, value)
        if len(self.problems) == known:
            self._is_auth_elsewhere(read, path, key)

    def store(self, read: Read, path: str, definition: Definition | None, place: Place, value: Value) -> None:
        """Store a value after checking it."""
        if definition is None or isinstance(place, Entries):
            if isinstance(place, Entries):
                place.values[path.rpartition("/")[2]] = value
            return
        if definition.type.is_section or definition.type is Type.STRLIST:
            for word in re.split("[,\t ]+", value.effective):
                if word:
                    self._section(read, path, word, place, definition)
            return
        if definition.alias_of:
            definition = self.table.sections[place.section][definition.alias_of]
        units_needed = self.numbers >= (2, 3)
        shown, effective = value.shown, value.effective
        try:
            if value.file is None and value.literal:
                effective = canonical(definition, effective, units_needed=units_needed)
            if value.literal and (shown == value.effective or value.file is not None):
                shown = canonical(definition, shown, units_needed=units_needed)
        except InvalidValueError as error:
            self.refuse(read, ProblemKind.INVALID_VALUE, str(error))
            return
        self._put(place, definition, Value(shown, effective, value.origin, value.file, value.literal))

    def _put(self, place: Block, definition: Definition, value: Value) -> None:
        place.values[definition.name] = value
        if place.section and definition.name == self.table.name_key(place.section):
            place.name = value.shown

    def _is_auth_elsewhere(self, read: Read, path: str, key: str) -> bool:
        """Whether an auth setting stands in a filter that has none; says so."""
        top = path.partition("/")[0]
        is_auth = top in AUTH_SETTINGS or (top.startswith("auth_") and top != "auth_socket_path")
        if not (is_auth and self.here.layer.filter.is_connection):
            return False
        message = f"Auth settings not supported inside local/remote blocks: {key}"
        self.refuse(read, ProblemKind.SYNTAX_ERROR, message)
        return True

    def _unknown(self, read: Read, key: str) -> None:
        """Note an unknown setting by its path (``get_setting_full_path``); of very many sections the innermost."""
        around = self.stack[max(1, len(self.stack) - 20) :]
        path = "".join(f"{one.key} {{ " for one in around if not one.is_filter)
        self._unknowns += 1
        # Looking for similar names is slow, and after so many the file is not meant for this program.
        advice = (
            advice_for(read.statement, self.table, self.version, self.here.place)
            if self._unknowns <= MAX_ADVICE
            else ""
        )
        self.refuse(read, ProblemKind.UNKNOWN_SETTING, f"Unknown setting: {path}{key}", advice)
