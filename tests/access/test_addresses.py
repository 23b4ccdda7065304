"""Sets of addresses: exact, whatever their order and family."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from auditor.access.addresses import EVERYWHERE, INTERNET, LOOPBACK, PRIVATE, AddressSet

TEN = AddressSet.of(["10.0.0.0/8"])


def test_networks_that_touch_become_one() -> None:
    assert str(AddressSet.of(["10.0.1.0/24", "10.0.0.0/24"])) == "10.0.0.0/23"


def test_families_do_not_run_into_each_other() -> None:
    whole = AddressSet.of(["0.0.0.0/0", "::/0"])
    assert whole == EVERYWHERE
    assert [str(network) for network in whole.networks()] == ["0.0.0.0/0", "::/0"]


def test_intersection_and_difference_make_up_the_set() -> None:
    mixed = AddressSet.of(["10.1.0.0/16", "192.0.2.7", "2001:db8::/32"])
    assert (mixed & TEN) | (mixed - TEN) == mixed
    assert not (mixed & TEN) & (mixed - TEN)
    assert str(mixed & TEN) == "10.1.0.0/16"


def test_what_is_taken_from_everywhere_leaves_the_rest() -> None:
    assert not EVERYWHERE - EVERYWHERE
    assert (EVERYWHERE - TEN) | TEN == EVERYWHERE
    assert EVERYWHERE - AddressSet() == EVERYWHERE


def test_covering() -> None:
    assert EVERYWHERE.covers(TEN)
    assert not TEN.covers(EVERYWHERE)
    assert TEN.covers(AddressSet())


@pytest.mark.parametrize(("address", "group"), [("127.0.0.2", LOOPBACK), ("fe80::1", PRIVATE), ("8.8.8.8", INTERNET)])
def test_the_named_sets_part_the_addresses(address: str, group: AddressSet) -> None:
    assert [one for one in (LOOPBACK, PRIVATE, INTERNET) if ip_address(address) in one] == [group]


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(ValueError, match="does not appear"):
        AddressSet.of(["mail.example.org"])


@pytest.mark.parametrize(
    ("count", "said"), [(0, "nowhere"), (1, "192.0.2.0"), (9, "192.0.2.0, 192.0.2.2, 192.0.2.4, 192.0.2.6 …")]
)
def test_only_some_are_written_out(count: int, said: str) -> None:
    assert str(AddressSet.of([f"192.0.2.{2 * number}" for number in range(count)])) == said
