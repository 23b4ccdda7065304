from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.files import passwd_file
from auditor.files.passwd_file import PasswdFile, Password, read_passwd_file
from auditor.host import Host, Mount, Reason, Unreadable

NAME = "/etc/dovecot/users"


@pytest.fixture
def read(tree):
    def users(text: str | bytes, dialect: str = "2.3") -> PasswdFile:
        found = read_passwd_file(tree({NAME: text}), NAME, dialect=dialect)
        assert isinstance(found, PasswdFile)
        return found

    return users


@pytest.mark.parametrize(
    ("column", "password", "scheme"),
    [
        ("", Password.EMPTY, ""),
        ("{PLAIN}", Password.EMPTY, "PLAIN"),
        ("{plain}", Password.EMPTY, "PLAIN"),
        ("{PLAIN.b64}", Password.EMPTY, "PLAIN.B64"),
        ("{PLAIN}x", Password.PRESENT, "PLAIN"),
        ("{SHA512-CRYPT}$6$a$b", Password.PRESENT, "SHA512-CRYPT"),
        ("*", Password.PRESENT, ""),
        ("!", Password.PRESENT, ""),
        ("x", Password.PRESENT, ""),
        ("{PLAIN", Password.PRESENT, ""),
        ("$1$salt$hash", Password.PRESENT, "MD5-CRYPT"),
        ("$1$salt", Password.PRESENT, ""),
        ("$6$salt$hash", Password.PRESENT, ""),
        ("hash[13]", Password.PRESENT, "CRYPT"),
        ("hash[34]", Password.PRESENT, "PLAIN-MD5"),
        (32 * "a" + "[56]", Password.PRESENT, "DIGEST-MD5"),
        ("[13]", Password.PRESENT, ""),
        (" ", Password.PRESENT, ""),
    ],
)
def test_password_column(read, column, password, scheme):
    (entry,) = read(f"alice:{column}\n").entries
    assert (entry.user, entry.password, entry.scheme) == ("alice", password, scheme)


def test_a_name_alone_has_no_password(read):
    (entry,) = read("alice").entries
    assert entry.password is Password.ABSENT
    assert entry.is_empty


def test_what_is_skipped_and_what_is_not(read):
    found = read("\n# bob:x\n:nobody\n #carol:x\n\r\ndave:\r\n")
    assert [(entry.user, entry.line, entry.password) for entry in found.entries] == [
        (" #carol", 4, Password.PRESENT),
        ("dave", 6, Password.EMPTY),
    ]


def test_the_first_entry_of_a_name_wins(read):
    found = read("alice:\nbob:x\nalice:{PLAIN}secret\n")
    assert [(entry.user, entry.line) for entry in found.entries] == [("alice", 1), ("bob", 2)]
    assert found.duplicates == (3,)


def test_an_entry_with_a_digest_of_a_wrong_length_is_dropped(read):
    found = read("alice:short[56]\nbob:\n")
    assert [entry.user for entry in found.entries] == ["bob"]
    assert found.invalid == (1,)


@pytest.mark.parametrize(
    ("tail", "dialect", "fields"),
    [
        ("nopassword", "2.3", {"nopassword": ""}),
        (
            "nopassword=no  allow_nets=10.0.0.0/8,::1/128 =x",
            "2.3",
            {"nopassword": "no", "allow_nets": "10.0.0.0/8,::1/128"},
        ),
        ("userdb_mail=maildir:/var/mail nopassword", "2.3", {"userdb_mail": "maildir:/var/mail", "nopassword": ""}),
        (": nopassword", "2.3", {}),
        (": nopassword", "2.4", {":": "", "nopassword": ""}),
        ("a=1 a=2", "2.4", {"a": "2"}),
        ("", "2.4", {}),
    ],
)
def test_extra_fields(read, tail, dialect, fields):
    (entry,) = read(f"alice:{{PLAIN}}x:1000:1000::/home/alice:/bin/sh:{tail}\n", dialect).entries
    assert entry.extra_fields == fields


def test_a_column_too_early_is_no_extra_field(read):
    (entry,) = read("alice::1000:1000::/home/alice:nopassword\n").entries
    assert entry.extra_fields == {}


def test_a_line_ends_at_a_nul(read):
    (entry,) = read(b"alice:\0hash\n").entries
    assert entry.password is Password.EMPTY


def test_nothing_behind_the_first_colon_is_shown(read):
    found = read(
        "alice:hash-of-alice:1000:1000:Alice:/home\nbob\n#carol:hash-of-carol\nali:hash-of-ali\nalice:second\n"
    )
    shown = [found.source.shown_line(number) for number in range(1, 6)]
    assert shown == ["alice:# hidden", "bob", "#carol:# hidden", "ali:# hidden", "alice:# hidden"]
    assert "hash" not in repr(found.entries) + repr(found)
    assert found.span(found.entries[0]).text == "alice"
    assert found.origin(found.entries[2]).span.line == 4


def test_a_password_behind_a_blank_is_not_shown(read):
    users = read("smtp.example.org alice hunter2\nbob\n")
    assert users.source.shown_line(1) == "smtp.example.org # hidden"
    assert users.source.shown_line(2) == "bob"


def test_a_file_that_is_not_there(tree):
    found = read_passwd_file(tree({}), NAME)
    assert isinstance(found, Unreadable)
    assert found.reason is Reason.MISSING


def test_too_many_entries(read, monkeypatch):
    monkeypatch.setattr(passwd_file, "MAX_ENTRIES", 3)
    found = read("a:1\nb:2\nb:3\nc:4\nd:5\n")
    assert found.cut
    assert [entry.user for entry in found.entries] == ["a", "b"]
    assert found.source.shown_line(5) == "# hidden"
    assert not read("a:1\nb:2\n").cut


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.binary(max_size=80) | st.text("ab:{}[]$# \r\n\0PLAIN=1", max_size=80).map(str.encode))
def test_never_raises(tmp_path, data):
    (tmp_path / "users").write_bytes(data)
    found = read_passwd_file(Host((Mount("/", str(tmp_path)),)), "/users")
    assert isinstance(found, PasswdFile)
    for entry in found.entries:
        assert found.span(entry).text == entry.user
