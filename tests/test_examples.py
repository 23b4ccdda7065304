"""What the examples are there to show."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
PASSDBS = "etc/dovecot/conf.d/auth-passwdfile.conf.ext"


def mailaudit(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Return exit status and report of the command."""
    command = [sys.executable, "-m", "auditor", "--format", "json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=EXAMPLES.parent)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def rules_of(report: dict[str, Any]) -> set[str]:
    return {finding["rule"] for finding in report["findings"]}


def test_the_article_breaks_tls_and_lets_revoked_certificates_relay() -> None:
    status, report = mailaudit("examples/article/etc")
    assert status == 1
    assert {"cert-username-field-unknown", "crl-not-checked-by-postfix"} <= rules_of(report)
    assert "passdb-empty-password" not in rules_of(report)


def test_the_article_without_its_mechanism_filter_needs_no_password(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "article", tmp_path / "article")
    file = tmp_path / "article" / PASSDBS
    lines = file.read_text().splitlines(keepends=True)
    assert lines.count("  mechanisms = external\n") == 1
    lines.remove("  mechanisms = external\n")
    file.write_text("".join(lines))

    status, report = mailaudit("--no-modes", str(tmp_path / "article/etc"))

    assert status == 1
    findings = [finding for finding in report["findings"] if finding["rule"] == "passdb-empty-password"]
    places = [(one["path"], one["line"]) for finding in findings for one in finding["locations"] if one["primary"]]
    blocks = [number for number, line in enumerate(lines, 1) if line == "passdb {\n"]
    assert places == [(str(file), blocks[1])]
    assert [finding["severity"] for finding in findings] == ["critical"]


def test_of_the_article_spelt_right_only_what_postfix_does_is_left(tmp_path: Path) -> None:
    """Whoever has a certificate may relay, revoked or not; defaults aside nothing else is reported (claim: blog 1)."""
    shutil.copytree(EXAMPLES / "article", tmp_path / "article")
    file = tmp_path / "article/etc/dovecot/conf.d/10-ssl.conf"
    text = file.read_text()
    assert text.count("= emailAddres\n") == 1
    file.write_text(text.replace("= emailAddres\n", "= emailAddress\n"))

    _, report = mailaudit("--no-modes", str(tmp_path / "article/etc"))

    written = [one for one in report["findings"] if any(at["primary"] and at["line"] for at in one["locations"])]
    assert {one["rule"] for one in written} == {"all-clientcerts-policy", "crl-not-checked-by-postfix"}


@pytest.mark.parametrize("example", ["sound", "sound-2.4"])
def test_the_sound_setups_are_clean(example: str) -> None:
    """Certificates and passwords, for IMAP and for SMTP (claim: blog 1)."""
    status, report = mailaudit(f"examples/{example}/etc")
    assert report["findings"] == []
    assert status == 0
