"""How fast the command starts, audits and reads: ``python benchmarks/speed.py``.

Times are CPU seconds (user and system), which other work on the machine changes least. Commands that are compared take
turns in one run, and the least of each is compared; every command ran once before, so that its byte code is there.
Lines are counted over every Dovecot and Postfix tree of ``../shared/corpus``, where that is present; the daemons' own
programs are asked in the chroots of ``tests/oracle``, where these are present.
"""

from __future__ import annotations

import gc
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
    from types import ModuleType

REPOSITORY = Path(__file__).parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests")]

from oracle import daemons  # noqa: E402 - the checkout has to be on the path

from auditor import cli  # noqa: E402

CORPUS = REPOSITORY.parent / "shared" / "corpus"
ROUNDS = 10
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
EXAMPLES = {"bookworm": "examples/sound/etc", "trixie": "examples/sound-2.4/etc"}
"""The example that each suite's daemons read."""
POSTFIX = "/tmp/oracle-postfix"
"""Where a suite's Postfix finds a tree."""


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


def corpus_trees() -> list[str]:
    trees = sorted(str(path) for path in CORPUS.glob("*/etc"))
    if not trees:
        print(f"no corpus at {CORPUS}")
    return trees


def read_corpus(trees: Sequence[str]) -> None:
    """Read every tree three times; in the first pass nothing but imports is done."""
    from auditor.discover import discover
    from auditor.dovecot import v23, v24  # noqa: F401  # the reader imports them when it finds such a file
    from auditor.read import Versions, read_hosts

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


def audit_corpus(trees: Sequence[str]) -> None:
    began = time.process_time()
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        status = cli.run([*trees, "--format", "json"])
    print(f"auditing them: {time.process_time() - began:.2f} s, exit status {status}")


def daemons_take(oracle: ModuleType, suite: str, etc: Path, rounds: int) -> float:
    """Return the CPU seconds of ``doveconf -n``, ``postconf -n`` and ``postconf -M`` on a tree."""
    seconds = 0.0
    for product, at, main, commands in (
        ("dovecot", "/etc/dovecot", "dovecot.conf", (["doveconf", "-n"],)),
        ("postfix", POSTFIX, "main.cf", (["postconf", "-c", POSTFIX, "-n"], ["postconf", "-c", POSTFIX, "-M"])),
    ):
        if not (etc / product).is_dir():
            continue
        with oracle.Tree(suite, etc / product, at=at, main=main) as there:
            for command in commands:
                whole = min(of_children(lambda c=command: there.run(c)) for _ in range(rounds))
                # Entering the chroot is no part of the program.
                seconds += whole - min(of_children(lambda: there.run(["true"])) for _ in range(rounds))
    return seconds


def against_the_daemons(oracle: ModuleType, suites: Sequence[str]) -> None:
    """Compare reading a host in this process, once warm, with the daemons' own programs on the same tree."""
    from auditor.discover import discover
    from auditor.read import Versions, read_hosts

    for suite, example in EXAMPLES.items():
        if suite not in suites:
            continue
        tree = REPOSITORY / example
        warm = []
        for _ in range(ROUNDS):
            began = time.process_time()
            read_hosts(discover([str(tree)]), Versions())
            warm.append(time.process_time() - began)
        theirs = daemons_take(oracle, suite, tree, ROUNDS)
        print(
            f"reading {example} once warm: {min(warm) * 1000:.1f} ms; doveconf -n, postconf -n and postconf -M"
            f" of {suite}: {theirs * 1000:.1f} ms (aim: less than theirs)"
        )


def against_the_daemons_on_the_corpus(oracle: ModuleType, suites: Sequence[str], trees: Sequence[str]) -> None:
    """Compare reading each tree of the corpus, and auditing it, with the programs of the daemons of its dialect."""
    from auditor.discover import discover
    from auditor.read import Versions, read_hosts

    reading = auditing = theirs = 0.0
    slower = 0
    for tree in trees:
        began = time.process_time()
        hosts, _ = read_hosts(discover([tree]), Versions())
        took = time.process_time() - began
        is_2_4 = any(dovecot.dialect == "2.4" for host in hosts for dovecot in host.dovecot)
        suite = "trixie" if is_2_4 else "bookworm"
        if suite not in suites:
            continue
        daemons = daemons_take(oracle, suite, Path(tree), 1)
        began = time.process_time()
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            cli.run([tree])
        auditing += time.process_time() - began
        reading += took
        theirs += daemons
        slower += took > daemons
    print(
        f"each tree of the corpus in one process: reading {reading:.2f} s, auditing {auditing:.2f} s;"
        f" the daemons' programs {theirs:.2f} s (aim: less than theirs); {slower} trees are read slower than by them"
    )


def measure() -> None:
    libraries = ["-c", "import lark, click, cryptography.x509"]
    for example in EXAMPLES.values():
        compare(f"mailaudit {example}", ["-m", "auditor", example], "importing the libraries", libraries, 1.5)
    compare("mailaudit --version", ["-m", "auditor", "--version"], "import click", ["-c", "import click"], 1.2)
    gc.set_threshold(cli.COLLECT_AFTER)
    trees = corpus_trees()
    read_corpus(trees)
    audit_corpus(trees)
    try:
        oracle = daemons.load()
    except daemons.UnavailableError as error:
        print(f"no daemons to compare with: {error}")
        return
    against_the_daemons(oracle, daemons.SUITES)
    against_the_daemons_on_the_corpus(oracle, daemons.SUITES, trees)


if __name__ == "__main__":
    measure()
