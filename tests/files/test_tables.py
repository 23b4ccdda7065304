from __future__ import annotations

import os
import time

import pytest
from files.table_texts import ADDRESSES, CIDR, CIDR_IFS, INLINE, REFUSED, TEXTHASH, TEXTHASH_KEYS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.files import tables
from auditor.files.tables import UNDECIDED, Entry, Kind, Table, UnreadableTable, read_table
from auditor.host import Host, Mount
from auditor.text import SourceFile

NAME = "/etc/postfix/table"


@pytest.fixture
def read(tree):
    def table(kind: str, text: str, **options: bool) -> Table:
        found = read_table(tree({NAME: text}), f"{kind}:{NAME}", **options)
        assert isinstance(found, Table)
        return found

    return table


def result(found: Entry | object | None) -> str | None:
    return found.result if isinstance(found, Entry) else None


@pytest.mark.parametrize("key", TEXTHASH_KEYS)
def test_texthash(read, key):
    expected = {
        "key1": "value one", "KEY1": "value one", '"quoted key"': "v", "key2:": "val2", "dup": "a", "x": "spaced  out",
        "a\\ b": "v", 'c"d e"f': "g", 'q\\"x': "y z",
    }  # fmt: skip
    assert result(read("texthash", TEXTHASH).lookup(key)) == expected.get(key)


def test_places_and_ignored_lines(read):
    found = read("hash", TEXTHASH)
    entry = found.lookup("key2:")
    assert isinstance(entry, Entry)
    assert entry.span is not None
    assert (entry.span.text, entry.span.line) == ("KEY2:", 6)
    assert found.ignored == (7, 16)
    assert list(found.results())[:2] == ["value one", "v"]


@pytest.mark.parametrize("key", ADDRESSES)
def test_cidr(read, key):
    first = {
        "10.1.1.1": "OK first", "192.168.1.5": "five", "192.168.1.6": "lan", "8.8.8.8": "notlan", "1.2.3.9": "notlan",
        "::1": "six", "2001:db8::1": "six", "10.1.2.3": "OK first", "1.2.3.4": "notlan", "10.5.1.1": "OK first",
        "fe80::1": "six",
    }  # fmt: skip
    second = {"8.8.8.8": "notten", "1.2.3.4": "notten", "1.2.3.9": "notten", "10.1.2.3": "host"}
    second |= {"192.168.1.5": "notten", "192.168.1.6": "notten"}
    assert result(read("cidr", CIDR).lookup(key)) == first.get(key)
    assert result(read("cidr", CIDR_IFS).lookup(key)) == second.get(key)


def test_cidr_keys_and_ignored_lines(read):
    found = read("cidr", CIDR)
    assert found.kind is Kind.CIDR
    assert [one.key for one in found.entries][:2] == ["10.0.0.0/8", "!192.168.0.0/16"]
    assert found.ignored == (7,)
    assert read("cidr", CIDR_IFS).ignored == (5, 7, 8)


@pytest.mark.parametrize(("specification", "key"), INLINE)
def test_tables_in_main_cf(tree, specification, key):
    found = read_table(tree({}), specification)
    if specification in REFUSED:
        assert isinstance(found, UnreadableTable)
        assert found.why.startswith("Postfix refuses it")
    else:
        assert isinstance(found, Table)
        assert result(found.lookup(key)) in ("d e", "b", "2", "hello world", "hello", "a b", "d", "=b", "OK", "x")


def test_patterns(read):
    text = (
        "/^a/ one\n!/^b/i two three\nif /c/\n|d/e| $1\nendif\n/bad( x\nno slashes\n/x/\n/y/ z\n/a\\/b/x esc\n/q/& no\n"
    )
    found = read("pcre", text)
    assert found.kind is Kind.PATTERN
    assert [(one.key, one.result) for one in found.entries] == [
        ("/^a/", "one"),
        ("!/^b/i", "two three"),
        ("|d/e|", "$1"),
        ("/x/", ""),
        ("/y/", "z"),
        ("/a\\/b/x", "esc"),
    ]
    assert found.ignored == (6, 7, 11)
    assert found.lookup("a") is UNDECIDED
    assert read("regexp", "# nothing\n").lookup("a") is None


def test_patterns_in_main_cf(tree):
    source = SourceFile("/etc/postfix/main.cf", "main.cf", "x = regexp:{{/^a/ b c}, {/x/ y}}\n")
    span = source.span(4, 32)
    found = read_table(tree({}), "regexp:{{/^a/ b c}, {/x/ y}}", at=span)
    assert isinstance(found, Table)
    assert [(one.key, one.result, one.span) for one in found.entries] == [("/^a/", "b c", span), ("/x/", "y", span)]


@pytest.mark.parametrize(
    ("specification", "why"),
    [
        ("mysql:/etc/postfix/mysql.cf", "only the mysql database knows its answers"),
        ("proxy:ldap:/etc/postfix/ldap.cf", "only the ldap database knows its answers"),
        ("tcp:localhost:1234", "only the server behind it knows its answers"),
        ("socketmap:unix:/x:y", "only the server behind it knows its answers"),
        ("pipemap:{static:x}", "it joins other tables, which is not looked into"),
        ("proxy:proxy:hash:/x", "a proxied table cannot be proxied again"),
        ("environ:x", "tables of this type are not read"),
        ("/etc/postfix/x", "it is not of the form type:name"),
        ("hash:table", "its name is not absolute"),
        ("", "it is not of the form type:name"),
    ],
)
def test_what_is_not_read(tree, specification, why):
    found = read_table(tree({}), specification)
    assert isinstance(found, UnreadableTable)
    assert found.why == why


def test_a_proxied_table_is_read(tree):
    found = read_table(tree({NAME: "a b\n"}), f"proxy:hash:{NAME}")
    assert isinstance(found, Table)
    assert result(found.lookup("a")) == "b"


def test_the_indexed_file(tree, tmp_path):
    host = tree({NAME: "a b\n", f"{NAME}.db": "", "/etc/postfix/lost.db": ""})
    text, index = tmp_path / NAME[1:], tmp_path / f"{NAME[1:]}.db"
    os.utime(text, (1000, 1000))
    os.utime(index, (2000, 2000))

    def note(host: Host, kind: str = "hash") -> str:
        found = read_table(host, f"{kind}:{NAME}")
        assert isinstance(found, Table)
        return found.note

    assert note(host) == ""
    assert note(host, "texthash") == ""
    assert note(host, "lmdb") == f"the indexed file {NAME}.lmdb is missing, and without it Postfix has no table"
    os.utime(text, (3000, 3000))
    assert note(host) == f"the indexed file {NAME}.db is older than its text"
    assert note(Host((Mount("/", str(tmp_path)),), modes_known=False)) == ""
    lost = read_table(host, "hash:/etc/postfix/lost")
    assert isinstance(lost, UnreadableTable)
    assert "only the indexed file /etc/postfix/lost.db is there" in lost.why
    assert "no such file" in str(read_table(host, "hash:/etc/postfix/nothing"))


def test_secrets_are_hidden(tree):
    text = (
        "# [old.example.org] me:old-secret\n[mail.example.org]:587 me:the-secret\n  more-secret\n"
        "bad-secret\nx me:third-secret\n"
    )
    name = "/etc/postfix/sasl_passwd"
    found = read_table(tree({name: text}), f"hash:{name}")
    assert isinstance(found, Table)
    assert found.source is not None
    shown = [found.source.shown_line(number) for number in range(1, 6)]
    assert shown == ["# hidden", "[mail.example.org]:587# hidden", "# hidden", "# hidden", "x# hidden"]
    assert "secret" not in repr(found) + repr(found.entries)
    assert result(found.lookup("x")) == "me:third-secret"
    other = read_table(tree({NAME: text}), f"texthash:{NAME}", secret=True)
    assert isinstance(other, Table)
    assert other.source is not None
    assert other.source.shown_line(5) == "x# hidden"


def test_no_message_shows_what_stands_in_braces(tree):
    for specification in ("inlin:{a=the-secret}", "inline:{a= the-secret}", "x{the-secret}", "mysql:{the-secret}"):
        found = read_table(tree({}), specification)
        assert "the-secret" not in str(found) + repr(found)
    assert str(read_table(tree({}), "hash:/a\x1b[31m")).startswith("hash:/a\\x1b[31m: ")


def test_too_many_entries(read, tree, monkeypatch):
    monkeypatch.setattr(tables, "MAX_ENTRIES", 2)
    found = read("texthash", "a b\nc d\ne f\n")
    assert found.cut
    assert len(found.entries) == 2
    assert isinstance(read_table(tree({NAME: "::1 a\n::2 a\n::3 a\n"}), f"cidr:{NAME}"), UnreadableTable)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("texthash", "a" * 1_000_000 + " b\n"),
        ("texthash", '"' * 1_000_001 + " b\n"),
        ("texthash", "a b\n" + " c\n" * 100_000),
        ("cidr", "if 10.0.0.0/8\n" * 50_000 + "10.0.0.1 x\n"),
        ("regexp", "/" + "\\/" * 500_000 + "/ x\n"),
        ("regexp", ("/" + "a" * 50 + "\n") * 20_000),
    ],
    ids=["long key", "quotes", "continuations", "ifs", "long pattern", "open patterns"],
)
def test_time_is_linear(read, kind, text):
    start = time.process_time()
    read(kind, text).lookup("10.0.0.1")
    assert time.process_time() - start < 5


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    st.sampled_from(["texthash", "hash", "cidr", "pcre"]),
    st.text('ab/!"\\ \n\t0.1:#{}=if\0\x80', max_size=60).map(str.encode) | st.binary(max_size=60),
    st.sampled_from(["inline", "static", "cidr", "regexp", "proxy", "proxy:inline"]),
)
def test_never_raises(tmp_path, kind, data, inside):
    (tmp_path / "t").write_bytes(data)
    host = Host((Mount("/", str(tmp_path)),))
    specification = f"{inside}:{{{data.decode('utf-8', 'surrogateescape')}}}"
    for found in (read_table(host, f"{kind}:/t"), read_table(host, specification)):
        assert str(found) or repr(found)
        if isinstance(found, Table):
            for key in ("", "a", "0.0.0.1", "::1"):
                found.lookup(key)
