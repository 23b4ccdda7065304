"""What was mended after findings on other people's configurations had been judged (docs/verdicts.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor.access.rows import Listener
from auditor.finding import Confidence
from auditor.rule import TEMPLATE, discover
from auditor.testing import Outcome, run
from auditor.text import Origin

if TYPE_CHECKING:
    from auditor.rule import AnyRule

RULES: dict[str, type[AnyRule]] = {rule.name: rule for rule in discover()}
MASTER = "smtp inet n - n - - smtpd\nsmtp unix - - n - - smtp\n"
SASL = "smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = private/auth\n"
AUTH = (
    "dovecot_config_version = 2.4.1\ndovecot_storage_version = 2.4.1\nauth_mechanisms = plain\npassdb passwd-file {\n"
)
AUTH += (
    "  passwd_file_path = /etc/dovecot/users\n}\nservice auth {\n  unix_listener /elsewhere/private/auth {\n"
    "    mode = 0666\n  }\n}\n"
)


def _run(name: str, **files: str) -> Outcome:
    names = {"main": "etc/postfix/main.cf", "master": "etc/postfix/master.cf", "dovecot": "etc/dovecot/dovecot.conf"}
    return run(RULES[name], {names[short]: text for short, text in files.items()})


@pytest.mark.parametrize("rule", ["no-effective-reject", "smtpd-tls-off", "smtp-client-tls-off"])
def test_without_main_cf_no_default_is_judged(rule: str) -> None:
    assert not _run(rule, master=MASTER).findings
    assert _run(rule, master=MASTER, main="smtpd_relay_restrictions =\n").findings


@pytest.mark.parametrize(
    ("rule", "main"),
    [
        ("smtpd-tls-off", ""),
        ("mynetworks-style-subnet", ""),
        ("port25-tls-mandatory", "smtpd_tls_security_level = encrypt\n"),
    ],
)
def test_a_service_that_is_only_usual_lowers_the_confidence(rule: str, main: str) -> None:
    main += "myhostname = mail.example.org\n"
    assert [one.confidence for one in _run(rule, main=main).findings] == [Confidence.MEDIUM]
    assert [one.confidence for one in _run(rule, main=main, master=MASTER).findings] == [Confidence.HIGH]


@pytest.mark.parametrize(("port", "confidence"), [("588", Confidence.MEDIUM), ("587", Confidence.HIGH)])
def test_whether_an_unusual_port_is_reached_is_not_certain(port: str, confidence: Confidence) -> None:
    master = f"{port} inet n - n - - smtpd\n"
    main = SASL + "myhostname = mail.example.org\nsmtpd_relay_restrictions = permit_sasl_authenticated, reject\n"
    found = _run(
        "auth-before-tls", main=main, master=master, dovecot=AUTH.replace("/elsewhere", "/var/spool/postfix")
    ).findings
    assert [one.confidence for one in found] == [confidence]


def test_a_folder_that_is_not_in_the_tree_may_be_a_link() -> None:
    files = {"etc/postfix/main.cf": SASL, "etc/postfix/master.cf": MASTER, "etc/dovecot/dovecot.conf": AUTH}
    unknown = run(RULES["sasl-socket-mismatch"], files)
    known = run(RULES["sasl-socket-mismatch"], files | {"var/spool/postfix/private/.keep": ""})
    assert [one.confidence for one in unknown.findings] == [Confidence.MEDIUM]
    assert [one.confidence for one in known.findings] == [Confidence.HIGH]


@pytest.mark.parametrize("value", ["{{ limit }}", "@@LIMIT@@", "__LIMIT__", "$LIMIT", "{MAX_LIMIT}", "PH_LIMIT"])
def test_a_refused_placeholder_is_called_one(value: str) -> None:
    dovecot = AUTH.replace("auth_mechanisms", f"first_valid_uid = {value}\nauth_mechanisms")
    found = _run("invalid-value", dovecot=dovecot).findings
    assert [one.advice for one in found] == [TEMPLATE]


@pytest.mark.parametrize("value", ["ten", "TEN"])
def test_a_refused_value_that_fills_nothing_in_is_not(value: str) -> None:
    dovecot = AUTH.replace("auth_mechanisms", f"first_valid_uid = {value}\nauth_mechanisms")
    found = _run("invalid-value", dovecot=dovecot).findings
    assert found
    assert TEMPLATE not in [one.advice for one in found]


def test_a_service_that_is_named_by_its_port_is_not_named_twice() -> None:
    listener = Listener("postfix", "588", 588, (), Origin())
    assert listener.label == "588"
    assert listener._replace(service="submission").label == "submission 588"
