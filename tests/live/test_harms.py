"""Each bad case does the harm that its rule claims, on running daemons, and each ok case does not."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import daemons
import proofs
import pytest
from cage import Cage
from claims import HARMS, UNSHOWN, start
from trial import Trial

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from proofs import Subject

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1")
SUBJECTS = proofs.subjects()


@pytest.mark.parametrize("subject", [pytest.param(subject, id=subject.id) for subject in SUBJECTS])
def test_a_bad_case_does_harm_and_an_ok_case_does_not(
    subject: Subject, outcomes: dict[Subject, Future[tuple[bool, str]]], passed: set[Subject]
) -> None:
    """A client tries it, with and without the CA, as one would with openssl s_client.

    claim: blog 95-97, claim: wiki 73-78, claim: wiki 83
    """
    harmed, log = outcomes[subject].result()
    assert harmed == (subject.case.is_bad and not HARMS[subject.case.rule].harmless), log
    passed.add(subject)


@pytest.fixture(scope="module")
def passed(request: pytest.FixtureRequest) -> set[Subject]:
    """The trials that went as the rules say."""
    return request.config.stash.setdefault(proofs.PASSED, set())


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest,
    chroots: Path,
    certificates: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[Subject, Future[tuple[bool, str]]]]:
    """What happens in each selected case; several at once, because a trial is mostly waiting."""

    def try_one(subject: Subject) -> tuple[bool, str]:
        folder = tmp_path_factory.mktemp("live")
        case, harm = subject.case, HARMS[subject.case.rule]
        case.materialise(folder / "host")
        with Cage(chroots / subject.suite, folder / "cage") as cage:
            server = start(case, harm, subject.daemon, folder / "host", cage)
            happens = harm.dovecot if subject.daemon == "dovecot" else harm.postfix
            assert happens is not None
            harmed = happens(Trial(case, server, certificates))
            return harmed, server.refusal or server.log

    mine = [item for item in request.session.items if getattr(item, "module", None) is request.module]
    asked = [item.callspec.params["subject"] for item in mine if "subject" in item.fixturenames]
    with ThreadPoolExecutor(4 * (os.cpu_count() or 1)) as pool:
        yield {subject: pool.submit(try_one, subject) for subject in asked}


def test_what_is_not_shown_is_a_case() -> None:
    assert {*UNSHOWN} <= {case.id for case in proofs.all_cases()}


@pytest.mark.skipif("MAILAUDIT_WRITE_PROOFS" in os.environ, reason="it is being written")
def test_the_record_is_fresh() -> None:
    """auditor/data/proofs.json says what these tests prove; MAILAUDIT_WRITE_PROOFS=1 writes it."""
    assert proofs.TABLE.read_text() == proofs.table(proofs.read())
    versions = {proofs.version_of(daemon, suite) for daemon in proofs.DAEMONS for suite in daemons.SUITES}
    written = {
        (rule, daemon, version)
        for rule, by_daemon in proofs.read().items()
        for daemon, known in by_daemon.items()
        for version in known
        if version in versions
    }
    proved = {
        (rule, daemon, version)
        for rule, by_daemon in proofs.record(SUBJECTS).items()
        for daemon, known in by_daemon.items()
        for version in known
    }
    assert written == proved
