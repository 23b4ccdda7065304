"""Sentences about services are right for one and for several."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from auditor.model.smtpd import said_of
from auditor.rule import discover
from auditor.testing import run
from auditor.text import enumerated


class Service(NamedTuple):
    name: str


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["smtp"], "smtp takes"),
        (["smtp", "submission"], "smtp and submission take"),
        (["smtp", "submission", "smtps"], "smtp, submission and smtps take"),
        # Two listeners of one name are one service to the reader.
        (["smtp", "smtp"], "smtp takes"),
    ],
)
def test_services_and_what_they_do(names: list[str], said: str) -> None:
    assert said_of(map(Service, names), "takes", "take") == said


@pytest.mark.parametrize(("words", "listed"), [([], ""), (["a"], "a"), (["a", "b"], "a and b")])
def test_words_in_a_sentence(words: list[str], listed: str) -> None:
    assert enumerated(words) == listed


MAIN = "smtpd_tls_security_level = may\nsmtpd_tls_req_ccert = yes\n"


@pytest.mark.parametrize(
    ("services", "message"),
    [
        ("smtp", "smtp does not require client certificates"),
        ("smtp submission", "smtp and submission do not require client certificates"),
    ],
)
def test_a_rule_about_several_services(services: str, message: str) -> None:
    (rule,) = [one for one in discover() if one.name == "req-ccert-ignored"]
    master = "".join(f"{name} inet n - n - - smtpd\n" for name in services.split())
    outcome = run(rule, {"etc/postfix/main.cf": MAIN, "etc/postfix/master.cf": master})
    assert outcome.findings[0].message.startswith(message)
