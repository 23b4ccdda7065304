"""What a shell is told when somebody presses TAB."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]


def asked(instruction: str, line: str = "", shell: str = "bash") -> str:
    words = line.split(" ")
    environment = {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY),
        "_MAILAUDIT_COMPLETE": instruction,
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1) if shell == "bash" else words[-1],
    }
    command = [sys.executable, "-m", "auditor"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("mailaudit ex", ["file,ex", "plain,explain"]),
        ("mailaudit explain passdb-em", ["plain,passdb-empty-password"]),
        ("mailaudit --ignore syntax-error,suppression-ex", ["plain,syntax-error,suppression-expired"]),
        ("mailaudit etc --fail-on h", ["plain,high"]),
        ("mailaudit --format s", ["plain,sarif"]),
        ("mailaudit settings --format j", ["plain,json"]),
        ("mailaudit --output re", ["file,re"]),
        ("mailaudit etc/do", ["file,etc/do"]),
        ("mailaudit --no-supp", ["plain,--no-suppressions"]),
        ("mailaudit settings --no-supp", []),
    ],
)
def test_words(line: str, expected: list[str]) -> None:
    assert asked("bash_complete", line).splitlines() == expected


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts(shell: str) -> None:
    assert "_MAILAUDIT_COMPLETE" in asked(f"{shell}_source")


@pytest.mark.parametrize("instruction", ["tcsh_source", "nonsense", ""])
def test_what_is_not_known_gets_nothing(instruction: str) -> None:
    assert asked(instruction) == ""


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_reads_its_script(tmp_path: Path) -> None:
    (tmp_path / "mailaudit").write_text(f'#!/bin/sh\nPYTHONPATH={REPOSITORY} exec {sys.executable} -m auditor "$@"\n')
    (tmp_path / "mailaudit").chmod(0o755)
    code = "source <(_MAILAUDIT_COMPLETE=bash_source mailaudit); COMP_WORDS=(mailaudit rul); COMP_CWORD=1\n"
    code += "compopt() { :; }\n"  # It works only while somebody presses TAB.
    code += '_mailaudit_completion mailaudit; printf "%s\\n" "${COMPREPLY[@]}"'
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "--norc", "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("rules\n", "")
