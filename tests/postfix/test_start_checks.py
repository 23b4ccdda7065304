"""What every program of Postfix refuses when it starts, as postmap 3.7.11, 3.10.13 and 3.11.7 said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from postfix_texts import read

if TYPE_CHECKING:
    from pathlib import Path

STYLE = "mynetworks_style"
VERP = "parameters default_verp_delimiters and verp_delimiter_filter"


@pytest.mark.parametrize(
    ("main", "expected"),
    [
        ("syslog_facility = foo", "parameter syslog_facility: unrecognized value: foo"),
        ("syslog_facility = local0", None),
        ("inet_protocols = ipv4, ipv5", 'unknown inet_protocols value "ipv5" in "ipv4, ipv5"'),
        ("inet_protocols =", None),
        (f"{STYLE} = foo", 'unknown mynetworks mask style value "foo" in "foo"'),
        (f"{STYLE} = class, host", f"bad {STYLE} value: class, host; specify exactly one value"),
        (f"{STYLE} = host, host", None),
        (f"{STYLE} = foo\nmynetworks = 127.0.0.0/8", None),
        (f"{STYLE} =", f"bad string length 0 < 1: {STYLE} = "),
        ("myhostname = mail.$mydomain", "parameter myhostname: bad parameter value: mail."),
        ("myhostname = mail.$mydomain\nmydomain = example.org", None),
        ("myhostname = $mydomain", "bad string length 0 < 1: myhostname = "),
        ("myhostname = 192.0.2.1", "parameter myhostname: bad parameter value: 192.0.2.1"),
        ("myhostname = mail.12", "parameter mydomain: bad parameter value: 12"),
        ("myhostname = mail-.example.org", "parameter myhostname: bad parameter value: mail-.example.org"),
        ("myhostname = mail_1.example.org", None),
        ("mydomain = a b", "parameter mydomain: bad parameter value: a b"),
        (
            "myhostname = a.example\nrelayhost = A.example",
            "myhostname and relayhost parameter settings must not be identical: A.example",
        ),
        ("myorigin = a, b", "myorigin parameter setting must not contain multiple values: a, b"),
        ("default_verp_delimiters = +x", f"{VERP}: bad second VERP delimiter character"),
        ("verp_delimiter_filter = +", f"{VERP}: bad second VERP delimiter character"),
        ("default_verp_delimiters = +-", None),
        ("maillog_file = /tmp/x", "maillog_file value '/tmp/x' does not match any prefix in maillog_file_prefixes"),
        ("maillog_file = /var/log/x", None),
        ("import_environment = TZ =x", "update_env: missing attribute name in: =x"),
        ("import_environment = TZ { LANG = C }", None),
        ("mail_version =", "bad string length 0 < 1: mail_version = "),
        ("postlog_service_name = $mydomain", "bad string length 0 < 1: postlog_service_name = "),
        (
            "mydestination = a $$",
            "macro processing error: fast_flush_domains expands what mydestination comes to",
        ),
        ("mydestination = a $$\ncompatibility_level = 3.6", None),
        ("mydestination = a $$\nrelay_domains =", None),
        ("queue_directory = $nosuch", "bad string length 0 < 1: queue_directory = "),
    ],
)
def test_start_checks(tmp_path: Path, main: str, expected: str | None) -> None:
    messages = [problem.message for problem in read(tmp_path, f"{main}\n", None).problems]
    assert messages == ([expected] if expected else [])
