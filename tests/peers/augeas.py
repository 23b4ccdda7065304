"""Augeas' texts: they parse, to the same keys and values as its trees have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from auditor.files.tables import Table, read_table
from auditor.host import Host, Mount
from auditor.syntax.dovecot import Kind, parse, statement_of
from auditor.syntax.postfix import Assignment, ServiceLine, parameters, parse_main, parse_master, services
from auditor.text import SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Pair = tuple[str, str]
CLOSE = ("}", "")


def pairs(lens: str, text: str, folder: Path) -> list[Pair]:
    """Return keys and values as mailaudit reads a text for a lens."""
    source = SourceFile("/t", "t", text)
    if lens == "dovecot":
        return list(_dovecot(source))
    if lens == "postfix_main":
        return [
            (one.name.value, one.value.value) for one in parameters(parse_main(source)) if isinstance(one, Assignment)
        ]
    if lens == "postfix_master":
        return [
            pair for one in services(parse_master(source)) if isinstance(one, ServiceLine) for pair in _service(one)
        ]
    if lens == "postfix_sasl_smtpd":
        return [pair for line in text.splitlines() if (pair := _colon(line))]
    (folder / "table").write_text(text)
    table = read_table(Host((Mount("/etc", str(folder)),)), "texthash:/etc/table")
    assert isinstance(table, Table)
    return [(entry.key, entry.result) for entry in table.entries]


def _dovecot(source: SourceFile) -> Iterator[Pair]:
    tree = parse(source, "2.3", "2.3.21")
    for token in tree.tokens():
        statement = statement_of(tree, token)
        if statement is None:
            continue
        assert statement.kind is not Kind.ERROR, statement.text
        if statement.kind is Kind.CLOSE:
            yield CLOSE
        elif statement.kind is Kind.OPEN:
            yield statement.key, statement.name
        elif statement.kind in (Kind.INCLUDE, Kind.INCLUDE_TRY):
            yield statement.kind.name.lower(), statement.value
        else:
            yield statement.key, f"<{statement.value}" if statement.kind is Kind.FILE else statement.value


def _service(line: ServiceLine) -> Iterator[Pair]:
    yield line.fields[0].value, ""
    names = ("type", "private", "unprivileged", "chroot", "wakeup", "limit")
    yield from zip(names, (field.value for field in line.fields[1:7]), strict=True)
    yield "command", line.span.text[line.fields[7].span.start - line.span.start :]


def _colon(line: str) -> Pair | None:
    match = re.fullmatch(r"([a-z_]+): *(.*)", line)
    return (match[1], match[2]) if match else None


def expected(lens: str, tree: list[dict[str, Any]]) -> list[Pair]:
    """Return keys and values of Augeas' tree, comments left out."""
    return [pair for node in tree if node["label"] not in (None, "#comment") for pair in _node(lens, node)]


def _node(lens: str, node: dict[str, Any]) -> Iterator[Pair]:
    children = [one for one in node["children"] if one["label"] not in (None, "#comment")]
    values = [one["value"] or "" for one in children]
    if lens in TABLES:
        yield _table_row(lens, node, children)
    elif lens == "postfix_sasl_smtpd" and children:
        yield node["label"], " ".join(values)
    else:
        yield node["label"], _plain(node["value"] or "")
        for child in children:
            yield from _node(lens, child)
        if lens == "dovecot" and (node["children"] or (node["value"] is None and node["label"] in SECTIONS)):
            yield CLOSE


TABLES = ("postfix_access", "postfix_passwordmap", "postfix_transport", "postfix_virtual")
SECTIONS = ("dict", "fields", "map", "namespace", "passdb", "plugin", "userdb")
"""Sections of Augeas' texts that may be empty and have no name."""


def _table_row(lens: str, node: dict[str, Any], children: list[dict[str, Any]]) -> Pair:
    by_label = {one["label"]: one["value"] or "" for one in children}
    key = by_label.pop("pattern", node["value"] or node["label"])
    if lens == "postfix_transport" and "host" in by_label:
        return key, ":".join(one for one in (by_label["host"], by_label.get("port")) if one)
    if lens == "postfix_transport":
        return key, f"{by_label.get('transport', '')}:{by_label.get('nexthop', '')}"
    if lens == "postfix_passwordmap":
        user, password = by_label.get("username", ""), by_label.get("password")
        return key, user if password is None else f"{user}:{password}"
    if lens == "postfix_virtual":
        return key, " ".join(one["value"] for one in children if one["label"] == "destination")
    return key, " ".join(by_label.values())


def _plain(value: str) -> str:
    return value[1:-1] if re.fullmatch('".*"', value) else value


def comparable(lens: str, found: list[Pair]) -> list[Pair]:
    """Return pairs with white space as one blank each, as Augeas keeps line ends; of tables what postmap keeps."""
    plain = [(key, re.sub(r"[,\s]+", " ", value).strip()) for key, value in found]
    if lens not in TABLES:
        return plain
    first: dict[str, Pair] = {}
    for key, value in plain:
        first.setdefault(key.lower(), (key, value))
    return list(first.values())
