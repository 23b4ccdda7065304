"""Twice as many services, or entries of tables, are at most twice the work, counted in calls of functions."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import pytest

from auditor.access import postfix
from auditor.access.difference import difference
from auditor.access.table import Access
from auditor.access_tables import access_tables
from auditor.audit import audit
from auditor.discover import discover
from auditor.model import build_model
from auditor.read import Versions, read_hosts
from auditor.report.access import MAX_NETWORKS, as_data
from auditor.rule import discover as all_rules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType

    from auditor.access.rows import Row

NOW: Final = datetime(2026, 11, 22, tzinfo=UTC)
MORE: Final = 1.15
"""How much more work than linear is let pass: sorting, and what is kept for the first few."""
SHARED: Final = "smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination\n"
TABLES: Final[dict[str, tuple[str, Callable[[int], str]]]] = {
    "client": ("client", lambda n: f"192.0.{n >> 8}.{n & 255} REJECT\n"),
    "sender": ("sender", lambda n: f"user{n}@d{n}.example {('OK', 'REJECT', 'permit_mynetworks, reject')[n % 3]}\n"),
    "recipient": ("recipient", lambda n: f"user{n}@ {('DUNNO', '550 no')[n % 2]}\n"),
    "login": ("sasl", lambda n: f"user{n} {('OK', 'REJECT')[n % 2]}\n"),
    "restrictions": ("sender", lambda n: f"user{n}@d{n}.example reject_unauth_destination, sleep {n}\n"),
}


def calls(run: Callable[[], object]) -> int:
    count = 0

    def counted(_: FrameType, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        run()
    finally:
        sys.setprofile(None)
    return count


def written(etc: Path, services: int, options: str, main: str = "") -> None:
    (etc / "postfix").mkdir(parents=True, exist_ok=True)
    (etc / "postfix/main.cf").write_text(f"mynetworks = 127.0.0.0/8\n{SHARED}{main}")
    lines = [f"{10000 + number} inet n - n - - smtpd {options}\n" for number in range(services)]
    (etc / "postfix/master.cf").write_text("".join(lines))


def access(etc: Path) -> Access:
    (host,), _ = read_hosts(discover([str(etc)]), Versions("2.3.19", "3.7.11"))
    return Access(build_model(host.host, host.dovecot, host.postfix, NOW))


def rows(etc: Path) -> tuple[Row, ...]:
    return access(etc).rows


def is_linear(write: Callable[[int], object], run: Callable[[], object], size: int) -> None:
    """The last quarter costs no more than the one before it."""
    write(size // 4)
    run()
    costs = []
    for part in (size // 2, size * 3 // 4, size):
        write(part)
        costs.append(calls(run))
    half, most, whole = costs
    assert whole - most <= MORE * (most - half) + 1000


ASKING: Final = "-o smtpd_tls_ask_ccert=yes -o smtpd_tls_CAfile=/etc/ssl/ca.pem -o smtpd_tls_security_level=may"


@pytest.mark.parametrize("options", ["", "-o syslog_name=own", ASKING], ids=["alike", "own", "certificates"])
def test_services(tmp_path: Path, options: str) -> None:
    etc = tmp_path / "etc"
    is_linear(lambda size: written(etc, size, options), lambda: rows(etc), 80)


def test_all_rules_on_many_services(tmp_path: Path) -> None:
    etc = tmp_path / "etc"
    rules = [rule for rule in all_rules() if not rule.off_because]
    is_linear(
        lambda size: written(etc, size, ASKING),
        lambda: audit(discover([str(etc)]), rules, now=NOW, versions=Versions("2.3.19", "3.7.11")),
        40,
    )


def test_difference_of_many_services(tmp_path: Path) -> None:
    found: list[tuple[Row, ...]] = []

    def write(size: int) -> None:
        written(tmp_path / "etc", size, "-o syslog_name=own")
        found[:] = [rows(tmp_path / "etc")]

    is_linear(write, lambda: difference(found[0], found[0]), 80)


@pytest.mark.parametrize("table", TABLES)
def test_tables(tmp_path: Path, table: str) -> None:
    check, entry = TABLES[table]
    etc = tmp_path / "etc"

    def write(size: int) -> None:
        main = f"smtpd_sender_restrictions = check_{check}_access texthash:/etc/postfix/t\n"
        written(etc, 2, "-o syslog_name=own", main)
        (etc / "postfix/t").write_text("".join(map(entry, range(size))))

    # No more than the lists of restrictions that are kept for the second service.
    is_linear(write, lambda: rows(etc), 400)


def test_tables_too_large_for_all_services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postfix, "MAX_SIZE", 1000)
    etc = tmp_path / "etc"
    check = "smtpd_client_restrictions = check_client_access texthash:/etc/postfix/t\n"
    written(etc, 10, "-o syslog_name=own", check)
    for entries, looked_at in ((300, 3), (2000, 1)):
        (etc / "postfix/t").write_text("".join(map(TABLES["client"][1], range(entries))))
        found = access(etc)
        assert len(found.smtpd) == looked_at
        (gap,) = found.host.postfix[0].configuration.not_checked
        assert gap.what == f"who relays through {10000 + looked_at} and the services behind it"
        assert gap.why == "with those before it they have tables of more than 1000 entries"


def test_networks_beside_a_blocklist(tmp_path: Path) -> None:
    etc = tmp_path / "etc"
    written(etc, 1, "", "smtpd_client_restrictions = check_client_access texthash:/etc/postfix/t, permit\n")
    (etc / "postfix/t").write_text("".join(map(TABLES["client"][1], range(0, 6000, 7))))
    data = as_data(access_tables(discover([str(etc)]), Versions("2.3.19", "3.7.11"), NOW))
    longest = max(len(row["from"]["networks"]) for row in data["hosts"][0]["rows"])
    assert longest == MAX_NETWORKS
    assert any("more than 1000 networks" in gap["why"] for gap in data["not_checked"])
