"""What is written in place of deprecated parameters, and as a version of Postfix reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cases import NOW

from auditor.audit import Versions, audit
from auditor.change import SetValue
from auditor.discover import discover
from auditor.model.postfix_fixes import recent_protocols

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("main", "titles"),
    [
        ("smtpd_use_tls = yes", ["write `smtpd_tls_security_level = may` for `smtpd_use_tls`"]),
        ("smtpd_use_tls = no", ["take out `smtpd_use_tls`"]),
        ("smtpd_use_tls = yes\nsmtpd_tls_security_level = encrypt", ["take out `smtpd_use_tls`"]),
        ("smtpd_enforce_tls = yes", ["write `smtpd_tls_security_level = encrypt` for `smtpd_enforce_tls`"]),
        ("smtp_enforce_tls = yes", ["write `smtp_tls_security_level = verify` for `smtp_enforce_tls`"]),
        ("smtp_tls_enforce_peername = no", ["take out `smtp_tls_enforce_peername`"]),
        ("disable_dns_lookups = yes", ["write `smtp_dns_support_level = disabled` for `disable_dns_lookups`"]),
        ("fallback_relay = a.example.org", ["write `smtp_fallback_relay` for `fallback_relay`"]),
        ("smtpd_tls_eecdh_grade = strong", ["take out `smtpd_tls_eecdh_grade`"]),
        # The new one has a unit in its default, and the tables have another format.
        ("postscreen_dnsbl_ttl = 2h", [None]),
        ("smtp_tls_per_site = inline:{a=MAY}", [None]),
    ],
)
def test_the_new_parameter_says_what_the_old_one_did(tmp_path: Path, main: str, titles: list[str | None]) -> None:
    folder = tmp_path / "etc/postfix"
    folder.mkdir(parents=True)
    (folder / "main.cf").write_text(f"{main}\n")
    read = audit(discover([str(tmp_path / "etc")]), [], now=NOW, versions=Versions(postfix="3.11.7"))
    deprecated = read.models[0].postfix[0].deprecated
    assert [one.fix.title if one.fix else None for one in deprecated] == titles


@pytest.mark.parametrize(
    ("version", "protocols"),
    [
        ("3.7.11", ">=TLSv1.2"),
        ("3.5.25", "!SSLv2, !SSLv3, !TLSv1, !TLSv1.1"),
        (None, "!SSLv2, !SSLv3, !TLSv1, !TLSv1.1"),
    ],
)
def test_protocols_are_spelled_as_the_version_reads_them(tmp_path: Path, version: str | None, protocols: str) -> None:
    folder = tmp_path / "etc/postfix"
    folder.mkdir(parents=True)
    (folder / "main.cf").write_text("smtpd_tls_mandatory_protocols = TLSv1\n")
    read = audit(discover([str(tmp_path / "etc")]), [], now=NOW, versions=Versions(postfix=version))
    postfix = read.models[0].postfix[0]
    fix = recent_protocols(postfix, postfix.configuration.get("smtpd_tls_mandatory_protocols"))
    assert fix is not None
    assert [change.value for change in fix.changes if isinstance(change, SetValue)] == [protocols]
