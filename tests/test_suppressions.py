"""Comments that suppress findings, as a user writes them."""

from __future__ import annotations

from pathlib import Path
from time import process_time
from typing import Any

import pytest
from reports import validated

from auditor import cli

MAIN = "compatibility_level = 3.6\nmyhostname = mail.example.org\nsmtpd_tls_security_level = may\n"
SMTPD = "smtp inet n - y - - smtpd\n"
CERTIFICATE = "smtpd_tls_cert_file = /etc/cert.pem\n"
ASK = "smtpd_tls_ask_ccert = yes\n"
IGNORE = "# mailaudit: ignore[ask-ccert-global] nobody else connects here\n"
OURS = ("suppression-invalid", "suppression-expired", "suppression-unused")
ONLY = ",".join(("ask-ccert-global", "private-key-world-readable", "syntax-error", *OURS))


@pytest.fixture
def report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Audit a main.cf and a master.cf; returns the rules that found something, and the report."""

    def audited(main: str = "", master: str = SMTPD, *arguments: str) -> tuple[set[str], dict[str, Any]]:
        (tmp_path / "etc/postfix").mkdir(parents=True, exist_ok=True)
        (tmp_path / "etc/postfix/main.cf").write_text(MAIN + main)
        (tmp_path / "etc/postfix/master.cf").write_text(master)
        only = () if "--select" in arguments else ("--select", ONLY)
        cli.run([str(tmp_path / "etc"), "--format", "json", "--now", "2026-11-22", *only, *arguments])
        out, err = capsys.readouterr()
        assert err == ""
        found = validated(out)
        return {finding["rule"] for finding in found["findings"]} & {"ask-ccert-global", *OURS}, found

    return audited


def test_a_suppressed_finding_stays_in_the_report_and_does_not_count(report: Any) -> None:
    rules, found = report(IGNORE.replace("] ", "] until=2026-11-22 -- ") + ASK)
    assert rules == set()
    (one,) = found["suppressed"]
    assert one["rule"] == "ask-ccert-global"
    assert one["suppression"]["reason"] == "nobody else connects here"
    assert one["suppression"]["until"] == "2026-11-22"
    assert one["suppression"]["line"] == 4
    assert one["fingerprint"] == report(ASK)[1]["findings"][0]["fingerprint"]


def test_for_auditors_there_is_no_suppression(report: Any) -> None:
    rules, found = report(IGNORE + ASK + "\n# mailaudit: ignore[]\n", SMTPD, "--no-suppressions")
    assert (rules, found["suppressed"]) == ({"ask-ccert-global"}, [])


@pytest.mark.parametrize(
    ("comment", "rules"),
    [
        ("# mailaudit: ignore[ask-ccert-global]\n", {"ask-ccert-global", "suppression-invalid"}),
        ("# mailaudit: ignore[ask-ccert-global] --\n", {"ask-ccert-global", "suppression-invalid"}),
        ("# mailaudit: ignore[ask-ccert-global] until=2027-01-01\n", {"ask-ccert-global", "suppression-invalid"}),
        ("# mailaudit: ignore[ask-ccert-global] untill=2027-01-01 x\n", {"ask-ccert-global", "suppression-invalid"}),
        ("# mailaudit: ignore[ask-ccert-global] until=2027-02-30 x\n", {"ask-ccert-global", "suppression-invalid"}),
        ("# mailaudit: ignore[ask-ccert-global] until=2026-11-21 x\n", {"ask-ccert-global", "suppression-expired"}),
        (f"# mailaudit: ignore[ask-ccert-global] {'x' * 1000}\n", {"ask-ccert-global", "suppression-invalid"}),
        (
            f"# mailaudit: ignore[ask-ccert-global,{','.join('abcdefghij')}] x\n",
            {"ask-ccert-global", "suppression-invalid"},
        ),
        ("# mailaudit: ignore[*] x\n", {"ask-ccert-global", "suppression-invalid"}),
        ("# mailaudit: ignore x\n", {"ask-ccert-global", "suppression-invalid"}),
        ("# mailaudit: ignor[ask-ccert-global] x\n", {"ask-ccert-global", "suppression-invalid"}),
        ("# MailAudit ignore [ask-ccert-global] x\n", {"ask-ccert-global", "suppression-invalid"}),
        ("# mailaudit: ignore[ask-ccert-globl, ask-ccert-global] x\n", {"suppression-invalid"}),
        ("# mailaudit: ignore[syntax-error, ask-ccert-global] x\n", {"suppression-unused"}),
        ("# mailaudit: ignore[ask-ccert-global] x\n# why\n", set()),
        ("  #mailaudit:ignore[ask-ccert-global]x\n", set()),
        ("# mailaudit: ignore[ask-ccert-global] x\n\n", {"ask-ccert-global", "suppression-invalid"}),
    ],
)
def test_as_it_is_written(report: Any, comment: str, rules: set[str]) -> None:
    assert report(comment + ASK)[0] == rules


@pytest.mark.parametrize(
    ("main", "master", "rules"),
    [
        (IGNORE + "smtpd_tls_ask_ccert =\n# between\n  yes\n", SMTPD, set()),
        ("smtpd_tls_ask_ccert =\n" + IGNORE + "  yes\n", SMTPD, {"ask-ccert-global", "suppression-unused"}),
        ("", IGNORE + SMTPD + " -o syslog_name=x\n -o smtpd_tls_ask_ccert=yes\n", set()),
        ("", SMTPD + " -o syslog_name=x\n" + IGNORE + " -o smtpd_tls_ask_ccert=yes\n", set()),
        (
            "",
            SMTPD + IGNORE + " -o syslog_name=x\n -o smtpd_tls_ask_ccert=yes\n",
            {"ask-ccert-global", "suppression-unused"},
        ),
        ("x = a # mailaudit: ignore[ask-ccert-global] no comment\n" + ASK, SMTPD, {"ask-ccert-global"}),
    ],
)
def test_where_it_stands(report: Any, main: str, master: str, rules: set[str]) -> None:
    assert report(main, master)[0] == rules


def test_nothing_is_called_unused_that_could_not_be_judged(report: Any) -> None:
    assert report(IGNORE + "soft_bounce = no\n", SMTPD, "--select", "suppression-unused,syntax-error")[0] == set()
    key = CERTIFICATE + "# mailaudit: ignore[private-key-world-readable] x\nsmtpd_tls_key_file = /etc/ssl/key.pem\n"
    assert report(key, SMTPD, "--no-modes")[0] == set()
    assert report(key.replace(CERTIFICATE, ""), SMTPD, "--modes")[0] == {"suppression-unused"}


def test_a_finding_about_a_file_is_suppressed_where_it_is_named(report: Any, tmp_path: Path) -> None:
    key = tmp_path / "etc/key.pem"
    key.parent.mkdir()
    tmp_path.chmod(0o755)
    key.write_text((Path(__file__).parent / "pki/server.key").read_text())
    key.chmod(0o644)
    setting = "smtpd_tls_key_file = /etc/key.pem\n"
    comment = "# mailaudit: ignore[private-key-world-readable] the key of a test\n"
    named = [one["rule"] for one in report(CERTIFICATE + setting, SMTPD, "--modes")[1]["findings"]]
    assert "private-key-world-readable" in named
    rules, found = report(CERTIFICATE + comment + setting, SMTPD, "--modes")
    assert [one["rule"] for one in found["suppressed"]] == ["private-key-world-readable"]
    assert rules == set()


def test_there_may_be_too_many(report: Any) -> None:
    _, found = report("# mailaudit: ignore[x] y\n" * 1001)
    assert [one["why"] for one in found["not_checked"] if "suppressions from" in one["what"]] == [
        "there are more than 1000"
    ]


def test_a_hostile_file_takes_no_long(report: Any) -> None:
    names = ",".join(f"{letter}{letter}" for letter in "abcdefghij")
    began = process_time()
    _, found = report(f"# mailaudit: ignore[{names}] x\n" * 1000 + f"# mailaudit: ignore[{'x,' * 100_000}] x\n" + ASK)
    assert len([one for one in found["findings"] if one["rule"] == "suppression-invalid"]) == 1000
    assert any("too many to list" in one["why"] for one in found["not_checked"])
    assert process_time() - began < 20


def test_people_see_what_is_suppressed_and_why(report: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report(IGNORE.replace("] ", "] until=2027-01-01 to \x1b[31m x_password=hunter2 ") + ASK)
    assert cli.run([str(tmp_path / "etc"), "--now", "2026-11-22", "--select", ONLY]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "[ask-ccert-global]" in out
    assert "(until 2027-01-01)" in out
    assert "1 suppressed" in out
    assert "hunter2" not in out
    assert "\x1b" not in out
