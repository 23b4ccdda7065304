"""Who can get in, for people and for programs: the access table, and what differs between two of them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from auditor import __version__
from auditor.access.rows import Certificate, Revocable, Right, Row, Secret
from auditor.finding import NotChecked
from auditor.report.json import not_checked_entry, place_of
from auditor.report.lines import Line, line, paragraph

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.access_tables import AccessTables, HostTable, TableDifference

SCHEMA_VERSION: Final = "1.0"
MAX_PLACES: Final = 12
"""Places that are shown for one way in; programs get all."""
MAX_NETWORKS: Final = 1_000
"""Networks that are listed for one way in: those beside a blocklist may be millions."""
_DANGEROUS: Final = "critical"
_CERTIFICATES: Final = {
    Certificate.NONE: "",
    Certificate.ANY: "any client certificate, self-made ones too",
    Certificate.LISTED: "a client certificate that is listed",
    Certificate.TRUSTED: "a client certificate of a trusted CA",
    Certificate.LISTED_AND_TRUSTED: "a client certificate of a trusted CA that is listed",
}
_SECRETS: Final = {
    Secret.NONE: "no password",
    Secret.ANY_PASSWORD: "any password at all",
    Secret.EMPTY_PASSWORD: "the empty password",
    Secret.ONE_PASSWORD: "the one password of everybody",
    Secret.PASSWORD: "the password",
    Secret.TOKEN: "a token or ticket",
}


class Group(NamedTuple):
    """Ways in that differ in nothing but their listeners."""

    rows: tuple[Row, ...]

    @property
    def row(self) -> Row:
        """The first of them."""
        return self.rows[0]

    @property
    def listeners(self) -> str:
        """Where they all are: ``imap 143, 993``."""
        ports: dict[str, list[str]] = {}
        for row in self.rows:
            name, _, port = row.listener.label.partition(" ")
            ports.setdefault(name, []).append(port)
        return ", ".join(f"{name} {', '.join(filter(None, found))}".rstrip() for name, found in ports.items())


def as_text(tables: AccessTables, width: int) -> Iterator[Line]:
    """Yield the access table of every host, grouped by what one can do, the most dangerous first."""
    for table in tables.tables:
        yield line((f"Who can get into {table.host.host.root}", "strong"), "; files are named from there")
        yield ()
        yield from _rights(table, width)
    yield from _not_checked(tables.not_checked, width)


def differences_as_text(
    found: Sequence[TableDifference], not_checked: Iterable[NotChecked], width: int
) -> Iterator[Line]:
    """Yield the ways in that appear and disappear; a mark says which are dangerous."""
    several = len(found) > 1
    for root, one in found:
        if several and (one.appeared or one.disappeared):
            yield line((root, "strong"))
        for sign, title, rows in (("+", "New ways in", one.appeared), ("-", "Ways in that are gone", one.disappeared)):
            if rows:
                yield line((title, "strong"))
                for group in _grouped(rows):
                    bad = sign == "+" and (group.row.is_open or group.row in one.without_tls)
                    yield from _way(group, width, sign, _DANGEROUS if bad else "")
                yield ()
    if not any(one.appeared or one.disappeared for _, one in found):
        yield line("No way in appears or disappears.")
    yield from _not_checked(not_checked, width)


def _rights(table: HostTable, width: int) -> Iterator[Line]:
    if not table.rows:
        yield line("  Nobody, as far as this can be told from the files.")
        yield ()
    for right in Right:
        groups = _grouped(row for row in table.rows if row.right is right)
        if groups:
            yield line((right.value.capitalize(), "strong"))
            for group in groups:
                yield from _way(
                    group, width, " ", _DANGEROUS if group.row.is_open else "", _prefix(table.host.host.root)
                )
            yield ()


def _grouped(rows: Iterable[Row]) -> list[Group]:
    found: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        key = tuple(getattr(row, name) for name in Row._fields if name not in ("listener", "because"))
        found.setdefault((key, row.listener.service if row.listener.path else ""), []).append(row)
    return [Group(tuple(group)) for group in found.values()]


def _prefix(root: str) -> str:
    return f"{root.rstrip('/')}/".removeprefix("./")


def _way(group: Group, width: int, sign: str, style: str, root: str = "") -> Iterator[Line]:
    row = group.row
    head = line(f"{sign} ", (row.source.name, style or "strong"), " at ")
    yield from paragraph(group.listeners, width, head, "    ")
    facts = {"needs": _needs(row), "as": row.users, "revocable": _revocable(row)}
    if row.unknown:
        facts["perhaps"] = "; ".join(f"{one.what}: {one.why}" for one in row.unknown)
    for name, text in facts.items():
        if text:
            yield from paragraph(text, width, line("    ", (f"{name:<10}", "faint")), " " * 14)
    yield from _because(group, width, root)


def _needs(row: Row) -> str:
    secret = _SECRETS[row.secret]
    if row.mechanisms:
        secret = f"{secret} by {', '.join(row.mechanisms)}"
    parts = ("TLS" if row.tls else "no TLS", _CERTIFICATES[row.certificate], secret)
    return ", ".join(part for part in parts if part)


def _revocable(row: Row) -> str:
    return "" if row.revocable is Revocable.NOT_APPLICABLE else row.revocable.value


def _because(group: Group, width: int, root: str) -> Iterator[Line]:
    labels: dict[str, list[str]] = {}
    opened = [(row.listener.origin, f"opens {row.listener.label}") for row in group.rows]
    for origin, label in dict.fromkeys([*opened, *(place for row in group.rows for place in row.because)]):
        labels.setdefault(str(origin).removeprefix(root), []).append(label)
    name = "because"
    for place, said in list(labels.items())[:MAX_PLACES]:
        head = line("    ", (f"{name:<10}", "faint"))
        yield from paragraph(f"{place} {'; '.join(said)}", width, head, " " * 16, style="faint")
        name = ""
    if len(labels) > MAX_PLACES:
        yield line(("              and more: --format json has them all", "faint"))


def _not_checked(entries: Iterable[NotChecked], width: int) -> Iterator[Line]:
    for number, entry in enumerate(entries):
        if number == 0:
            yield line(("Not checked", "strong"))
        yield from paragraph(f"{entry.what}: {entry.why}", width, line("  "), "    ", style="faint")


def as_data(tables: AccessTables) -> dict[str, Any]:
    """Return the access tables, as ``auditor/data/access.schema.json`` describes them."""
    return {
        **_head(),
        "hosts": [{"root": one.host.host.root, "rows": [_row(row) for row in one.rows]} for one in tables.tables],
        "not_checked": _gaps((row for one in tables.tables for row in one.rows), tables.not_checked),
    }


def differences_as_data(found: Sequence[TableDifference], not_checked: Iterable[NotChecked]) -> dict[str, Any]:
    """Return what differs between two readings, in the same form."""
    return {
        **_head(),
        "differences": [
            {
                "root": root,
                "dangerous": one.is_dangerous,
                "appeared": [_row(row) | {"without_tls_now": row in one.without_tls} for row in one.appeared],
                "disappeared": [_row(row) for row in one.disappeared],
            }
            for root, one in found
        ],
        "not_checked": _gaps((row for _, one in found for row in (*one.appeared, *one.disappeared)), not_checked),
    }


def _gaps(rows: Iterable[Row], not_checked: Iterable[NotChecked]) -> list[dict[str, Any]]:
    """Return what was not checked, and whose addresses are not all listed."""
    sources = dict.fromkeys(row.source for row in rows)
    cut = [one.name for one in sources if any(islice(one.addresses.networks(), MAX_NETWORKS, None))]
    why = f"there are more than {MAX_NETWORKS} networks, of which the first are listed"
    return [*map(not_checked_entry, (*not_checked, *(NotChecked(f"the addresses {name}", why) for name in cut)))]


def _head() -> dict[str, Any]:
    return {"schema_version": SCHEMA_VERSION, "tool": {"name": "mailaudit", "version": __version__}}


def _row(row: Row) -> dict[str, Any]:
    listener = row.listener
    return {
        "from": {
            "name": row.source.name,
            "networks": list(map(str, islice(row.source.addresses.networks(), MAX_NETWORKS))),
        },
        "listener": {
            "product": listener.product,
            "service": listener.service,
            "port": listener.port,
            "path": listener.path or None,
            "addresses": list(listener.addresses),
            "tls_from_the_start": listener.wrapped,
            "proxy_protocol": listener.proxied,
            "place": place_of(listener.origin),
        },
        "tls": row.tls,
        "certificate": row.certificate.value,
        "mechanisms": list(row.mechanisms),
        "secret": row.secret.value,
        "users": row.users,
        "right": row.right.value,
        "revocable": row.revocable.value,
        "open": row.is_open,
        "because": [place_of(origin) | {"label": label} for origin, label in row.because],
        "unknown": [one._asdict() for one in row.unknown],
    }
