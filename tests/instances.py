"""One Dovecot instance on a host of its own, for tests of the access model."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from auditor.access.dovecot import DovecotAccess
from auditor.dovecot.read import read_dovecot
from auditor.host import Host, Mount, Unreadable
from auditor.model import build_model

if TYPE_CHECKING:
    from pathlib import Path


def instance(root: Path, version: str, files: dict[str, str]) -> DovecotAccess:
    """Return who can get into an instance; ``files`` are those of /etc/dovecot, ``dovecot.conf`` among them."""
    folder = root / "etc/dovecot"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    host = Host((Mount("/", str(root)),))
    configuration = read_dovecot(host, "/etc/dovecot/dovecot.conf", version)
    assert not isinstance(configuration, Unreadable)
    audited = build_model(host, [configuration], [], datetime(2026, 11, 22, tzinfo=UTC))
    return DovecotAccess(audited, audited.dovecot[0])
