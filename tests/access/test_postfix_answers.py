"""What access tables answer; each case was tried on the daemon by tests/live/relay_trials.py."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from auditor.access.patterns import plain_pattern
from auditor.access.postfix_answers import Text, Verdict, answer_of, client_answers, helo_keys, mail_keys, text_answer
from auditor.files.tables import Entry, read_table
from auditor.host import Host, Mount


def table(tmp_path, kind, text):
    (tmp_path / "table").write_text(text)
    return read_table(Host((Mount("/", str(tmp_path)),)), f"{kind}:/table")


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        ("OK", Verdict.PERMIT),
        ("relay because", Verdict.PERMIT),
        ("1122334455", Verdict.PERMIT),
        ("550", Verdict.PERMIT),
        ("550 no", Verdict.REFUSE),
        ("Reject", Verdict.REFUSE),
        ("451 4.7.1 later", Verdict.REFUSE),
        ("DISCARD", Verdict.REFUSE),
        ("DUNNO", Verdict.PASS),
        ("PREPEND X-Seen: yes", Verdict.PASS),
        ("defer_if_permit", Verdict.DEFER),
        ("DEFER_IF_REJECT later", Verdict.PASS),
        ("check_helo_access hash:/a", Verdict.ERROR),
        ("permit_mynetworks, reject", Verdict.RESTRICTIONS),
        ("okay", Verdict.RESTRICTIONS),
    ],
)
def test_results(result, verdict):
    assert answer_of(Entry("key", result)).verdict is verdict


@pytest.mark.parametrize(
    ("address", "verdict"),
    [
        ("198.51.100.7", Verdict.PERMIT),
        ("198.51.100.8", Verdict.REFUSE),
        ("198.51.7.7", Verdict.DEFER),
        ("198::7", Verdict.DEFER),
        ("2001:db8::7", Verdict.REFUSE),
        ("2001::7", Verdict.PERMIT),
        ("::1", Verdict.PERMIT),
        ("203.0.113.7", Verdict.PASS),
    ],
)
def test_parts_of_addresses_are_compared_as_text(tmp_path, address, verdict):
    text = (
        "198.51.100.7 OK\n198.51.100 REJECT\n198 defer_if_permit\n2001:db8 REJECT\n2001 OK\n::1 OK\n"
        "2001:db8:0:0:0:0:0:7 OK\nnobody.example.org REJECT\n"
    )
    answers = client_answers(table(tmp_path, "texthash", text), "texthash:/table")
    assert [answer.verdict for addresses, answer in answers if ip_address(address) in addresses] == [verdict]


def test_clients_without_a_name_are_called_unknown(tmp_path):
    answers = client_answers(table(tmp_path, "texthash", "unknown OK\n198.51.100.7 REJECT\n"), "")
    assert [answer.verdict for _, answer in answers] == [Verdict.PERMIT]


def test_keys():
    assert [*helo_keys("a.b.c", parents=True)] == ["a.b.c", "b.c", "c"]
    assert [*helo_keys("a.b.c", parents=False)] == ["a.b.c", ".b.c", ".c"]
    assert [*helo_keys("192.0.2.7", parents=True)] == ["192.0.2.7"]
    assert [*mail_keys("u+x@b.c", parents=True)] == ["u+x@b.c", "u@b.c", "b.c", "c", "u+x@", "u@"]
    assert [*mail_keys("", parents=True)] == ["<>"]


@pytest.mark.parametrize(
    ("patterns", "said", "verdict"),
    [
        ("/^mail\\.example\\.org$/ OK", "mail.example.org", Verdict.PERMIT),
        ("/^mail\\.example\\.org$/ OK", "mail.example.org.", Verdict.PASS),
        ("/example/ REJECT\n/./ OK", "EXAMPLE.net", Verdict.REFUSE),
        ("/example/ REJECT\n/./ OK", "other", Verdict.PERMIT),
        ("!/example/ REJECT", "other", Verdict.REFUSE),
        ("!/example/ REJECT", "example", Verdict.PASS),
        ("if /mail/\n/./ OK\nendif", "mail", Verdict.PASS),
        ("/^(a|b)$/ REJECT\n/./ OK", "a", Verdict.PERMIT),
        ("!/^(a|b)$/ OK", "a", Verdict.UNKNOWN),
    ],
)
def test_regular_expressions_are_judged_as_far_as_they_are_plain(tmp_path, patterns, said, verdict):
    assert text_answer(table(tmp_path, "regexp", patterns), Text(said), [said]).verdict is verdict


def test_only_plain_text_is_plain():
    assert plain_pattern(Entry("/a.b/i", "OK"))
    assert [plain_pattern(Entry(key, "OK")) for key in ("/a+/", "/[ab]/", "/a|b/", "/a/x", "a")] == [None] * 5
