"""The commands of docs/guide.md, run as they are printed.

They run as root in a mount namespace in which /etc and /var/lib are others, with ``systemctl`` replaced by one that
only says that it was called.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from test_formats import metrics, plugin

REPOSITORY = Path(__file__).parents[1]
GUIDE = (REPOSITORY / "docs/guide.md").read_text("utf-8")
NAMESPACE = ["unshare", "--mount", "--propagation", "private"]


class Block(NamedTuple):
    """A block of the guide: the section it stands in, its language, the file name in front of it, and its text."""

    section: str
    language: str
    file: str
    text: str


_BLOCK = re.compile(r"(?ms)(?:`(?P<file>[\w./-]+)`[^`\n]*:\n\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$")


def blocks() -> list[Block]:
    sections = ((part.partition("\n")[0], part) for part in re.split(r"(?m)^#+ ", GUIDE)[1:])
    return [
        Block(title, match["language"], match["file"] or "", match["text"])
        for title, section in sections
        for match in _BLOCK.finditer(section)
    ]


BLOCKS = blocks()


def can_mount() -> bool:
    return os.geteuid() == 0 and subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0


needs_namespace = pytest.mark.skipif(not can_mount(), reason="needs root and mount namespaces")


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """A folder with what the commands need: their own /etc, a repository with it, and programs on the path."""
    for example in ("etc", "repository/etc"):
        shutil.copytree(REPOSITORY / "examples/sound/etc", tmp_path / example, symlinks=True)
    for secret in (*tmp_path.glob("etc/ssl/private/*"), *tmp_path.glob("etc/dovecot/users*")):
        secret.chmod(0o600)
    (tmp_path / "repository/.gitignore").write_text("/etc/ssl/private/\n/etc/dovecot/users*\n")
    (tmp_path / "etc/systemd/system").mkdir(parents=True)
    shutil.copytree(REPOSITORY / "examples", tmp_path / "repository/examples")
    (tmp_path / "bin").mkdir()
    programs = {
        "mailaudit": f'PYTHONPATH={REPOSITORY} exec {sys.executable} -m auditor "$@"',
        "pre-commit": f'exec {sys.executable} -m pre_commit "$@"',
        "systemctl": 'echo "systemctl $*"',
    }
    for name, text in programs.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path / "repository", check=True)
    return tmp_path


def run(box: Path, commands: str, *, may_fail: str = "") -> subprocess.CompletedProcess[str]:
    """Run commands in the repository of the box; none may fail but mailaudit by its findings, and ``may_fail``."""
    allowed = "|".join(f'"1 {name} "*' for name in ("mailaudit", ".venv/bin/mailaudit", may_fail or "mailaudit"))
    script = f"""
        set -e
        mount --bind {box}/etc /etc
        mount -t tmpfs none /var/lib
        cd {box}/repository
        set -E
        trap 'status=$?; case "$status $BASH_COMMAND" in {allowed}) ;; *) exit $status;; esac' ERR
        set +e
    """
    environment = {**os.environ, "PATH": f"{box}/bin:{os.environ['PATH']}", "HOME": str(box)}
    environment["PRE_COMMIT_HOME"] = str(box / "cache")
    done = subprocess.run(
        [*NAMESPACE, "bash", "--norc"],
        input=f"{script}\n{commands}\ncp -a /var/lib/. {box}/var-lib/ 2>/dev/null || true\n",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def commands_of(section: str) -> str:
    found = [block.text for block in BLOCKS if block.section == section and block.language == "sh"]
    assert found
    return "\n".join(found)


def write_files(box: Path, section: str) -> dict[str, Any]:
    """Write the files that a section shows; returns those in YAML, read."""
    import yaml

    read = {}
    for block in BLOCKS:
        if block.section == section and block.file:
            file = box / "repository" / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text)
            if block.language == "yaml":
                read[block.file] = yaml.safe_load(block.text)
    assert read
    return read


@needs_namespace
def test_on_a_host(box: Path) -> None:
    out = run(box, commands_of("On a host")).stdout
    for words in ("Postfix, read as", "smtpd_tls_ask_ccert", "Why it matters", "[upgrade-breaks]"):
        assert words in out


@needs_namespace
def test_what_is_mended(box: Path) -> None:
    main = box / "etc/postfix/main.cf"
    before = main.read_text()
    main.write_text(before + "soft_bounce = yes\n")
    out = run(box, commands_of("What is mended")).stdout
    assert "-soft_bounce = yes\n+soft_bounce = no\n" in out
    assert main.read_text() == before + "soft_bounce = no\n"


@needs_namespace
def test_before_a_commit(box: Path) -> None:
    write_files(box, "Before a commit")
    shutil.rmtree(box / "repository/examples")
    out = run(box, "git add etc\n" + commands_of("Before a commit")).stdout
    assert re.search(r"mailaudit\.+Passed", out)
    assert json.loads((box / "repository/known.json").read_text())["tool"]["name"] == "mailaudit"


@needs_namespace
def test_before_a_commit_a_mistake_is_stopped(box: Path) -> None:
    write_files(box, "Before a commit")
    (box / "repository/etc/postfix/main.cf").write_text("broken\n")
    out = run(box, "git add .\n" + commands_of("Before a commit"), may_fail="pre-commit").stdout
    assert re.search(r"mailaudit\.+Failed", out)


@needs_namespace
@pytest.mark.parametrize("file", [".github/workflows/mailaudit.yml", ".gitlab-ci.yml"])
def test_in_ci(box: Path, file: str) -> None:
    found = write_files(box, "In CI")[file]
    shutil.rmtree(box / "repository/examples")
    job = found["jobs"]["mailaudit"] if "jobs" in found else found["mailaudit"]
    steps = [step["run"] for step in job["steps"] if "run" in step] if "steps" in job else job["script"]
    assert len(steps) >= 3
    # What pip installs is not to be found without a network: its place is taken by a command that does what is asked.
    stand_in = box / "bin/pip-stand-in"
    stand_in.write_text(f'#!/bin/sh\n[ "$*" = "install mailaudit" ] && ln -s {box}/bin/mailaudit .venv/bin/\n')
    stand_in.chmod(0o755)
    steps.insert(1, f"cp {stand_in} .venv/bin/pip")
    run(box, "export MAILAUDIT=mailaudit\n" + "\n".join(steps))
    if "steps" in job:
        (upload,) = [step["with"]["sarif_file"] for step in job["steps"] if "upload-sarif" in step.get("uses", "")]
        assert json.loads((box / "repository" / upload).read_text())["version"] == "2.1.0"
    else:
        reports = job["artifacts"]["reports"]
        assert json.loads((box / "repository" / reports["codequality"]).read_text()) == []
        assert "<testsuites" in (box / "repository" / reports["junit"]).read_text()


@needs_namespace
def test_as_monitoring(box: Path) -> None:
    (box / "var-lib").mkdir()
    out = run(box, commands_of("As monitoring")).stdout
    assert "systemctl enable --now mailaudit.timer" in out
    assert plugin(out.splitlines()[-1])[0].startswith("MAILAUDIT OK - ")
    told = metrics((box / "var-lib/node_exporter/mailaudit.prom").read_text())
    assert (box / "etc/systemd/system/mailaudit.timer").is_file()
    (rules,) = [block.text for block in BLOCKS if block.section == "As monitoring" and block.language == "yaml"]
    assert set(re.findall(r"mailaudit_\w+", rules)) <= told.keys()
    printed = re.findall(r"command_line\s+(.*)", GUIDE)
    assert printed
    assert all(command in commands_of("As monitoring") for command in printed)


@needs_namespace
def test_for_a_repository(box: Path) -> None:
    (toml,) = [block.text for block in BLOCKS if block.language == "toml"]
    (box / "repository/mailaudit.toml").write_text(toml)
    shutil.rmtree(box / "repository/examples")
    done = run(box, "mailaudit --no-config --write-baseline known.json .\n" + commands_of("For a repository"))
    assert done.stdout.count("Options for mailaudit: mailaudit.toml") == 1
    assert done.stderr == ""


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_reads_the_units(tmp_path: Path) -> None:
    for unit in (REPOSITORY / "examples/systemd").iterdir():
        (tmp_path / unit.name).write_text(unit.read_text().replace("ExecStart=mailaudit", "ExecStart=/bin/true"))
    units = [str(path) for path in sorted(tmp_path.iterdir())]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "mailaudit" in line]
    assert ours == []
