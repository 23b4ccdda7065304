"""What becomes of ``args`` and of the fields of passdbs and userdbs in 2.4.

Sources: ``*_preinit`` of src/auth/passdb-*.c and userdb-*.c of 2.3.21, the pages of docs/core/config/auth/databases
(dovecot/documentation), the table in ``auditor/data/dovecot-upgrade.json``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.dovecot.upgrade_table import upgrade_table
from auditor.dovecot.v23_percent import converted
from auditor.dovecot.v24_words import shown, ticked

if TYPE_CHECKING:
    from auditor.dovecot.v24_older import OldLine, OldSection

SQL: Final = ("sql", "mysql", "pgsql", "sqlite", "cassandra")
"""Drivers of SQL databases; ``sql`` names the rest in its file."""


def external_file(line: OldLine) -> str:
    """Return the absolute name of the ``.conf.ext`` file that a passdb's or userdb's ``args`` name, empty for none."""
    driver = line.inside.value("driver") if line.inside else ""
    if line.statement.key != "args" or _external_kind(driver) == "":
        return ""
    value = line.statement.value.strip()
    return value if value.startswith("/") else ""


def _external_kind(driver: str) -> str:
    kind = "sql" if driver in SQL else driver
    return kind if kind in upgrade_table().external else ""


def external_settings(driver: str, keys: list[str]) -> str:
    """Return what the settings of a ``.conf.ext`` file are in 2.4, their values left out."""
    words = upgrade_table().external[_external_kind(driver)]
    said = [f"{key} is {words[key]}" for key in dict.fromkeys(keys) if key in words]
    unknown = [key for key in dict.fromkeys(keys) if key not in words]
    if unknown:
        said.append(f"nothing is known to replace {', '.join(unknown)}")
    return "; ".join(said)


def _driver(section: OldSection | None) -> str:
    return section.value("driver") if section else ""


def database_args(line: OldLine) -> str:
    """Return what to write instead of ``args``."""
    kind = line.inside.kind if line.inside else "passdb"
    driver = _driver(line.inside)
    value = line.statement.value
    if _external_kind(driver):
        return f"write the settings of {shown(value)} inside this {kind} block or beside it: 2.4 reads no such files"
    if driver == "static":
        return static_args(value, kind)
    if driver in upgrade_table().arguments:
        return _by_parts(value, kind, driver)
    if driver == "passwd":
        return "remove the line: `use_worker = no` is the like of `blocking=no`"
    return f"write the settings that the {driver} driver has in 2.4"


def _by_parts(value: str, kind: str, driver: str) -> str:
    words = upgrade_table().arguments[driver]
    lines: list[str] = []
    rest: list[str] = []
    for word in value.split():
        name, sign, text = word.partition("=")
        if word == "-session":
            lines.append("session = yes")
        elif rest or not sign or name not in words:
            if sign and not rest and re.fullmatch(r"\w+", name) and driver == "pam":
                continue
            rest.append(word)
        else:
            lines.append(words[name].replace("{value}", _value(text)))
    if rest:
        lines.append(words[""].replace("{value}", _value(" ".join(rest))))
    added = _weak(value)
    return (f"write {ticked(lines)} inside this {kind} block" if lines else "remove the line") + added


def _value(text: str) -> str:
    return shown(converted(text, "auth_username_format").text)


def _weak(value: str) -> str:
    match = re.search(r"(?:^|\s)(?:scheme|default_pass_scheme)=(\S+)", value)
    scheme = match[1].upper() if match else ""
    if scheme in upgrade_table().weak_schemes:
        return f"; 2.4 refuses passwords of the weak scheme {scheme} unless auth_allow_weak_schemes = yes"
    return ""


def pairs_of(value: str) -> list[tuple[str, str]]:
    """Return the fields of ``args`` and ``override_fields``; one without a value means yes."""
    return [(name, text if sign else "yes") for name, sign, text in (word.partition("=") for word in value.split())]


def static_args(value: str, kind: str) -> str:
    """Return what to write for a static passdb or userdb."""
    own: list[str] = []
    fields: list[str] = []
    for name, text in pairs_of(value):
        if name in ("password", "pass") and kind == "passdb":
            own.append("password = …")
        elif name == "allow_all_users":
            own.append(f"static_allow_all_users = {shown(text)}")
        else:
            fields.append(f"{name} = {_secretless(name, text)}")
    said = [f"{ticked(own)} inside this {kind} block"] if own else []
    if fields:
        said.append(f"{ticked(fields)} inside `fields {{ }}` of this {kind} block")
    return f"write {' and '.join(said)}" if said else "remove the line"


def _secretless(name: str, text: str) -> str:
    # shown() hides what follows "pass=" and the like, and must see the name for it.
    return shown(f"{name}={converted(text, 'passdb').text}").partition("=")[2]


def fields(line: OldLine) -> str:
    """Return what to write for ``default_fields`` and ``override_fields``."""
    kind = line.inside.kind if line.inside else "passdb"
    suffix = ":default" if line.statement.key == "default_fields" and kind == "userdb" else ""
    pairs = pairs_of(line.statement.value)
    kept = [f"{name}{suffix} = {_secretless(name, text)}" for name, text in pairs if not opens(line, name)]
    advice = f"write {ticked(kept)} inside `fields {{ }}` of this {kind} block" if kept else "remove the line"
    if any(opens(line, name) for name, _ in pairs):
        advice += "; leave nopassword out: in `fields { }` it lets every password in"
    return advice


def opens(line: OldLine, field: str) -> bool:
    """Whether a field that changes nothing in 2.3 lets every password in once it stands in 2.4's ``fields``.

    Tried on running daemons: 2.3.19.1 applies ``override_fields = nopassword`` after the password was checked, 2.4.1
    accepts any password with ``fields { nopassword = yes }``.
    """
    return field == "nopassword" and line.statement.key == "override_fields"
