"""The real daemons, in one Debian chroot a suite: made by ``../shared/oracles/setup.sh`` when missing, reused else.

They stand in the folder that the environment variable ORACLES names, else in /var/cache/mailaudit-oracles. Making one
takes about a minute, 210 MB, root on Debian and apt's mirrors; asking one takes root (it is a chroot and a mount). The
suites are bookworm (Dovecot 2.3.19.1, Postfix 3.7.11) and trixie (2.4.1, 3.10.13); MAILAUDIT_SUITES asks for others
(``bookworm sid``): bullseye has 2.3.13 and 3.5.25, sid 2.4.5 and 3.11.7.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

SHARED = Path(__file__).parents[2] / "../shared"
FOLDER = Path(os.environ.get("ORACLES") or "/var/cache/mailaudit-oracles")
SUITES = tuple(os.environ.get("MAILAUDIT_SUITES", "bookworm trixie").replace(",", " ").split())


class UnavailableError(Exception):
    """There are no daemons to ask, and why."""


def load() -> ModuleType:
    """Return the module that asks the daemons, every suite made; raises ``UnavailableError``."""
    script = SHARED / "oracles/oracle.py"
    if not script.is_file():
        raise UnavailableError("no ../shared/oracles beside the repository")
    if os.geteuid() != 0:
        raise UnavailableError("asking the daemons takes root")
    for suite in SUITES:
        _ensure(suite)
    os.environ["ORACLES"] = str(FOLDER)
    specification = importlib.util.spec_from_file_location("oracle", script)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def _ensure(suite: str) -> None:
    """Make the chroot of a suite unless it stands; one process at a time."""
    ready = FOLDER / f"versions.{suite}.txt"
    if ready.is_file():
        return
    if not Path("/etc/debian_version").is_file():
        raise UnavailableError("making the chroots takes Debian")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if ready.is_file():
            return
        made = subprocess.run(
            [SHARED / "oracles/setup.sh", suite],
            env=os.environ | {"ORACLES": str(FOLDER)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if made.returncode:
            raise UnavailableError(f"the chroot of {suite} could not be made: {made.stderr[-500:]}")
