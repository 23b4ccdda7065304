"""Why rules are silent or mild about some cases, shown on running daemons."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from cage import Cage
from cases import CASES, Case
from claims import Harm, start
from harms import certificate_logs_in, password_logs_in, tls_fails
from preparations import strangers_ca_without_crl, users_are_in_sqlite
from trial import Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    Started = Callable[[str, Harm], AbstractContextManager[Trial]]


@pytest.fixture(params=[("23", "bookworm"), ("24", "trixie")], ids=["2.3", "2.4"])
def started(request: pytest.FixtureRequest, chroots: Path, certificates: dict[str, Path], tmp_path: Path) -> Started:
    """Start Dovecot with a case in the one and in the other language, named without its end."""
    language, suite = request.param

    @contextmanager
    def started(name: str, harm: Harm) -> Iterator[Trial]:
        case = Case(CASES / f"{name}-{language}")
        case.materialise(tmp_path / "host")
        with Cage(chroots / suite, tmp_path / "cage") as cage:
            yield Trial(case, start(case, harm, "dovecot", tmp_path / "host", cage), certificates)

    return started


def test_without_its_crl_a_public_ca_lets_nobody_in(started: Started) -> None:
    """The reason why ssl-ca-public-bundle is not critical as long as CRLs are demanded."""
    harm = Harm(certificate_logs_in("stranger"), prepare=strangers_ca_without_crl)
    with started("ssl-ca-public-bundle/bad-system-bundle", harm) as trial:
        assert not certificate_logs_in("stranger")(trial), trial.server.log


def test_certificates_in_blocks_are_enough_where_every_protocol_has_one(started: Started) -> None:
    """The reason why no-global-certificate is of severity low there (claim: wiki 28)."""
    with started("no-global-certificate/bad-blocks-only", Harm(tls_fails)) as trial:
        assert trial.doors
        assert not tls_fails(trial), trial.server.log


@pytest.mark.parametrize(("kind", "logs_in"), [("ok", True), ("bad", False)])
def test_the_first_of_two_common_names_counts(kind: str, logs_in: bool, started: Started) -> None:
    """Dovecot reads it with X509_NAME_get_text_by_NID() (claim: wiki 69)."""
    with started(f"cert-username-default-cn/{kind}-of-two-names", Harm(certificate_logs_in("two-names"))) as trial:
        assert certificate_logs_in("two-names")(trial) is logs_in, trial.server.log


def test_a_query_that_asks_for_the_certificate_keeps_passwords_out(started: Started) -> None:
    """The reason why external-passdb-unfiltered does not call such a passdb open (claim: blog 116)."""
    harm = Harm(password_logs_in("any-password"), prepare=users_are_in_sqlite)
    with started("external-passdb-unfiltered/ok-query-asks-for-the-certificate", harm) as trial:
        assert not password_logs_in("", "any-password")(trial), trial.server.log
        assert certificate_logs_in("alice")(trial), trial.server.log
