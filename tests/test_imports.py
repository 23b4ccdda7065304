"""What a run imports: most of the time of a small audit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]

FILES = {
    "postfix/main.cf": "myhostname = mail.example.org\nmynetworks = 127.0.0.0/8\n",
    "postfix/master.cf": "smtp inet n - y - - smtpd\n",
    "dovecot/dovecot.conf": "protocols = imap\nmail_location = maildir:~/Maildir\nssl = no\n",
}
MODERN = "dovecot_config_version = 2.4.1\ndovecot_storage_version = 2.4.1\nprotocols {\n  imap = yes\n}\nssl = no\n"

LIBRARIES = {"click", "lark", "cryptography", "rich"}
SELDOM = {"tomllib", "difflib", "importlib.metadata", "importlib.resources"}
"""Parts of Python's library that only some runs need."""
OTHER_COMMANDS = {"auditor.access_tables", "auditor.revision", "auditor.why.explain", "auditor.report.access"}
FORMATS = {f"auditor.report.{name}" for name in ("json", "text", "sarif", "junit", "nagios", "prometheus", "rules")}


def imported(*arguments: str, cwd: Path) -> set[str]:
    """Return the names of the modules that are there when a command is done, in a process of its own."""
    code = "import json, sys; from auditor import cli; cli.run(sys.argv[1:]); print(json.dumps(list(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd,
        env={"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count("\n") > 1, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "etc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_version_imports_click_alone(tmp_path: Path) -> None:
    found = imported("--version", cwd=tmp_path)
    assert found & LIBRARIES == {"click"}
    assert found & {*SELDOM, *OTHER_COMMANDS, *FORMATS, "auditor.rule", "auditor.config", "auditor.read"} == set()


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_audit_imports_what_it_needs(tree: Path, form: str) -> None:
    found = imported("etc", "--format", form, cwd=tree)
    assert found & LIBRARIES == {"click", "lark"}
    assert found & SELDOM == set()
    assert found & {*OTHER_COMMANDS, "auditor.baseline", "auditor.report.nagios"} == set()
    assert found & FORMATS == {f"auditor.report.{form}"}


def test_only_one_language_of_dovecot_is_interpreted(tree: Path) -> None:
    interpreters = {"auditor.dovecot.v23", "auditor.dovecot.v24"}
    assert imported("etc", cwd=tree) & interpreters == {"auditor.dovecot.v23"}
    (tree / "etc/dovecot/dovecot.conf").write_text(MODERN)
    assert imported("etc", cwd=tree) & interpreters == {"auditor.dovecot.v24"}


def test_cryptography_reads_certificates() -> None:
    assert "cryptography" in imported("examples/sound/etc", cwd=REPOSITORY)


def test_a_configuration_needs_tomllib(tree: Path) -> None:
    (tree / "mailaudit.toml").write_text('severity = "high"\n')
    assert "tomllib" in imported("etc", cwd=tree)
