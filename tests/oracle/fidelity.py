"""How many trees and settings mailaudit and the daemons read alike: ``python tests/oracle/fidelity.py >> RESULTS``.

One line of JSON for each set of trees and version; tools/make_fidelity_table.py makes docs/fidelity.md of them.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[2])]

import daemons
import test_dovecot23
import test_dovecot24
import test_postfix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def main() -> None:
    """Compare every tree of ../shared with every version at hand."""
    oracle = daemons.load()
    for name, version, outcomes in _all(oracle):
        sys.stdout.write(json.dumps({"trees": name, "version": version, "outcomes": outcomes}) + "\n")
        sys.stdout.flush()


def _all(oracle: Any) -> Iterator[tuple[str, str, Counter[str]]]:
    found: Counter[str] = Counter()
    for name, (tree, main_file) in test_dovecot23.TREES_HERE.items():
        if name in test_dovecot23.TREES:
            found["listed exceptions"] += 1
            continue
        answer = oracle.dovecot_check(test_dovecot23.SUITE, tree, main=main_file)
        words = name not in test_dovecot23.LINES_ONLY
        _count(found, oracle, answer, partial(test_dovecot23.compare, oracle, tree, main_file, words=words))
    yield "Dovecot", test_dovecot23.VERSION, found
    for suite, version in test_dovecot24.VERSIONS.items():
        if suite not in daemons.SUITES:
            continue
        found = Counter()
        for name, tree in test_dovecot24.SHARED_TREES.items():
            if (name, suite) in test_dovecot24.TREES or (name, "*") in test_dovecot24.TREES:
                found["listed exceptions"] += 1
                continue
            answer = oracle.dovecot_check(suite, tree)
            _count(found, oracle, answer, partial(test_dovecot24.compare, oracle, suite, tree))
        yield "Dovecot", version, found
    for suite, version in test_postfix.VERSIONS.items():
        if suite not in daemons.SUITES:
            continue
        found = Counter()
        for tree in test_postfix.trees():
            _postfix(found, oracle, suite, tree)
        yield "Postfix", version, found


def _count(found: Counter[str], oracle: Any, answer: tuple[int, str, Any, Any], compare: Callable[[], None]) -> None:
    status, text, *_ = answer
    settings = 0 if status else len(oracle.parse_tree(text))
    found["trees"] += 1
    found["settings"] += settings
    try:
        compare()
    except AssertionError:
        found["trees that differ"] += 1
        return
    found["settings equal"] += settings
    found["refused alike"] += bool(status)


def _postfix(found: Counter[str], oracle: Any, suite: str, tree: Path) -> None:
    with tempfile.TemporaryDirectory() as root:
        folder = test_postfix.copied(tree, Path(root))
        Path(root).chmod(0o755)
        with oracle.Tree(suite, folder, at=test_postfix.AT, main="main.cf") as there:
            status, out, errors = there.run(["sh", "-c", test_postfix.ASK])
        configuration = test_postfix.read(folder, test_postfix.VERSIONS[suite])
        printed = dict(zip(test_postfix.OPTIONS, out.split("@@\n")[1:], strict=False))
        settings = 0 if status else sum(len(test_postfix.pairs(printed[option])) for option in ("-n", "-nx", "-P"))
        found["trees"] += 1
        found["settings"] += settings
        try:
            if status:
                test_postfix.check_refusal(configuration, errors)
            else:
                test_postfix.check_parameters(configuration, printed)
                test_postfix.check_services(configuration, printed)
        except AssertionError:
            found["trees that differ"] += 1
            return
        found["settings equal"] += settings
        found["refused alike"] += bool(status)


if __name__ == "__main__":
    main()
