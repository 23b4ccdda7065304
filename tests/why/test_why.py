"""``mailaudit why``: what kept a rule silent, and what it was told."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor import cli
from auditor.discover import discover
from auditor.read import Versions, read_hosts
from auditor.rule import discover as all_rules
from auditor.why.conditions import Outcome
from auditor.why.explain import Why, why

REPOSITORY = Path(__file__).parents[2]
NOW = datetime(2026, 11, 22, tzinfo=UTC)
RULES = {rule.name: rule for rule in all_rules()}


def asked(rule: str, example: str) -> Why:
    hosts, _ = read_hosts(discover([str(REPOSITORY / "examples" / example)]), Versions())
    return why(RULES[rule], hosts[0], NOW)


def test_a_silent_rule_names_the_condition_that_was_not_met() -> None:
    found = asked("passdb-empty-password", "sound")
    assert not found.findings
    assert any("passdbs" in word for condition in found.conditions for term in condition.terms for word in term.words)
    told = {(one.name, one.answer, str(one.origin).rpartition("/")[2]) for one in found.asked}
    assert ("passdb#1/mechanisms", "external", "auth-passwdfile.conf.ext:17") in told


def test_what_made_a_rule_stop_is_told_as_being_so() -> None:
    stopped = asked("external-without-cert-request", "sound").conditions
    assert [condition.outcome for condition in stopped] == [Outcome.MET]
    assert any("clients are asked for a certificate" in word for term in stopped[0].terms for word in term.words)


def test_a_condition_on_a_value_is_told_by_the_rules_own_words() -> None:
    found = asked("stats-or-config-socket-open", "../tests/rules/stats-or-config-socket-open/ok-one-user-23")
    (condition,) = found.conditions
    assert [term.words for term in condition.terms] == [
        ("a mode lets every user of the host write to a socket, which is what connecting takes (unix(7))",)
    ]


def test_a_speaking_rule_shows_its_facts() -> None:
    found = asked("all-clientcerts-policy", "article")
    assert len(found.findings) == 1
    assert any(one.name == "smtpd_tls_ask_ccert" and one.answer == "yes" and one.where for one in found.asked)


def test_it_finds_what_an_audit_finds(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("crl-not-checked-by-postfix", "cert-username-field-unknown"):
        assert asked(name, "article").findings


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_can_be_asked(rule: str) -> None:
    for example in ("article", "sound-2.4"):
        found = asked(rule, example)
        assert found.findings or found.conditions or found.not_checked or not found.asked


def test_it_leaves_no_trace_function_behind() -> None:
    before = sys.gettrace()
    asked("crl-expired", "sound")
    assert sys.gettrace() is before


def test_secrets_are_hidden(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dovecot = tmp_path / "etc/dovecot/dovecot.conf"
    dovecot.parent.mkdir(parents=True)
    dovecot.write_text(
        "protocols = imap\nssl_key_password = hunter2\nssl_cert = </etc/c.pem\nssl_key = </etc/k.pem\n"
        "passdb {\n  driver = static\n  args = password=hunter2\n}\n"
    )
    for name in ("static-passdb-any-user", "key-certificate-mismatch"):
        assert cli.run(["why", name, str(tmp_path)]) == cli.OK
        shown = capsys.readouterr().out
        assert name in shown
        assert "hunter2" not in shown


def test_the_command_says_it_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["why", "crl-expired", str(REPOSITORY / "examples/sound")]) == cli.OK
    shown = capsys.readouterr().out
    assert "crl-expired says nothing about" in shown
    assert "there are none of: the CAs whose CRL is in one of these states" in shown
    assert "ssl_ca = </etc/ssl/certs/clients-ca+crl.pem" in shown
    assert cli.run(["why", "crl-expirde", "etc"]) == cli.USAGE
    assert "did you mean 'crl-expired'" in capsys.readouterr().err
