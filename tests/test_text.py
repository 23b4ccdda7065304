"""Places in texts, and what of a text may be shown."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.text import HIDDEN, Origin, SourceFile, escaped, without_secrets


def source(text: str) -> SourceFile:
    return SourceFile("/etc/x", "etc/x", text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain äß", "plain äß"),
        ("a\tb", "a b"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("line\nbreak\r", "line\\x0abreak\\x0d"),
        ("\x7f\x9b", "\\x7f\\x9b"),
        ("\u202eevil\u2066\u200b\ufeff", "\\u202eevil\\u2066\\u200b\\ufeff"),
        (b"\xff\x80".decode("utf-8", "surrogateescape"), "\\xff\\x80"),
        ("[bold]not markup[/bold]", "[bold]not markup[/bold]"),
    ],
)
def test_escaped(text: str, shown: str) -> None:
    assert escaped(text) == shown


@given(st.text())
def test_escaped_text_is_printable(text: str) -> None:
    shown = escaped(text)
    assert not [char for char in shown if ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 or 0xD800 <= ord(char) < 0xE000]
    shown.encode()


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("  password = hunter2", f"  password = {HIDDEN}"),
        ("ssl_key_password=hunter2", f"ssl_key_password={HIDDEN}"),
        ("connect = host=db dbname=mail password=hunter2 user=x", f"connect = host=db dbname=mail password={HIDDEN}"),
        ("# dnpass = hunter2", f"# dnpass = {HIDDEN}"),
        ('"api_key": "hunter2"', f'"api_key": {HIDDEN}'),
        ("oauth2_client_secret = hunter2", f"oauth2_client_secret = {HIDDEN}"),
        ("  args = user=x pass=hunter2", f"  args = user=x pass={HIDDEN}"),
        ("master_key : hunter2", f"master_key : {HIDDEN}"),
        ("PASSWD=hunter2", f"PASSWD={HIDDEN}"),
        ("default_pass_scheme = CRYPT", "default_pass_scheme = CRYPT"),
        ("passdb_default_password_scheme = CRYPT", "passdb_default_password_scheme = CRYPT"),
        (
            "smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd",
            "smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd",
        ),
        ("password_query = SELECT password FROM users", "password_query = SELECT password FROM users"),
        ("auth_verbose_passwords = no", "auth_verbose_passwords = no"),
        ("bypass = yes", "bypass = yes"),
        ("  args = nopassword=y allow_nets=::1", "  args = nopassword=y allow_nets=::1"),
        ("  pass = yes", "  pass = yes"),
        ("passwd_file_path = /etc/dovecot/users", "passwd_file_path = /etc/dovecot/users"),
        ("ssl_key_pasword = hunter2", f"ssl_key_pasword = {HIDDEN}"),
        ("password =", "password ="),
        ("args = /etc/dovecot/passwd", "args = /etc/dovecot/passwd"),
    ],
)
def test_lines_are_shown_without_secrets(line: str, shown: str) -> None:
    assert without_secrets(line) == shown


@pytest.mark.parametrize(
    "unit", ["a", "password", "a-", "_pass", "password=", "x=", "secret/", " ", '"', "password_result", "\x1b"]
)
def test_a_line_of_a_megabyte_takes_no_time(unit: str) -> None:
    line = unit * (1_000_000 // len(unit))
    began = time.process_time()
    source(line).shown_line(1)
    assert time.process_time() - began < 3


def test_marked_secrets_are_hidden_whatever_their_name() -> None:
    file = source("users = alice:{PLAIN}hunter2 bob:x\nnext")
    file.mark_secret(14, 28)
    file.mark_secret(20, 28)
    assert file.shown_line(1) == f"users = alice:{HIDDEN} bob:x"
    assert file.shown_line(2) == "next"


def test_a_secret_over_several_lines_is_hidden_on_each() -> None:
    file = source("key = <<E\nsecond\nthird\nE\n")
    file.mark_secret(6, 22)
    assert [file.shown_line(number) for number in (1, 2, 3)] == [f"key = {HIDDEN}", HIDDEN, HIDDEN]


def test_positions_count_from_one_and_ends_are_exclusive() -> None:
    file = source("one\nzwei = drei\n")
    span = file.span(4, 8)
    assert (span.line, span.column, span.end_line, span.end_column) == (2, 1, 2, 5)
    assert span.text == "zwei"
    assert str(span) == "etc/x:2"
    assert file.line_span(99).line == 3
    assert file.line_span(0).text == "one"
    assert span.to(file.span(11, 15)).text == "zwei = drei"


@given(st.text(), st.integers(0, 200))
def test_line_and_column_lead_back_to_the_offset(text: str, offset: int) -> None:
    file = source(text)
    offset = min(offset, len(text))
    line, column = file.position(offset)
    assert file.line_starts[line - 1] + column - 1 == offset


def test_an_origin_says_where_it_is() -> None:
    assert str(Origin(source("a").span(0, 1))) == "etc/x:1"
    assert str(Origin(default_of="3.7.11")) == "default 3.7.11"
