"""The published policies: that each is whole and dated, and how they judge."""

from __future__ import annotations

import re

import pytest

from auditor.command import POLICIES
from auditor.model.openssl_ciphers import ListTooLongError, expand
from auditor.model.tls_policy import DEFAULT_POLICY, PROTOCOLS, Policy, policies

MOZILLA = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305"


def test_the_command_line_names_every_policy_the_default_first() -> None:
    assert tuple(policies()) == POLICIES
    assert POLICIES[0] == DEFAULT_POLICY


@pytest.mark.parametrize("policy", policies().values(), ids=policies())
def test_each_is_dated_and_names_ciphers_that_openssl_has(policy: Policy) -> None:
    assert re.fullmatch(r"20\d\d-\d\d(-\d\d)?", policy.date)
    assert policy.source.startswith("https://")
    assert policy.minimum_protocol in PROTOCOLS
    everything = expand("ALL:COMPLEMENTOFALL")
    assert everything is not None
    assert policy.ciphers <= {cipher.standard_name for cipher in everything.ciphers}
    weak = [one.name for one in everything.ciphers if one.encryption == "None" or one.authentication == "None"]
    assert not policy.ciphers & {one.standard_name for one in everything.ciphers if one.name in weak}


@pytest.mark.parametrize("policy", policies().values(), ids=policies())
def test_all_take_what_mozilla_recommends_and_nothing_before_tls_1_2(policy: Policy) -> None:
    recommended, old = expand(MOZILLA), expand("AES128-SHA")
    assert recommended is not None
    assert old is not None
    if policy.title.startswith("BSI"):
        assert [one.encryption for one in policy.not_taken(recommended.ciphers)] == ["CHACHA20/POLY1305"]
    else:
        assert policy.not_taken(recommended.ciphers) == []
    assert policy.not_taken(old.ciphers) == list(old.ciphers)
    assert policy.too_old(PROTOCOLS) == ["SSLv2", "SSLv3", "TLSv1", "TLSv1.1"]


def test_a_list_without_end_is_not_expanded() -> None:
    with pytest.raises(ListTooLongError):
        expand("AES:" * 5000)


def test_what_nobody_can_negotiate_at_a_security_level() -> None:
    known = expand("ALL:eNULL:@SECLEVEL=0")
    assert known is not None
    assert any(one.encryption == "None" for one in known.usable(2))
    known = expand("ALL:eNULL")
    assert known is not None
    assert not any(one.encryption == "None" or one.authentication == "None" for one in known.usable(1))
