"""main.cf and master.cf as trees, and the parameters and services in them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.syntax.postfix import Assignment, Refused, ServiceLine, parameters, parse_main, parse_master, services
from auditor.text import SourceFile

SHARED = Path(__file__).parents[2] / "../shared"


def source(text: str) -> SourceFile:
    return SourceFile("/t", "t", text)


def main(text: str) -> list[tuple[str, str] | str]:
    return [
        (found.name.value, found.value.value) if isinstance(found, Assignment) else found.message
        for found in parameters(parse_main(source(text)))
    ]


def master(text: str) -> list[ServiceLine | Refused]:
    return list(services(parse_master(source(text))))


def one_service(text: str) -> ServiceLine:
    (found,) = master(text)
    assert isinstance(found, ServiceLine)
    return found


def texts_of(name: str) -> list[Path]:
    return sorted(path for folder in ("corpus", "peer-tests") for path in (SHARED / folder).rglob(name))


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared is not here")
@pytest.mark.parametrize(("name", "parse"), [("main.cf", parse_main), ("master.cf", parse_master)])
def test_every_file_of_the_corpus_is_its_tokens_joined(name, parse):
    files = texts_of(name)
    assert len(files) > 100
    for file in files:
        text = file.read_bytes().decode("utf-8", "surrogateescape")
        tree = parse(source(text))
        assert "".join(tree.tokens()) == text, file
        list(parameters(tree) if name == "main.cf" else services(tree))


@given(st.text(alphabet="a1 =#\n\t\r\0-o{}$,", max_size=120))
def test_any_text_is_its_tokens_joined(text):
    for parse, read in ((parse_main, parameters), (parse_master, services)):
        tree = parse(source(text))
        assert "".join(tree.tokens()) == text
        for found in read(tree):
            assert text[found.span.start : found.span.end] == found.span.text


def test_parameters():
    text = "a = 1\nb=\n# c\nc\n # d\n = x\n  y z \nd e = f\n= g\n"
    assert main(text) == [
        ("a", "1"),
        ("b", ""),
        ("c", "x  y z"),
        "missing '=' after attribute name: \"d...\"",
        'missing attribute name: "..."',
    ]


def test_places_of_a_parameter():
    file = source("x = 1\nrelayhost =\n# where to\n    [relay.example]:587   \n")
    found = list(parameters(parse_main(file)))[1]
    assert isinstance(found, Assignment)
    assert found.name.span.text == "relayhost"
    assert found.value.span.text == "[relay.example]:587"
    assert found.value.span.file is file
    assert (found.span.line, found.span.column, found.span.end_line, found.span.end_column) == (2, 1, 4, 24)


def test_a_service_and_its_options():
    found = one_service(
        "submission inet n - y - 10? smtpd -v\n"
        "  -o smtpd_tls_security_level=encrypt\n"
        "# comment\n"
        "  -o { smtpd_sender_restrictions = permit, reject }\n"
        "  -osyslog_name=x -vo a=b\n"
    )
    assert [field.value for field in found.fields] == ["submission", "inet", "n", "-", "y", "-", "10?", "smtpd"]
    assert [(one.name.value, one.value.value) for one in found.settings] == [
        ("smtpd_tls_security_level", "encrypt"),
        ("smtpd_sender_restrictions", "permit, reject"),
        ("syslog_name", "x"),
        ("a", "b"),
    ]
    assert found.settings[1].value.span.text == "permit, reject"
    assert found.settings[1].span.text == "-o { smtpd_sender_restrictions = permit, reject }"
    assert found.settings[2].span.text == "-osyslog_name=x"
    assert [argument.value for argument in found.arguments] == [
        *("-v", "-o", "smtpd_tls_security_level=encrypt", "-o", "smtpd_sender_restrictions=permit, reject"),
        *("-o", "syslog_name=x", "-v", "-o", "a=b"),
    ]
    assert not found.refused


def test_arguments_of_a_command_end_the_options():
    found = one_service("dovecot unix - n n - - pipe flags=DRhu user=vmail argv=/bin/deliver -o { a b }\n")
    assert found.settings == ()
    assert found.first_argument == 0
    assert [argument.value for argument in found.arguments][-2:] == ["-o", "a b"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("-o name", "invalid \"-o name\" option value: missing '=' after attribute name"),
        ("-o", "option requires an argument -- 'o'"),
        ("-o { a = b", "missing '}' in \"{ a...\""),
        ("-o {a=b}c", "syntax error after '}' in \"{a...\""),
    ],
)
def test_arguments_that_end_a_daemon(arguments, message):
    assert [one.message for one in one_service(f"smtp inet n - n - - smtpd {arguments}\n").refused] == [message]


def test_blanks_around_the_equals_sign_hide_the_options_behind():
    found = one_service("smtp inet n - n - - smtpd -o a = b -o c=d\n")
    assert found.settings == ()
    assert [argument.value for argument in found.arguments] == ["-o", "a", "=", "b", "-o", "c=d"]
    assert found.first_argument == 2


def test_too_few_fields():
    found = master("smtp inet n - n - smtpd\nsmtp inet n - n - - smtpd\n")
    assert isinstance(found[0], Refused)
    assert found[0].message == "bad field count"
    assert found[0].span.text == "smtp inet n - n - smtpd"
    assert isinstance(found[1], ServiceLine)


@pytest.mark.parametrize(
    "text",
    [
        "smtp inet n - n - - smtpd" + "\n -o a=b" * 50_000,
        "smtp inet n - n - - smtpd -o {" + "{" * 500_000,
        "a = b\n" * 50_000,
        "a" * 1_000_000,
        "# c\n" * 200_000,
    ],
    ids=["options", "braces", "parameters", "long", "comments"],
)
def test_large_inputs_take_linear_time(text):
    started = time.process_time()
    list(parameters(parse_main(source(text))))
    list(services(parse_master(source(text))))
    assert time.process_time() - started < 20
