"""``$name`` and ``<file`` in values of Dovecot 2.2 and 2.3.

Follows ``config_write_value`` and ``config_write_keyvariable`` in src/config/config-parser.c (2.3.19.1), and 2.2.36.4's
for versions before 2.3.14, where only a ``$`` at the very beginning counts.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from auditor.dovecot.v23_blocks import Value
from auditor.dovecot.v23_table import Type
from auditor.syntax.dovecot import Kind

if TYPE_CHECKING:
    from auditor.dovecot.includes import Read
    from auditor.dovecot.v23_parse import Interpreter

ANYWHERE: Final = (2, 3, 14)
"""The first version that expands each word of a value, and ``$ENV:name``."""
MAX_LENGTH: Final = 4 * 1024 * 1024
"""Characters that a value may grow to; ``a = $a $a`` doubles with each line."""


class UnknownVariableError(ValueError):
    """A reference that the daemon refuses; its text has the daemon's words."""


def value_of(interpreter: Interpreter, read: Read, key: str, kind: Kind, text: str) -> tuple[Value, str]:
    """Return the value of an assignment, and what the daemon says of a reference in it that leads nowhere."""
    if kind is Kind.FILE:
        path = posixpath.join(posixpath.dirname(read.statement.file.name), text)
        return Value(f"<{text}", f"<{path}", read.origin, path), ""
    if kind is not Kind.VARIABLE or not (interpreter.numbers >= ANYWHERE or text.startswith("$")):
        return Value(text, text, read.origin), ""
    shown, effective, error = _expanded(interpreter, key, text)
    literal = not error and "$ENV:" not in effective
    return Value(shown, effective, read.origin, _file_of(interpreter, text), literal), error


def _file_of(interpreter: Interpreter, text: str) -> str | None:
    """Return the file whose contents a lone reference stands for, as in ``ssl_key = $ssl_cert``."""
    found = interpreter.here.layers[0].value(text[1:]) if text.startswith("$") and " " not in text else None
    return found[0].file if found is not None and found[0] is not None else None


def _expanded(interpreter: Interpreter, key: str, text: str) -> tuple[str, str, str]:
    shown: list[str] = []
    effective: list[str] = []
    error = ""
    for index, word in enumerate(_words(text, only_first=interpreter.numbers < ANYWHERE)):
        both = word, word
        if word.startswith("$") and (interpreter.numbers >= ANYWHERE or index == 0):
            try:
                both = _word(interpreter, key, word)
            except UnknownVariableError as unknown:
                error = error or str(unknown)
        shown.append(both[0])
        effective.append(both[1])
    if sum(map(len, effective)) > MAX_LENGTH:
        return text, text, f"{key} becomes longer than {MAX_LENGTH} characters"
    return " ".join(shown), " ".join(effective), error


def _words(text: str, *, only_first: bool) -> list[str]:
    """Split at blanks, each with the blanks and tabs after it; or the first word from the rest."""
    words, at = [], 0
    while at < len(text):
        end = text.find(" ", at) if at == 0 or not only_first else -1
        end = len(text) if end < 0 else end
        words.append(text[at:end])
        at = end + 1 if only_first else end
        while not only_first and at < len(text) and text[at] in " \t":
            at += 1
    return words


def _word(interpreter: Interpreter, key: str, word: str) -> tuple[str, str]:
    """Return what doveconf prints for a reference, and what the daemon puts in its place."""
    name = word[1:]
    if name.startswith("ENV:") and interpreter.numbers >= ANYWHERE:
        return word, word
    shown, effective = _looked_up(interpreter, name, through_parents=name == key)
    return (shown if name == key else word), effective


def _looked_up(interpreter: Interpreter, name: str, *, through_parents: bool) -> tuple[str, str]:
    """Return what a global setting is here and now, in the current filter or those around it (``config_get_value``)."""
    layers = interpreter.here.layers if through_parents else interpreter.here.layers[:1]
    found = layers[0].value(name)
    if found is None:
        raise UnknownVariableError(f"Unknown variable: ${name}")
    _, definition, default = found
    place = layers[0].find(name)
    is_alias = place is not None and place[1] is not None and place[1].type is Type.ALIAS
    if is_alias or definition.type in (Type.DEFLIST, Type.DEFLIST_UNIQUE, Type.STRLIST):
        raise UnknownVariableError(f"Invalid variable: ${name}")
    for layer in layers:
        there = layer.value(name)
        if there is not None and there[0] is not None:
            return there[0].shown, there[0].effective
    return default or "", default or ""
