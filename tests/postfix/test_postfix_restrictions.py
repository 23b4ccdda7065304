"""Restriction lists as each service sees them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from postfix_texts import read, service

from auditor.postfix.restrictions import MAX_RESTRICTIONS, restrictions
from auditor.syntax.postfix_restrictions import parse_restrictions, restrictions_in

RECIPIENT = "smtpd_recipient_restrictions"


def listed(tmp_path, value, name=RECIPIENT, more=""):
    configuration = read(tmp_path, f"{name} = {value}\n{more}")
    return [(one.name, one.argument) for one in restrictions(configuration, None, name)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("permit_mynetworks, reject", [("permit_mynetworks", ""), ("reject", "")]),
        ("check_client_access hash:/a reject", [("check_client_access", "hash:/a"), ("reject", "")]),
        ("CHECK_CCERT_ACCESS { lmdb:/a, { search_order = cert_fingerprint } } permit",
         [("CHECK_CCERT_ACCESS", "{ lmdb:/a, { search_order = cert_fingerprint } }"), ("permit", "")]),
        ("check_policy_service { inet:h:1, timeout=1s }", [("check_policy_service", "{ inet:h:1, timeout=1s }")]),
        ("reject_rbl_client a.example=127.0.0.[2..11] sleep 5",
         [("reject_rbl_client", "a.example=127.0.0.[2..11]"), ("sleep", "5")]),
        ("inline:{{a = OK}}, permit", [("check_recipient_access", "inline:{{a = OK}}"), ("permit", "")]),
        ("check_sender_access", [("check_sender_access", "")]),
        ("", []),
    ],
)  # fmt: skip
def test_names_and_arguments(tmp_path, value, expected):
    assert listed(tmp_path, value) == expected


def test_a_table_alone_depends_on_the_list(tmp_path):
    assert listed(tmp_path, "hash:/a", "smtpd_client_restrictions") == [("check_client_access", "hash:/a")]
    # "specify one of (check_client_access, ...) before ... restriction": smtpd_check.c
    assert listed(tmp_path, "hash:/a", "smtpd_relay_restrictions") == [("check_recipient_access", "hash:/a")]
    assert listed(tmp_path, "hash:/a", "smtpd_data_restrictions") == [("hash:/a", "")]


def test_warn_if_reject_is_about_the_next_restriction(tmp_path):
    configuration = read(tmp_path, f"{RECIPIENT} = warn_if_reject reject_rbl_client x, reject warn_if_reject\n")
    found = restrictions(configuration, None, RECIPIENT)
    assert [(one.name, one.warn_only) for one in found] == [("reject_rbl_client", True), ("reject", False)]


def test_warn_if_reject_before_a_class_is_about_all_of_it(tmp_path):
    # Tried on Postfix 3.7.11: a foreign recipient passes the class and is let in by a permit behind it.
    configuration = read(
        tmp_path,
        f"smtpd_restriction_classes = warned\nwarned = reject_unauth_destination, reject\n"
        f"{RECIPIENT} = warn_if_reject warned, reject\n",
    )
    found = restrictions(configuration, None, RECIPIENT)
    assert [(one.name, one.warn_only) for one in found] == [
        ("reject_unauth_destination", True),
        ("reject", True),
        ("reject", False),
    ]


def test_classes_are_expanded_and_their_loops_end(tmp_path):
    main = (
        "smtpd_restriction_classes = outer, inner\nouter = permit_mynetworks, inner\n"
        f"inner = outer reject_unlisted_recipient\nother = x\n{RECIPIENT} = outer, other, inner\n"
    )
    found = restrictions(read(tmp_path, main), None, RECIPIENT)
    assert [(one.name, one.via) for one in found] == [
        ("permit_mynetworks", ("outer",)),
        ("outer", ("outer", "inner")),
        ("reject_unlisted_recipient", ("outer", "inner")),
        ("other", ()),
        ("permit_mynetworks", ("inner", "outer")),
        ("inner", ("inner", "outer")),
        ("reject_unlisted_recipient", ("inner",)),
    ]
    assert [one.is_loop for one in found] == [False, True, False, False, False, True, False]
    assert [one.span.line for one in found] == [2, 3, 3, 5, 2, 2, 3]


def test_places(tmp_path):
    main = (
        f"mine = reject_a, ${{x?{{y}}:{{reject_b}}}}\n{RECIPIENT} =\n  permit_mynetworks\n# between\n"
        "  check_client_access\n    hash:/a, $mine check_sender_access $table\ntable = hash:/b\n"
    )
    found = restrictions(read(tmp_path, main), None, RECIPIENT)
    assert [(one.span.text, one.span.line) for one in found] == [
        ("permit_mynetworks", 3),
        ("check_client_access\n    hash:/a", 5),
        ("reject_a", 1),
        ("reject_b", 1),
        ("check_sender_access", 6),
    ]
    assert found[-1].argument == "hash:/b"


def test_options_count_for_their_service_and_defaults_have_no_place(tmp_path):
    configuration = read(
        tmp_path,
        f"{RECIPIENT} = permit\ncompatibility_level = 3.6\n",
        "smtp inet n - n - - smtpd\nsubmission inet n - n - - smtpd\n"
        f"  -o {{ {RECIPIENT} = permit_sasl_authenticated, reject }}\n",
    )
    submission = restrictions(configuration, service(configuration, "submission"), RECIPIENT)
    assert [(one.name, one.span.text, one.span.line) for one in submission] == [
        ("permit_sasl_authenticated", "permit_sasl_authenticated", 3),
        ("reject", "reject", 3),
    ]
    assert [one.name for one in restrictions(configuration, service(configuration, "smtp"), RECIPIENT)] == ["permit"]
    relay = restrictions(configuration, None, "smtpd_relay_restrictions")
    assert [one.name for one in relay] == ["permit_mynetworks", "permit_sasl_authenticated", "defer_unauth_destination"]
    assert {(one.span, str(one.origin)) for one in relay} == {(None, "default 3.7.11")}


def test_a_list_that_cannot_be_expanded_is_empty(tmp_path):
    assert listed(tmp_path, "permit, ${x") == []


def test_classes_that_multiply_are_bounded(tmp_path):
    names = [f"c{number}" for number in range(30)]
    main = f"smtpd_restriction_classes = {' '.join(names)}\n{RECIPIENT} = c0\n"
    main += (
        "".join(f"c{number} = c{number + 1} permit c{number + 1} permit\n" for number in range(29)) + "c29 = permit\n"
    )
    started = time.process_time()
    configuration = read(tmp_path, main)
    assert len(restrictions(configuration, None, RECIPIENT)) == MAX_RESTRICTIONS
    assert [one.what for one in configuration.not_checked if "end of" in one.what] == [f"the end of {RECIPIENT}"]
    assert time.process_time() - started < 10


WORDS = ("permit", "warn_if_reject", "check_client_access", "hash:/a", ",", " ", "{ a, b }", "sleep")


@given(st.text(alphabet="ab:,{} \n", max_size=40) | st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
def test_any_list_is_its_tokens_joined(text):
    tree = parse_restrictions(text)
    assert "".join(str(token) for token in tree.scan_values(lambda _: True)) == text
    for one in restrictions_in(tree):
        assert text[one.start :].startswith(one.name)
        assert text[one.start : one.end].endswith(one.argument or one.name)
