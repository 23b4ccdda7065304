"""The trees of ../shared that are written for Dovecot 2.3 or older, and Debian 12's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemons import SHARED

if TYPE_CHECKING:
    from pathlib import Path


def trees() -> dict[str, tuple[Path, str]]:
    """Return the folder, or the file where there is no folder of Dovecot's, and the main file's name of each tree."""
    found = {}
    for main in sorted((*SHARED.glob("corpus/*/etc/dovecot/dovecot.conf"), *SHARED.glob("corpus/*/etc/dovecot.conf"))):
        if "dovecot_config_version" not in main.read_text("utf-8", "replace"):
            whole = main.parent.name == "dovecot"
            name = main.parents[2 if whole else 1].name
            found[name if name not in found else f"{name}-dovecot.conf"] = (main.parent if whole else main, main.name)
    debian = SHARED / "peer-tests/oracle-debian-trees/bookworm/dovecot"
    return found | ({"debian": (debian, "dovecot.conf")} if debian.is_dir() else {})
