"""The engine: what it reads, what it runs, and how it puts the answers together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cases import NOW
from reports import json_report, text_report

from auditor import audit as engine
from auditor.audit import Audit, Versions, audit
from auditor.discover import discover
from auditor.finding import NotChecked, Severity
from auditor.rule import DovecotRule, HostRule, PostfixRule
from auditor.rule import discover as all_rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.finding import Finding
    from auditor.model import AuditedHost, Dovecot, Postfix


class AboutDovecot(DovecotRule):
    """About Dovecot."""

    name = "about-dovecot"
    severity = Severity.LOW

    def check(self, subject: Dovecot) -> Iterator[Finding | NotChecked]:
        main = subject.configuration.main_file
        yield self.finding(main.span(0, 1), "first")
        yield self.finding(main.span(0, 1), "first")
        yield self.not_checked("the same", "for two reasons")


class AboutPostfix(PostfixRule):
    """About Postfix."""

    name = "about-postfix"
    severity = Severity.CRITICAL

    def check(self, subject: Postfix) -> Iterator[Finding | NotChecked]:
        assert subject.configuration.main_file
        yield self.finding(subject.configuration.main_file.span(0, 1), subject.configuration.config_directory)
        yield self.not_checked("the same", "for two reasons")


class AboutHost(HostRule):
    """About a host."""

    name = "about-host"
    severity = Severity.MEDIUM

    def check(self, subject: AuditedHost) -> Iterator[Finding | NotChecked]:
        yield self.finding(subject.host.root, "a host")


RULES = (AboutDovecot, AboutPostfix, AboutHost)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {
        "dovecot/dovecot.conf": "protocols = imap\n",
        "postfix/main.cf": "multi_instance_directories = /etc/postfix-out, /etc/postfix-nowhere /srv/postfix-in\n",
        "postfix/master.cf": "smtp inet n - y - - smtpd\n",
        "postfix-out/main.cf": "multi_instance_directories = /etc/postfix /etc/postfix-out\n",
        "postfix-out/master.cf": "",
    }.items():
        path = tmp_path / "etc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "srv/postfix-in").mkdir(parents=True)
    (tmp_path / "srv/postfix-in/main.cf").write_text("myhostname = in.example.org\n")
    return tmp_path


def run(root: Path, *rules: type, versions: Versions | None = None) -> Audit:
    return audit(discover([str(root / "etc")]), rules, now=NOW, versions=versions)


def test_each_rule_sees_what_it_is_about(root: Path) -> None:
    found = run(root, *RULES).findings
    assert [(one.rule, one.message) for one in found] == [
        ("about-postfix", "/etc/postfix-out"),
        ("about-postfix", "/etc/postfix"),
        ("about-postfix", "/srv/postfix-in"),
        ("about-host", "a host"),
        ("about-dovecot", "first"),
    ]


def test_instances_named_in_main_cf_are_read_once_each(root: Path) -> None:
    (host,) = run(root).hosts
    assert sorted(one.config_directory for one in host.postfix) == [
        "/etc/postfix",
        "/etc/postfix-out",
        "/srv/postfix-in",
    ]


def test_what_was_not_checked_is_said_once_with_every_rule(root: Path) -> None:
    entries = [one for one in run(root, *RULES).not_checked if one.what == "the same"]
    assert entries == [NotChecked("the same", "for two reasons", ("about-dovecot", "about-postfix"))]


def test_too_many_findings_are_cut_and_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MAX_RESULTS", 2)
    result = run(root, AboutPostfix)
    assert len(result.findings) == 1
    assert any("more than 2 places" in one.what and one.rules == ("about-postfix",) for one in result.not_checked)


def test_versions_come_from_the_user_or_from_the_packages(root: Path) -> None:
    (root / "var/lib/dpkg").mkdir(parents=True)
    (root / "var/lib/dpkg/status").write_text(
        "Package: dovecot-core\nStatus: install ok installed\nVersion: 1:2.3.19.1+dfsg1-2\n\n"
        "Package: postfix\nStatus: install ok installed\nVersion: 3.7.11-0+deb12u1\n"
    )
    (host,) = run(root).hosts
    assert [(one.version, one.version_from) for one in host.dovecot] == [("2.3.19.1", "dpkg")]
    assert {(one.version, one.version_from) for one in host.postfix} == {("3.7.11", "dpkg")}
    (host,) = run(root, versions=Versions("2.3.13", "3.5.25")).hosts
    assert [(one.version, one.version_from) for one in host.dovecot] == [("2.3.13", "option")]
    assert {(one.version, one.version_from) for one in host.postfix} == {("3.5.25", "option")}


def test_where_nothing_tells_the_version_the_report_says_so(root: Path) -> None:
    """What depends on the version is said of the one that is named (claim: blog 118, claim: blog 130)."""
    result = run(root)
    assert {one["version_from"] for one in json_report(result)["hosts"][0]["postfix"]} == {"assumed"}
    assert "assumed; --postfix-version says otherwise" in " ".join(text_report(result).split())


def test_what_a_driver_of_ones_own_answers_is_said_not_to_be_known(root: Path) -> None:
    """A passdb whose answers are a program's is neither sound nor open (claim: blog 120-122)."""
    (root / "etc/dovecot/dovecot.conf").write_text(
        "protocols = imap\nauth_mechanisms = plain external\n"
        "passdb {\n  driver = lua\n  args = file=/etc/users.lua\n}\n"
    )
    result = run(root, *all_rules())
    unknown = [one for one in result.not_checked if "lua" in one.why]
    assert any("passdb-empty-password" in one.rules for one in unknown)
    assert not any(one.rule.startswith("passdb-") for one in result.findings)


def test_a_reader_that_raises_hides_no_other(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from auditor import read

    monkeypatch.setattr(read, "read_dovecot", lambda *_: {}["hunter2"])
    result = run(root, *RULES)
    assert {one.rule for one in result.findings} == {"about-host", "about-postfix"}
    (failure,) = result.failures
    assert failure.internal
    assert failure.path == str(root / "etc/dovecot/dovecot.conf")
    assert "hunter2" not in failure.message


def test_a_model_that_cannot_be_built_hides_no_other_host(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "build_model", lambda *_: {}["hunter2"])
    (failure,) = run(root, *RULES).failures
    assert (failure.internal, failure.path) == (True, str(root))


def test_two_audits_of_the_same_are_the_same(root: Path) -> None:
    rules = all_rules()
    assert json_report(run(root, *rules)) == json_report(run(root, *rules))
