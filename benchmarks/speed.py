"""How fast the command starts, audits and reads: ``python benchmarks/speed.py``.

Commands that are compared take turns in one run, so that a busy machine slows both; the medians are compared. Lines are
counted over every Dovecot and Postfix tree of ``../shared/corpus``, where that is present.
"""

from __future__ import annotations

import io
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from statistics import median

REPOSITORY = Path(__file__).parents[1]
CORPUS = REPOSITORY.parent / "shared" / "corpus"
ROUNDS = 15


def seconds(arguments: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=REPOSITORY, stdout=subprocess.DEVNULL, check=False)
    return time.perf_counter() - began


def compare(name: str, arguments: list[str], base_name: str, base: list[str], aim: float) -> None:
    pairs = [(seconds(arguments), seconds(base)) for _ in range(ROUNDS)]
    ours, theirs = (median(column) for column in zip(*pairs, strict=True))
    print(f"{name}: {ours * 1000:.0f} ms; {base_name}: {theirs * 1000:.0f} ms; {ours / theirs:.2f} times (aim {aim})")


def read_corpus() -> None:
    sys.path.insert(0, str(REPOSITORY))
    from auditor.discover import discover
    from auditor.read import Versions, read_hosts

    trees = sorted(str(path) for path in CORPUS.glob("*/etc"))
    if not trees:
        print(f"no corpus at {CORPUS}")
        return
    began = time.perf_counter()
    hosts, failures = read_hosts(discover(trees), Versions())
    took = time.perf_counter() - began
    files = [file for host in hosts for one in (*host.dovecot, *host.postfix) for file in one.files]
    lines = sum(len(file.line_starts) for file in files)
    print(f"reading {len(trees)} trees, {len(files)} files: {lines} lines in {took:.2f} s, {lines / took:.0f} a second")
    print(f"what could not be read: {len(failures)}")


def audit_corpus() -> None:
    from auditor import cli

    trees = sorted(str(path) for path in CORPUS.glob("*/etc"))
    began = time.perf_counter()
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        status = cli.run([*trees, "--format", "json"])
    print(f"auditing them: {time.perf_counter() - began:.2f} s, exit status {status}")


if __name__ == "__main__":
    for example in ("examples/sound/etc", "examples/sound-2.4/etc"):
        libraries = ["-c", "import lark, click, cryptography.x509"]
        compare(f"mailaudit {example}", ["-m", "auditor", example], "importing the libraries", libraries, 1.5)
    compare("mailaudit --version", ["-m", "auditor", "--version"], "import click", ["-c", "import click"], 1.5)
    read_corpus()
    audit_corpus()
