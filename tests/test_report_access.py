"""The access table as people and programs see it, and what ``mailaudit access`` compares."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ways import listener, way

from auditor import cli
from auditor.access.difference import difference
from auditor.access.facts import Unknown
from auditor.access.rows import Certificate, Revocable, Right, Row, Secret
from auditor.access_tables import AccessTables, HostTable, TableDifference
from auditor.finding import NotChecked
from auditor.host import Host, Mount
from auditor.read import Instances
from auditor.report import access
from auditor.report.lines import plain

HOST = Instances(Host((Mount("/", "here"),)), (), ())
HOLE = way(right=Right.RELAY, tls=False, secret=Secret.EMPTY_PASSWORD, users="any user \x1b[31mof users")
BY_CERTIFICATE = way(
    listener=listener("submission", 587),
    right=Right.RELAY,
    certificate=Certificate.TRUSTED,
    secret=Secret.NONE,
    mechanisms=(),
    users="",
    revocable=Revocable.NO,
    unknown=(Unknown("/etc/ssl/ca.pem", "no such file"),),
)
ROWS = (
    HOLE,
    BY_CERTIFICATE,
    way(),
    way(listener=listener("imap", 993, wrapped=True)),
    way(listener=listener("pop3", 110)),
)
NOT_CHECKED = (NotChecked("/etc/x", "may not be read"),)


def tables(*rows: Row) -> AccessTables:
    return AccessTables((HostTable(HOST, rows),), NOT_CHECKED, ())


def valid(data: dict[str, Any]) -> dict[str, Any]:
    Draft202012Validator(json.loads((files("auditor") / "data" / "access.schema.json").read_text())).validate(data)
    return data


def test_rights_come_in_their_order_and_listeners_that_are_alike_together() -> None:
    text = plain(access.as_text(tables(*ROWS), 80))
    assert text.index("Relay") < text.index("Read mail")
    assert "anywhere at imap 143, 993, pop3 110\n" in text
    assert "needs     TLS, a client certificate of a trusted CA, no password\n" in text
    assert "revocable no\n" in text
    assert "perhaps   /etc/ssl/ca.pem: no such file\n" in text
    assert "etc/dovecot/dovecot.conf:1 opens imap 143; TLS is needed\n" in text
    assert "/etc/x: may not be read" in text


@pytest.mark.parametrize("width", [80, 50])
def test_it_fits_the_width_and_shows_no_control_characters(width: int) -> None:
    text = plain(access.as_text(tables(*ROWS), width))
    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text
    assert "\\x1b[31mof users" in text


def test_where_nobody_gets_in_it_says_so() -> None:
    assert "Nobody" in plain(access.as_text(tables(), 80))


def test_a_difference_shows_what_is_new_and_what_is_gone() -> None:
    found = (TableDifference(".", difference([way()], [HOLE])),)
    text = plain(access.differences_as_text(found, NOT_CHECKED, 80))
    assert "New ways in\n+ anywhere at imap 143\n" in text
    assert "Ways in that are gone\n- anywhere at imap 143\n" in text
    assert "/etc/x: may not be read" in text
    data = valid(access.differences_as_data(found, NOT_CHECKED))["differences"][0]
    assert data["dangerous"]
    assert [row["secret"] for row in data["appeared"]] == ["an empty password"]


def test_the_json_follows_its_schema() -> None:
    data = valid(access.as_data(tables(*ROWS)))
    assert [row["open"] for row in data["hosts"][0]["rows"]] == [True, False, False, False, False]
    assert data["hosts"][0]["rows"][1]["from"] == {"name": "anywhere", "networks": ["0.0.0.0/0", "::/0"]}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--diff", "etc"], "takes two PATHs, or one PATH and"),
        (["--diff", "a", "b", "c", "--dovecot-version", "2.4.1"], "takes one PATH"),
        (["--since", "HEAD", "a", "b"], "takes one PATH"),
        (["--since", "no-such-revision", str(Path(__file__).parents[1])], ""),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["access", *arguments]) == cli.USAGE
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.err.count("\n") == 1
    assert not shown.out
