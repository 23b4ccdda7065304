"""How fast the command starts, audits and reads: ``python benchmarks/speed.py``.

Times are CPU seconds (user and system), which other work on the machine changes least. Commands that are compared take
turns in one run, and the least of each is compared; every command ran once before, so that its byte code is there.
Lines are counted over every Dovecot and Postfix tree of ``../shared/corpus``, where that is present; the daemons' own
programs are asked in the chroots of ``tests/oracle``, where these are present.
"""

from __future__ import annotations

import io
import os
import resource
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

REPOSITORY = Path(__file__).parents[1]
CORPUS = REPOSITORY.parent / "shared" / "corpus"
ROUNDS = 10
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
EXAMPLES = {"bookworm": "examples/sound/etc", "trixie": "examples/sound-2.4/etc"}
"""The example that each suite's daemons read."""


def of_children(run: Callable[[], object]) -> float:
    """Return the CPU seconds of the processes that a function starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def python(arguments: Sequence[str]) -> Callable[[], object]:
    command = [sys.executable, *arguments]
    return lambda: subprocess.run(
        command, cwd=REPOSITORY, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )


def compare(name: str, arguments: Sequence[str], base_name: str, base: Sequence[str], aim: float) -> None:
    ours, theirs = python(arguments), python(base)
    ours(), theirs()
    pairs = [(of_children(ours), of_children(theirs)) for _ in range(ROUNDS)]
    mine, other = (min(column) for column in zip(*pairs, strict=True))
    print(f"{name}: {mine * 1000:.0f} ms; {base_name}: {other * 1000:.0f} ms; {mine / other:.2f} times (aim {aim})")


def read_corpus() -> None:
    from auditor.discover import discover
    from auditor.read import Versions, read_hosts

    trees = sorted(str(path) for path in CORPUS.glob("*/etc"))
    if not trees:
        print(f"no corpus at {CORPUS}")
        return
    rates = []
    for _ in range(3):
        began = time.process_time()
        hosts, failures = read_hosts(discover(trees), Versions())
        took = time.process_time() - began
        files = [file for host in hosts for one in (*host.dovecot, *host.postfix) for file in one.files]
        lines = sum(len(file.line_starts) for file in files)
        rates.append(f"{lines / took:.0f}")
    print(
        f"reading {len(trees)} trees, {len(files)} files, {lines} lines: {', '.join(rates)} lines a second (aim 100000)"
    )
    print(f"what could not be read: {len(failures)}")


def audit_corpus() -> None:
    from auditor import cli

    trees = sorted(str(path) for path in CORPUS.glob("*/etc"))
    if not trees:
        return
    began = time.process_time()
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        status = cli.run([*trees, "--format", "json"])
    print(f"auditing them: {time.process_time() - began:.2f} s, exit status {status}")


def against_the_daemons() -> None:
    """Compare reading a host in this process, once warm, with the daemons' own programs on the same tree."""
    from auditor.discover import discover
    from auditor.read import Versions, read_hosts

    sys.path.insert(0, str(REPOSITORY / "tests"))
    from oracle import daemons

    try:
        oracle = daemons.load()
    except daemons.UnavailableError as error:
        print(f"no daemons to compare with: {error}")
        return
    for suite, example in EXAMPLES.items():
        if suite not in daemons.SUITES:
            continue
        tree = REPOSITORY / example
        warm = []
        for _ in range(ROUNDS):
            began = time.process_time()
            read_hosts(discover([str(tree)]), Versions())
            warm.append(time.process_time() - began)
        with (
            oracle.Tree(suite, tree / "dovecot") as dovecot,
            oracle.Tree(suite, tree / "postfix", at="/tmp/oracle-postfix", main="main.cf") as postfix,
        ):
            asked = (
                (dovecot, ["doveconf", "-n"]),
                (postfix, ["postconf", "-c", postfix.at, "-n"]),
                (postfix, ["postconf", "-c", postfix.at, "-M"]),
            )
            theirs = 0.0
            for there, command in asked:
                code, _, message = there.run(command)
                if code:
                    print(f"{command} fails on {example}: {message}")
                whole = min(of_children(lambda t=there, c=command: t.run(c)) for _ in range(ROUNDS))
                # Entering the chroot is no part of the program.
                theirs += whole - min(of_children(lambda t=there: t.run(["true"])) for _ in range(ROUNDS))
        print(
            f"reading {example} once warm: {min(warm) * 1000:.1f} ms; doveconf -n, postconf -n and postconf -M"
            f" of {suite}: {theirs * 1000:.1f} ms (aim: less than theirs)"
        )


if __name__ == "__main__":
    sys.path.insert(0, str(REPOSITORY))
    libraries = ["-c", "import lark, click, cryptography.x509"]
    for example in EXAMPLES.values():
        compare(f"mailaudit {example}", ["-m", "auditor", example], "importing the libraries", libraries, 1.5)
    compare("mailaudit --version", ["-m", "auditor", "--version"], "import click", ["-c", "import click"], 1.5)
    read_corpus()
    audit_corpus()
    against_the_daemons()
