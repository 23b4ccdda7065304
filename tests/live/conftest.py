"""Tests that run the daemons: as root, with the chroots of tests/oracle.

Elsewhere they are skipped, or fail with MAILAUDIT_REQUIRE_ORACLES=1. With MAILAUDIT_WRITE_PROOFS=1 (and without
pytest-xdist) a run writes what it proved into auditor/data/proofs.json and docs/proofs.md.
"""

from __future__ import annotations

import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cases import NOW

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE.parent / "oracle"), str(HERE.parents[1] / "tools")]

import daemons  # noqa: E402 (behind the paths to it)
import proofs  # noqa: E402
from throwaway_pki import authority, client_certificate, derived_key, key_pem, pem  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

PKI = HERE.parent / "pki"
PROGRAMS = ("unshare", "nsenter", "ip", "mount", "chroot")
CLIENTS = {
    "alice": ("Alice", ["alice.crt"]),
    "bob": ("Bob", ["bob.crt"]),
    "dora": ("Dora", ["dora.crt"]),
    "carol": ("Carol", ["carol.crt", "issuing.crt"]),
    "revoked": ("Revoked", ["revoked.crt"]),
    "server": ("mail.example.org", ["server.crt"]),
    "server-any-purpose": ("mail.example.org", ["server-any-purpose.crt"]),
    "stranger": ("Stranger", ["stranger.crt"]),
    "two-names": ("Erin.Smith", ["two-names.crt"]),
}
"""Label of a client's key, and what it sends of its chain."""


@pytest.fixture(scope="session")
def chroots() -> Path:
    """The folder of the suites' chroots."""
    try:
        daemons.load()
        missing = [program for program in PROGRAMS if not shutil.which(program)]
        if missing:
            raise daemons.UnavailableError(f"there is no {' and no '.join(missing)}")
        if datetime.now(UTC) < NOW:
            raise daemons.UnavailableError("the clock is before that of the certificates in tests/pki")
    except daemons.UnavailableError as error:
        if os.environ.get("MAILAUDIT_REQUIRE_ORACLES") == "1":
            pytest.fail(f"no daemons to run: {error}", pytrace=False)
        pytest.skip(f"no daemons to run: {error}")
    return daemons.FOLDER


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each client's key and certificates in one file."""
    folder = tmp_path_factory.mktemp("clients")
    for name, (label, chain) in CLIENTS.items():
        parts = [key_pem(derived_key(label)), *((PKI / part).read_bytes() for part in chain)]
        (folder / name).write_bytes(b"".join(parts))
    # The PKI has no certificate for the master user of one case; its CA can be made again at any time.
    postmaster = client_certificate(
        "Postmaster", "postmaster@example.org", authority("Example Mail CA", serial=0x1001), serial=0x2009
    )
    (folder / "postmaster").write_bytes(key_pem(derived_key("Postmaster")) + pem(postmaster))
    return {name: folder / name for name in (*CLIENTS, "postmaster")}


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Iterator[None]:
    """Write the proofs where that is asked for."""
    yield
    if os.environ.get("MAILAUDIT_WRITE_PROOFS") == "1":
        proofs.write(session.config.stash.get(proofs.PASSED, set()))
