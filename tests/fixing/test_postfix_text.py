"""Changes of main.cf and master.cf: the right characters, and every other one left alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from fixing_cases import audit_of, texts_with

from auditor.change import AddComment, AddGlobal, Fix, InsertWord, Rename, ReplaceWord, SetValue
from auditor.model.fixes import option_to, parameter_to, with_word_at_end, without
from auditor.model.postfix_fixes import without_argument

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.model import Postfix

MAIN, MASTER = "/etc/postfix/main.cf", "/etc/postfix/master.cf"
SMTP = "smtp inet n - y - - smtpd\n"


class Texts:
    """A Postfix below a folder, and what a fix makes of its files."""

    def __init__(self, root: Path, main: str = "", master: str = SMTP) -> None:
        self.audit = audit_of(root, {MAIN[1:]: main, MASTER[1:]: master})

    @property
    def postfix(self) -> Postfix:
        return self.audit.models[0].postfix[0]

    def with_fix(self, fix: Fix | None) -> dict[str, str]:
        return texts_with(self.audit, fix)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("soft_bounce = yes\n", "soft_bounce = no\n"),
        ("soft_bounce=yes", "soft_bounce=no"),
        ("soft_bounce =\n  yes\nmyhostname = a\n", "soft_bounce =\n  no\nmyhostname = a\n"),
        ("soft_bounce = yes\r\nmyhostname = a\r\n", "soft_bounce = no\r\nmyhostname = a\r\n"),
        ("# soft_bounce = yes\nsoft_bounce = yes\n", "# soft_bounce = yes\nsoft_bounce = no\n"),
        ("soft_bounce = no\nsoft_bounce = yes\n", "soft_bounce = no\nsoft_bounce = no\n"),
        ("soft_bounce =\n# a comment\n  yes\n", "soft_bounce =\n# a comment\n  no\n"),
        ("soft_bounce =\nmyhostname = a\n", "soft_bounce = no\nmyhostname = a\n"),
    ],
    ids=["plain", "glued", "continued", "crlf", "comment above", "twice", "comment inside", "empty"],
)
def test_a_value_changes_where_it_stands(tmp_path: Path, before: str, after: str) -> None:
    texts = Texts(tmp_path, before)
    parameter = texts.postfix.configuration.get("soft_bounce")
    assert texts.with_fix(parameter_to(texts.postfix, parameter, "no")) == {MAIN: after}


def test_a_value_with_a_comment_between_its_lines_is_left_alone(tmp_path: Path) -> None:
    texts = Texts(tmp_path, "mynetworks = 127.0.0.0/8\n# and the office\n  10.0.0.0/8\n")
    parameter = texts.postfix.configuration.get("mynetworks")
    assert texts.with_fix(parameter_to(texts.postfix, parameter, "127.0.0.0/8")) == {}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("myhostname = a\nsoft_bounce = yes\n", "myhostname = a\n"),
        ("soft_bounce =\n  yes\nmyhostname = a\n", "myhostname = a\n"),
        ("soft_bounce =\n# kept\n  yes\nmyhostname = a\n", "# kept\nmyhostname = a\n"),
    ],
    ids=["a line", "continued", "comment inside"],
)
def test_a_parameter_goes_with_its_lines(tmp_path: Path, before: str, after: str) -> None:
    texts = Texts(tmp_path, before)
    parameter = texts.postfix.configuration.get("soft_bounce")
    assert texts.with_fix(without(parameter.origin, parameter.name)) == {MAIN: after}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("myhostname = a\n", "myhostname = a\nsmtpd_helo_required = yes\n"),
        ("smtpd_banner=x\nmyhostname=a\n", "smtpd_banner=x\nsmtpd_helo_required=yes\nmyhostname=a\n"),
        (
            "#smtpd_helo_required = no\nmyhostname = a\n",
            "#smtpd_helo_required = no\nsmtpd_helo_required = yes\nmyhostname = a\n",
        ),
        ("smtpd_banner =\n  x\nmyhostname = a\n", "smtpd_banner =\n  x\nsmtpd_helo_required = yes\nmyhostname = a\n"),
        ("smtpd_banner = x", "smtpd_banner = x\nsmtpd_helo_required = yes"),
        ("smtpd_banner = x\r\n", "smtpd_banner = x\r\nsmtpd_helo_required = yes\r\n"),
        ("smtpd_banner = x\n# more\n  of it\n", "smtpd_banner = x\n# more\n  of it\nsmtpd_helo_required = yes\n"),
        (
            "smtpd_banner =\n  x\n  # y\n\nmyhostname = a\n",
            "smtpd_banner =\n  x\n  # y\nsmtpd_helo_required = yes\n\nmyhostname = a\n",
        ),
        ("smtpd_banner=x\nsmtpd_b =\n", "smtpd_banner=x\nsmtpd_b =\nsmtpd_helo_required=yes\n"),
        ("# nothing\n", "smtpd_helo_required = yes\n# nothing\n"),
        (
            "smtpd_banner    = x\nmyhostname      = a\n",
            "smtpd_banner    = x\nsmtpd_helo_required = yes\nmyhostname      = a\n",
        ),
    ],
    ids=[
        "at the end",
        "beside its like",
        "below its comment",
        "continued",
        "no end",
        "crlf",
        "comment inside",
        "comment behind",
        "glued",
        "empty",
        "long name",
    ],
)
def test_a_parameter_is_put_where_it_fits(tmp_path: Path, before: str, after: str) -> None:
    texts = Texts(tmp_path, before)
    file = texts.postfix.configuration.main_file
    assert file
    assert texts.with_fix(Fix("", (AddGlobal((file,), "smtpd_helo_required", "yes"),))) == {MAIN: after}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("submission inet n - y - - smtpd\n", "submission inet n - y - - smtpd\n  -o smtpd_tls_ask_ccert=yes\n"),
        (
            "submission inet n - y - - smtpd\n\t-o syslog_name=a\n# -o x=y\nsmtp inet n - y - - smtpd\n",
            "submission inet n - y - - smtpd\n\t-o syslog_name=a\n\t-o smtpd_tls_ask_ccert=yes\n# -o x=y\n"
            "smtp inet n - y - - smtpd\n",
        ),
        ("submission inet n - y - - smtpd -v\n", "submission inet n - y - - smtpd -o smtpd_tls_ask_ccert=yes -v\n"),
        (
            "submission inet n - y - - smtpd -o syslog_name=a -v\n",
            "submission inet n - y - - smtpd -o syslog_name=a -o smtpd_tls_ask_ccert=yes -v\n",
        ),
        (
            "submission inet n - y - - smtpd\n  -o smtpd_tls_ask_ccert=no\n",
            "submission inet n - y - - smtpd\n  -o smtpd_tls_ask_ccert=yes\n",
        ),
        (
            "submission inet n - y - - smtpd\n  -o { smtpd_tls_ask_ccert = no }\n",
            "submission inet n - y - - smtpd\n  -o { smtpd_tls_ask_ccert = yes }\n",
        ),
        (
            "submission inet n - y - - smtpd\n  -osmtpd_tls_ask_ccert=\n",
            "submission inet n - y - - smtpd\n  -osmtpd_tls_ask_ccert=yes\n",
        ),
        (
            "smtp inet n - y - - smtpd\n    -o syslog_name=a\nsubmission inet n - y - - smtpd\n",
            "smtp inet n - y - - smtpd\n    -o syslog_name=a\nsubmission inet n - y - - smtpd\n"
            "    -o smtpd_tls_ask_ccert=yes\n",
        ),
        ("submission inet n - y - - smtpd\r\n", "submission inet n - y - - smtpd\r\n  -o smtpd_tls_ask_ccert=yes\r\n"),
        ("submission inet n - y - - smtpd", "submission inet n - y - - smtpd\n  -o smtpd_tls_ask_ccert=yes"),
    ],
    ids=[
        "alone",
        "below options",
        "flags",
        "options and flags",
        "its value",
        "braces",
        "glued",
        "as others",
        "crlf",
        "no end",
    ],
)
def test_a_service_gets_an_option(tmp_path: Path, before: str, after: str) -> None:
    texts = Texts(tmp_path, "", before)
    service = next(one for one in texts.postfix.smtpd_services if one.name == "submission")
    assert texts.with_fix(option_to(service, "smtpd_tls_ask_ccert", "yes")) == {MASTER: after}


def test_a_value_with_a_blank_is_no_option_without_braces(tmp_path: Path) -> None:
    texts = Texts(tmp_path, "", "submission inet n - y - - smtpd\n  -o smtpd_banner=x\n")
    service = texts.postfix.smtpd_services[0]
    assert texts.with_fix(option_to(service, "smtpd_banner", "$myhostname ESMTP")) == {}
    assert texts.with_fix(option_to(service, "smtpd_client_restrictions", "a b")) == {}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SMTP + "  -o a=b\n  -o soft_bounce=yes\n  -o c=d\n", SMTP + "  -o a=b\n  -o c=d\n"),
        (SMTP.rstrip() + " -o soft_bounce=yes -o c=d\n", SMTP.rstrip() + " -o c=d\n"),
        (SMTP + "  -o a=b -o soft_bounce=yes\n", SMTP + "  -o a=b\n"),
        (SMTP + "  -o { soft_bounce = yes }\n", SMTP),
    ],
    ids=["its line", "first of two", "last of two", "braces"],
)
def test_an_option_goes(tmp_path: Path, before: str, after: str) -> None:
    texts = Texts(tmp_path, "", before)
    option = texts.postfix.configuration.services[0].options["soft_bounce"]
    assert texts.with_fix(without(option.origin, option.name)) == {MASTER: after}


LIST = "smtpd_relay_restrictions ="


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{LIST} permit_mynetworks\n", f"{LIST} permit_mynetworks, reject\n"),
        (
            f"{LIST} permit_mynetworks permit_auth_destination\n",
            f"{LIST} permit_mynetworks permit_auth_destination reject\n",
        ),
        (
            f"{LIST}\n  permit_mynetworks,\n  check_x hash:y\nmyhostname = a\n",
            f"{LIST}\n  permit_mynetworks,\n  check_x hash:y, reject\nmyhostname = a\n",
        ),
        (
            f"{LIST}\n   permit_mynetworks,\n   permit_auth_destination\n",
            f"{LIST}\n   permit_mynetworks,\n   permit_auth_destination,\n   reject\n",
        ),
        (f"{LIST} a, warn_if_reject b\n", f"{LIST} a, warn_if_reject b, reject\n"),
    ],
    ids=["one word", "blanks", "argument", "one a line", "commas elsewhere"],
)
def test_a_list_ends_with_another_word(tmp_path: Path, before: str, after: str) -> None:
    texts = Texts(tmp_path, before)
    parameter = texts.postfix.configuration.get("smtpd_relay_restrictions")
    assert texts.with_fix(with_word_at_end(parameter, "reject")) == {MAIN: after}


def test_a_list_of_an_option_has_no_blanks(tmp_path: Path) -> None:
    texts = Texts(tmp_path, "", SMTP + "  -o smtpd_relay_restrictions=permit_mynetworks\n")
    parameter = texts.postfix.smtpd_services[0].get("smtpd_relay_restrictions")
    after = SMTP + "  -o smtpd_relay_restrictions=permit_mynetworks,reject\n"
    assert texts.with_fix(with_word_at_end(parameter, "reject")) == {MASTER: after}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{LIST} a, b\n", f"{LIST} a, reject, b\n"),
        (f"{LIST}\n  a,\n  b\n", f"{LIST}\n  a,\n  reject,\n  b\n"),
        (f"{LIST} b\n", f"{LIST} reject, b\n"),
    ],
    ids=["commas", "one a line", "alone"],
)
def test_a_word_is_put_before_another(tmp_path: Path, before: str, after: str) -> None:
    texts = Texts(tmp_path, before)
    file = texts.postfix.configuration.main_file
    assert file
    at = file.text.index("b\n")
    assert texts.with_fix(Fix("", (InsertWord(file.span(at, at + 1), "reject"),))) == {MAIN: after}


@pytest.mark.parametrize(
    ("before", "by", "after"),
    [
        (f"{LIST} a, b, c\n", "", f"{LIST} a, c\n"),
        (f"{LIST} a, b, c\n", "d", f"{LIST} a, d, c\n"),
        (f"{LIST}\n  a,\n  b\n", "", f"{LIST}\n  a\n"),
        (f"{LIST} b, c\n", "", f"{LIST} c\n"),
        (f"{LIST} b, b\n", "", None),
        (f"{LIST} a,\n# b is not yet\n  b\n", "", None),
        (f"{LIST} ab, bc\n", "", None),
    ],
    ids=["out", "another", "its line", "first", "twice", "comment", "only a part"],
)
def test_a_word_is_replaced(tmp_path: Path, before: str, by: str, after: str | None) -> None:
    texts = Texts(tmp_path, before)
    origin = texts.postfix.configuration.get("smtpd_relay_restrictions").origin
    assert origin.span
    made = texts.with_fix(Fix("", (ReplaceWord(origin.span, "b", by),)))
    assert made.get(MAIN) == after


def test_an_argument_goes_from_where_it_stands(tmp_path: Path) -> None:
    master = "smtp inet n - y - - smtpd -v\n  -o smtpd_banner=a-v\nsubmission inet n - y - - smtpd\n  -v\n"
    texts = Texts(tmp_path, master=master)
    for service, argument in texts.postfix.verbose_services:
        changed = texts.with_fix(without_argument(service, argument))[MASTER]
        assert changed == (
            master.replace(" -v\n  -o", "\n  -o") if service.service == "smtp" else master.removesuffix("  -v\n")
        )


@pytest.mark.parametrize(
    ("part", "by", "after"),
    [
        ("a", "b", "mynetworks = b, c\nx = d\n"),
        ("a", "", "mynetworks = c\nx = d\n"),
        ("c", "", "mynetworks = a\nx = d\n"),
    ],
)
def test_a_word_changes_at_its_own_place(tmp_path: Path, part: str, by: str, after: str) -> None:
    texts = Texts(tmp_path, "mynetworks = a, c\nx = d\n")
    file = texts.postfix.configuration.main_file
    assert file is not None
    at = re.search(rf"(?<= ){part}", file.text)
    assert at is not None
    assert texts.with_fix(Fix("", (ReplaceWord(file.span(*at.span()), part, by),))) == {MAIN: after}


def test_a_name_changes_and_a_comment_gets_a_line_of_its_own(tmp_path: Path) -> None:
    texts = Texts(tmp_path, "myhostname = a\nvirtual_map = b # why\n")
    at = texts.postfix.configuration.assignments["virtual_map"].span
    fix = Fix("", (Rename(at, "virtual_alias_maps"), SetValue(at, "b"), AddComment(at, "why")))
    assert texts.with_fix(fix) == {MAIN: "myhostname = a\n# why\nvirtual_alias_maps = b\n"}


@pytest.mark.parametrize(
    ("option", "after"),
    [
        ("-o smtpd_banner=x", "-o smtpd_banner=a,b"),
        ("-o { smtpd_banner = x }", "-o { smtpd_banner = a, b }"),
    ],
)
def test_a_list_has_no_blanks_where_one_would_end_the_option(tmp_path: Path, option: str, after: str) -> None:
    texts = Texts(tmp_path, master=f"smtp inet n - y - - smtpd\n  {option}\n")
    parameter = texts.postfix.smtpd_services[0].get("smtpd_banner")
    changed = texts.with_fix(parameter_to(texts.postfix, parameter, "a, b"))
    assert changed == {MASTER: f"smtp inet n - y - - smtpd\n  {after}\n"}


def test_an_empty_value_leaves_no_blank_behind(tmp_path: Path) -> None:
    texts = Texts(tmp_path, "myhostname    = a\nmydestination = b\n")
    parameter = texts.postfix.configuration.get("relay_domains")
    changed = texts.with_fix(parameter_to(texts.postfix, parameter, ""))
    assert changed == {MAIN: "myhostname    = a\nmydestination = b\nrelay_domains =\n"}
