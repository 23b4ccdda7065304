"""Which ways in make others superfluous, and what differs between two tables."""

from __future__ import annotations

from itertools import permutations

import pytest
from ways import listener, way

from auditor.access.addresses import AddressSet
from auditor.access.difference import difference
from auditor.access.facts import Unknown
from auditor.access.rows import THIS_HOST, Certificate, Right, Row, Secret, Source, minimal
from auditor.text import Origin

WAY = way()
OFFICE = Source("mynetworks", AddressSet.of(["192.0.2.0/24"]))
MORE_DEMANDING = {
    "from fewer addresses": way(tls=False, source=OFFICE),
    "TLS": way(),
    "with a certificate, too": way(tls=False, certificate=Certificate.TRUSTED),
    "not certain": way(tls=False, unknown=(Unknown("what pam answers", "it is not asked"),)),
}
ELSEWHERE = {
    "another port": way(listener=listener(port=993)),
    "another right": way(right=Right.RELAY),
    "other users": way(users="any user in /etc/dovecot/others"),
    "another secret": way(secret=Secret.EMPTY_PASSWORD),
    "a token": way(secret=Secret.TOKEN, mechanisms=("OAUTHBEARER",)),
}


@pytest.mark.parametrize("row", MORE_DEMANDING.values(), ids=list(MORE_DEMANDING))
def test_a_way_that_needs_more_is_superfluous(row: Row) -> None:
    wide = way(tls=False)
    for order in permutations((wide, row)):
        assert minimal(order) == (wide,)


@pytest.mark.parametrize("row", ELSEWHERE.values(), ids=list(ELSEWHERE))
def test_another_way_is_kept(row: Row) -> None:
    assert set(minimal((WAY, row))) == {WAY, row}


def test_any_password_includes_the_empty_one_and_ones_own() -> None:
    open_to_all = way(secret=Secret.ANY_PASSWORD)
    assert minimal((WAY, way(secret=Secret.EMPTY_PASSWORD), open_to_all)) == (open_to_all,)


def test_the_most_dangerous_comes_first() -> None:
    relay, here = way(right=Right.RELAY, secret=Secret.NONE, mechanisms=()), way(right=Right.RELAY, source=THIS_HOST)
    assert minimal((WAY, here, relay))[0] == relay


def test_strangers_get_in_only_from_elsewhere_and_with_nothing() -> None:
    hole = way(secret=Secret.EMPTY_PASSWORD)
    assert hole.is_open
    assert not hole._replace(source=THIS_HOST).is_open
    assert not hole._replace(certificate=Certificate.LISTED).is_open
    assert not WAY.is_open


def test_other_reasons_are_no_difference() -> None:
    moved = way(listener=listener(origin=Origin(default_of="2.3.19")), because=())
    found = difference([WAY], [moved])
    assert not found.appeared
    assert not found.disappeared
    assert not found.is_dangerous


def test_a_new_way_without_a_secret_is_dangerous_and_its_end_is_not() -> None:
    hole = way(secret=Secret.EMPTY_PASSWORD)
    assert difference([WAY], [WAY, hole]).appeared == (hole,)
    assert difference([WAY], [WAY, hole]).is_dangerous
    assert difference([WAY, hole], [WAY]).disappeared == (hole,)
    assert not difference([WAY, hole], [WAY]).is_dangerous


def test_it_is_dangerous_that_tls_is_no_longer_needed() -> None:
    found = difference([WAY], [way(tls=False)])
    assert found.without_tls == found.appeared
    assert found.is_dangerous
    assert not difference([way(tls=False)], [WAY]).is_dangerous


def test_a_new_way_with_a_password_is_told_and_not_dangerous() -> None:
    other = way(listener=listener("pop3", 110))
    found = difference([WAY], [WAY, other])
    assert found.appeared == (other,)
    assert not found.is_dangerous
