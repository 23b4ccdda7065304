"""A fix is made only where it mends its finding and changes nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cases import NOW

from auditor.audit import audit
from auditor.change import Fix, Remove
from auditor.discover import discover
from auditor.finding import Severity
from auditor.fixing.rounds import Mended, mended
from auditor.model.fixes import parameter_to
from auditor.rule import PostfixRule
from auditor.rule import discover as all_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from auditor.finding import Finding, NotChecked
    from auditor.model import Postfix

MAIN = """\
compatibility_level = 3.6
myhostname = mail.example.org
mynetworks = 127.0.0.0/8
office = 10.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
smtpd_client_connection_rate_limit = 10
"""
MASTER = "smtp inet n - y - - smtpd\nsubmission inet n - y - - smtpd\n"
LIMIT = "smtpd_client_connection_rate_limit"


def mended_by(root: Path, fix: Callable[[Postfix], Fix | None], main: str = MAIN, wrong: str = "10") -> Mended:
    """Make the fix of a rule that finds fault with a rate limit."""

    class LimitWrong(PostfixRule):
        """A limit is wrong."""

        name = "limit-wrong"
        severity = Severity.LOW

        def check(self, postfix: Postfix) -> Iterator[Finding | NotChecked]:
            parameter = postfix.configuration.get(LIMIT)
            if parameter.effective == "undecided":
                yield self.not_checked("the limit", "it is undecided")
            elif parameter.effective == wrong:
                yield self.finding(parameter.origin, "it is wrong", fix=fix(postfix))

    (root / "etc/postfix").mkdir(parents=True)
    (root / "etc/postfix/main.cf").write_text(main)
    (root / "etc/postfix/master.cf").write_text(MASTER)
    rules = [rule for rule in all_rules() if not rule.off_because] + [LimitWrong]
    found = discover([str(root / "etc")])
    before = audit(found, rules, now=NOW)
    return mended(
        found.hosts[0],
        before,
        lambda one: audit(one, rules, now=NOW),
        lambda one: one.rule == "limit-wrong",
        unsafe=False,
    )


def limit_to(postfix: Postfix, value: str) -> Fix | None:
    return parameter_to(postfix, postfix.configuration.get(LIMIT), value)


def with_other(postfix: Postfix, name: str, value: str) -> Fix:
    """Mend the limit, and give another parameter a value."""
    limit, other = limit_to(postfix, "20"), parameter_to(postfix, postfix.configuration.get(name), value)
    assert limit
    assert other
    return Fix("", (*limit.changes, *other.changes))


def test_a_fix_that_mends_is_made(tmp_path: Path) -> None:
    done = mended_by(tmp_path, lambda postfix: limit_to(postfix, "20"))
    assert len(done.made) == 1
    assert done.refused == ()
    assert done.state.contents == {"/etc/postfix/main.cf": MAIN.replace("limit = 10", "limit = 20").encode()}


@pytest.mark.parametrize(
    ("fix", "why"),
    [
        (lambda postfix: limit_to(postfix, "10 "), "limit-wrong would still be found"),
        (lambda postfix: limit_to(postfix, "undecided"), "it would bring about invalid-value"),
        (lambda postfix: with_other(postfix, "soft_bounce", "yes"), "it would bring about soft-bounce-on"),
        (lambda postfix: with_other(postfix, "mynetworks", "127.0.0.0/8 10.0.0.0/8"), "it would open a way in"),
        (
            lambda postfix: with_other(postfix, "smtpd_relay_restrictions", "reject_unauth_destination"),
            "it would close a way in",
        ),
        (lambda postfix: Fix("", (Remove(postfix.configuration.main_file.span(3, 5)),)), "the place cannot be edited"),
    ],
    ids=["does not mend", "an invalid value", "another finding", "opens", "closes", "no place"],
)
def test_a_fix_that_does_not_hold_is_refused(tmp_path: Path, fix: Callable[[Postfix], Fix | None], why: str) -> None:
    done = mended_by(tmp_path, fix)
    assert done.made == ()
    assert [one.why[: len(why)] for one in done.refused] == [why]
    assert done.state.contents == {}


def test_a_value_that_others_refer_to_is_left_alone(tmp_path: Path) -> None:
    main = MAIN + f"smtpd_client_message_rate_limit = ${LIMIT}\n"
    done = mended_by(tmp_path, lambda postfix: limit_to(postfix, "20"), main)
    assert [one.why for one in done.refused] == ["it would change smtpd_client_message_rate_limit, too"]
