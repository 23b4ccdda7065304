"""The cases of the rules: small host trees that must trigger a rule, and look-alikes that must not.

docs/writing-rules.md says how a case is written.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha1
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from auditor.audit import Versions, audit
from auditor.discover import discover
from auditor.rule import discover as discover_rules

if TYPE_CHECKING:
    from auditor.audit import Audit
    from auditor.finding import Location

CASES: Final = Path(__file__).parent / "rules"
PKI: Final = Path(__file__).parent / "pki"
EXAMPLES: Final = Path(__file__).parents[1] / "examples"
NOW: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
"""The clock of every case; the dates in tests/pki are relative to it."""
SUITE_OF: Final = {
    "2.3.13": "bullseye",
    "2.3.19": "bookworm",
    "2.4.1": "trixie",
    "2.4.5": "sid",
    "3.5.25": "bullseye",
    "3.7.11": "bookworm",
    "3.10.13": "trixie",
    "3.11.7": "sid",
}
"""The Debian suite whose daemon has a version, for tests/oracle."""
DEFAULT_VERSIONS: Final = {"2.3": "2.3.19", "2.4": "2.4.1", "postfix": "3.7.11"}
KEYS: Final = {
    "at": str,
    "claims": list,
    "days_old": dict,
    "dovecot_version": str,
    "expect": list,
    "files": dict,
    "modes": dict,
    "modes_known": bool,
    "not_checked": list,
    "postfix_version": str,
    "refused": bool,
    "secrets": list,
    "severity": str,
    "suites": list,
    "text": list,
    "tracked": list,
}
"""What may stand in case.toml, and as what."""
_NAME = re.compile(r"(?P<kind>bad|ok)(?:-[a-z0-9]+)+?(?:-(?P<language>23|24|pf))?")
_PRIVATE_KEY = b"PRIVATE KEY-----"
_PASSWORDS = re.compile(r"(?:.*-)?(?:users|masters)(?:-external)?|dovecot-sql\.conf\.ext")
"""Files of a case that hold users' passwords, or that of a database."""
_OWNED = re.compile(r"(?P<mode>[0-7]{4})(?: (?P<user>[\w-]+):(?P<group>[\w-]+))?")


@dataclass(frozen=True)
class Case:
    """One folder ``tests/rules/<rule>/<case>``."""

    folder: Path

    @property
    def rule(self) -> str:
        return self.folder.parent.name

    @property
    def id(self) -> str:
        return f"{self.rule}/{self.folder.name}"

    @cached_property
    def _name(self) -> re.Match[str]:
        match = _NAME.fullmatch(self.folder.name)
        assert match, (
            f"{self.id}: a case is named bad-… or ok-…, with -23, -24 or -pf at its end if it is for one language"
        )
        return match

    @property
    def is_bad(self) -> bool:
        return self._name["kind"] == "bad"

    @property
    def dialect(self) -> str:
        """Dovecot's dialect: the one in the case's name, else the one that its main file opens with."""
        if self._name["language"] in ("23", "24"):
            return {"23": "2.3", "24": "2.4"}[self._name["language"]]
        main = self.folder / "etc/dovecot/dovecot.conf"
        return (
            "2.4" if main.is_file() and re.search(rb"(?m)^\s*dovecot_config_version\s*=", main.read_bytes()) else "2.3"
        )

    @property
    def has_dovecot(self) -> bool:
        return (self.folder / "etc/dovecot").is_dir()

    @property
    def has_postfix(self) -> bool:
        return (self.folder / "etc/postfix").is_dir()

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What case.toml says."""
        file = self.folder / "case.toml"
        facts = tomllib.loads(file.read_text()) if file.exists() else {}
        wrong = sorted(key for key, value in facts.items() if type(value) is not KEYS.get(key))
        assert not wrong, f"{self.id}: case.toml has keys that are unknown or of another type: {wrong}"
        return facts

    @property
    def dovecot_version(self) -> str:
        return self.facts.get("dovecot_version", DEFAULT_VERSIONS[self.dialect])

    @property
    def postfix_version(self) -> str:
        return self.facts.get("postfix_version", DEFAULT_VERSIONS["postfix"])

    @property
    def dovecot_suites(self) -> list[str]:
        """Debian suites whose Dovecot must read the case as it says; empty where no suite has its version."""
        return self._suites(self.dovecot_version) if self.has_dovecot else []

    @property
    def postfix_suites(self) -> list[str]:
        """Debian suites whose Postfix must read the case as it says."""
        return self._suites(self.postfix_version) if self.has_postfix else []

    def _suites(self, version: str) -> list[str]:
        return self.facts.get("suites", [SUITE_OF[version]] if version in SUITE_OF else [])

    @property
    def expected(self) -> frozenset[str]:
        """Rules that may report something in this case: its own, if it is a bad one, and ``expect``."""
        return frozenset(self.facts.get("expect", [])) | ({self.rule} if self.is_bad else frozenset())

    @property
    def modes_known(self) -> bool:
        return self.facts.get("modes_known", True)

    @cached_property
    def secrets(self) -> frozenset[str]:
        """Strings that no output may hold: those of case.toml, and the lines of every private key that it composes."""
        parts = (part for names in self.facts.get("files", {}).values() for part in names)
        keys = (self._part(part).read_text() for part in parts if part.endswith(".key"))
        lines = (line for key in keys for line in key.splitlines() if line and "-----" not in line)
        return frozenset(self.facts.get("secrets", [])) | frozenset(lines)

    @property
    def refused(self) -> bool:
        """Whether the daemon refuses this text."""
        return self.facts.get("refused", False)

    def refused_at(self, folder: str) -> bool:
        """Whether the daemon whose configuration lies in a folder refuses it."""
        assert not self.refused or "at" in self.facts, f"{self.id}: refused where? Name the place as at = …"
        return self.refused and self.facts["at"].startswith(folder)

    def _part(self, name: str) -> Path:
        own = self.folder / name
        return own if own.exists() else PKI / name

    def materialise(self, root: Path) -> None:
        """Make the case's host tree: its own files, those composed from the PKI, modes and owners."""
        shutil.copytree(self.folder / "etc", root / "etc", symlinks=True)
        for name, parts in self.facts.get("files", {}).items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"".join(self._part(part).read_bytes() for part in parts))
        _set_default_modes(root)
        for name, text in self.facts.get("modes", {}).items():
            _set_mode(root, name, text)
        for name, days in self.facts.get("days_old", {}).items():
            os.utime(root / name, ((NOW - timedelta(days=days)).timestamp(),) * 2)
        if "tracked" in self.facts:
            (root / ".git").mkdir()
            (root / ".git/index").write_bytes(git_index(self.facts["tracked"]))

    def audited(self, root: Path) -> Audit:
        """Run every rule over the materialised tree, with the versions and the clock of the case.

        Of the rules that are off by default only its own is on.
        """
        discovery = discover([str(root / "etc")], modes=self.modes_known)
        versions = Versions(dovecot=self.dovecot_version, postfix=self.postfix_version)
        rules = [rule for rule in discover_rules() if not rule.off_because or rule.name == self.rule]
        return audit(discovery, rules, now=NOW, versions=versions)


def git_index(paths: list[str]) -> bytes:
    """Return an index of git, in version 2, that tracks these files (gitformat-index)."""
    index = b"DIRC" + struct.pack(">II", 2, len(paths))
    for path in sorted(os.fsencode(path) for path in paths):
        entry = bytes(24) + struct.pack(">I", 0o100644) + bytes(12 + 20) + struct.pack(">H", len(path)) + path
        index += entry + bytes(8 - len(entry) % 8)
    return index + sha1(index, usedforsecurity=False).digest()


def place(location: Location, root: Path) -> str:
    """Return a place as case.toml writes it: the file below the root, and the line where there is one."""
    path = os.path.relpath(location.path, root)
    return f"{path}:{location.span.line}" if location.span else path


def _set_default_modes(root: Path) -> None:
    written = (NOW - timedelta(days=1)).timestamp()
    for folder, _, names in os.walk(root):
        Path(folder).chmod(0o755)
        for file in (Path(folder, name) for name in names):
            if file.is_file() and not file.is_symlink():
                private = _PRIVATE_KEY in file.read_bytes() or _PASSWORDS.fullmatch(file.name)
                file.chmod(0o600 if private else 0o644)
                # Postfix reads a main.cf that changed within the last second again, 0.3 s later (seen with strace).
                os.utime(file, (written, written))


def _set_mode(root: Path, name: str, text: str) -> None:
    match = _OWNED.fullmatch(text)
    assert match, f"[modes] {name} = {text!r}: written as '0640' or '0640 root:ssl-cert'"
    if match["user"]:
        if os.geteuid() != 0:
            pytest.skip("only root can give a file another owner")
        os.chown(root / name, _number(root / "etc/passwd", match["user"]), _number(root / "etc/group", match["group"]))
    (root / name).chmod(int(match["mode"], 8))


def _number(accounts: Path, name: str) -> int:
    """Return the number of a user or group of the case's own host; root and plain numbers need no account there."""
    if name == "root" or name.isdecimal():
        return 0 if name == "root" else int(name)
    rows = [line.split(":") for line in accounts.read_text().splitlines()]
    return next(int(row[2]) for row in rows if row[0] == name)


def all_cases() -> list[Case]:
    """Return every case, sorted by rule and name."""
    return [Case(folder) for folder in sorted(CASES.glob("*/*")) if folder.is_dir() and folder.name != "__pycache__"]
