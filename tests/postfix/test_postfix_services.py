"""Which services of master.cf are in effect, and where they listen."""

from __future__ import annotations

import pytest
from postfix_texts import read

from auditor.postfix.services import is_disabled, smtpd_address, smtpd_port


@pytest.mark.parametrize(
    ("name", "port", "address"),
    [
        ("smtp", 25, ""),
        ("25", 25, ""),
        ("465", 465, ""),
        ("smtps", 465, ""),
        ("submissions", 465, ""),
        ("submission", 587, ""),
        ("[::]:465", 465, "::"),
        ("127.0.0.1:submission", 587, "127.0.0.1"),
        ("mail.example.org:smtp", 25, "mail.example.org"),
        (":2525", 2525, ""),
        ("2001:db8::1:25", 25, "2001:db8::1"),
        ("nosuchservice", None, ""),
        ("99999999999999999999", None, ""),
    ],
)
def test_ports_and_addresses(tmp_path, name, port, address):
    (service,) = read(tmp_path, "", f"{name} inet n - n - - smtpd\n").services
    assert (smtpd_port(service), smtpd_address(service)) == (port, address)


def test_other_services_have_no_port(tmp_path):
    (service,) = read(tmp_path, "", "25 unix - - n - - smtpd\n").services
    assert (smtpd_port(service), smtpd_address(service)) == (None, "")


def enabled(tmp_path, main, *names):
    master = "".join(f"{name} inet n - n - - smtpd -o syslog_name=x\n" for name in names)
    return [service.enabled for service in read(tmp_path, main, master).services]


def test_the_last_of_two_entries_for_one_endpoint_counts(tmp_path):
    # master(8) uses the last entry: master_config() compares the canonical address and port.
    assert enabled(tmp_path, "", "smtp", "25", "587") == [False, True, True]
    assert enabled(tmp_path, "", "127.0.0.1:25", "smtp") == [True, True]
    assert enabled(tmp_path, "", "[::1]:25", "[0:0::1]:smtp") == [False, True]
    master = "x unix - - n - - smtp\nx unix n - n - - smtp\nx unix y - n - - lmtp\n"
    assert [service.enabled for service in read(tmp_path, "", master).services] == [False, True, True]


def test_services_that_are_switched_off(tmp_path):
    assert enabled(tmp_path, "master_service_disable = smtp.inet, 587/inet\n", "smtp", "25", "587") == [
        False,
        True,
        False,
    ]
    assert enabled(tmp_path, "master_service_disable = inet\n", "smtp", "587") == [False, False]
    assert enabled(tmp_path, "master_service_disable = !smtp/inet, inet\n", "smtp", "587") == [True, False]


def test_disabled_patterns():
    assert is_disabled("smtp/inet", ["SMTP.INET"])
    assert is_disabled("smtp/inet", ["!!inet"])
    assert not is_disabled("smtp/inet", ["smtp"])
    assert not is_disabled("smtp/inet", [])


def test_braces_in_the_listing(tmp_path):
    """As ``postconf -M`` of 3.7.11 and 3.10.13 prints them."""
    lines = ("{a b} {c d}", "x {a b} {{c}} {{c} d}", "-v {a b} {c d}", "-- {a b}", "-o {a={b}} -o {a={b c}}", "{a b")
    master = "".join(f"s{number} unix - - n 0 1 p {line}\n" for number, line in enumerate(lines))
    assert [one.command for one in read(tmp_path, "", master).services] == [
        "p a b {c d}",
        "p x {a b} {c} {{c} d}",
        "p -v a b {c d}",
        "p -- {a b}",
        "p -o a={b} -o {a={b c}}",
        "p a b",
    ]


def test_fields_options_and_arguments(tmp_path):
    master = (
        "smtp inet n - y - 1 postscreen\nsmtpd pass - - y - - smtpd -v\n"
        "dovecot unix - n n - - pipe -o a=b\n  flags=DRhu user=vmail argv=/bin/lda -f { a b }\n"
    )
    smtp, smtpd, dovecot = read(tmp_path, "", master).services
    assert (smtp.program, smtp.maxproc, smtp.chroot) == ("postscreen", "1", "y")
    assert (smtpd.type, smtpd.program, smtpd.command) == ("pass", "smtpd", "smtpd -v")
    assert dovecot.command == "pipe -o a=b flags=DRhu user=vmail argv=/bin/lda -f {a b}"
    assert dovecot.arguments == ("flags=DRhu", "user=vmail", "argv=/bin/lda", "-f", "a b")
    assert {name: option.value for name, option in dovecot.options.items()} == {"a": "b"}
    assert dovecot.origin.span.line == 3
    assert dovecot.span.end_line == 4
