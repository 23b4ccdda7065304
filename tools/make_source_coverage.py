"""Make docs/source-coverage.md: every claim of the two documents the project began from, and what checks it.

``python tools/make_source_coverage.py ../shared/reference/SOURCE-COVERAGE.md``. The claims are those of that file, with
the rules that are about them; what checks them is marked where it stands: ``claims = ["blog 13-15"]`` in a case.toml,
``claim: wiki 83`` in the docstring of a test. ``blog`` and ``wiki`` are the documents, the numbers their lines; where
several claims stand on the same lines, their number follows: ``blog 19 (2)``.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REPOSITORY: Final = Path(__file__).parents[1]
DOCUMENTS: Final = {"SEED-B": "blog", "SEED-W": "wiki"}
NO_RULE: Final = re.compile(r"-|no rule|\s*")
BESIDE_THE_RULES: Final = re.compile(r"\b(?:model|proofs?)\b")
"""Where a row says so, the model or a trial on the daemon answers, and a case of whichever rule may show it."""
_MARK: Final = re.compile(r"claim: ((?:blog|wiki) \d+(?:-\d+)?(?: \(\d\))?)")
_CODE: Final = re.compile(r"\b([A-Z]{2})(\d\d)(?:-\1(\d\d))?\b")
_LEFT_OUT: Final = re.compile(r"(?m)^\| `([a-z0-9-]+)` \| (.*)")
HEAD: Final = """# What the two sources say, and what checks it

Made by `tools/make_source_coverage.py` of marks in the cases and tests; do not edit. `blog` is the article on client
certificates with Dovecot and Postfix, `wiki` Dovecot's page on its SSL settings, each with its line numbers. A case
shows what mailaudit says in place of the claim where the claim is incomplete or wrong.

| claim | what it says | checked by |
| --- | --- | --- |
"""


class Claim(NamedTuple):
    """One claim: the document and its lines, what it says, and the rules that are about it."""

    key: str
    text: str
    rules: frozenset[str]
    has_rule: bool
    beside_the_rules: bool
    """Whether more than rules answers it: a case of any rule may show it."""


class Mark(NamedTuple):
    """A case or test that says which claim it checks."""

    key: str
    place: str
    rules: frozenset[str] | None
    """What the case must report, or must not; None for a test."""

    @property
    def kind(self) -> str:
        """``bad`` or ``ok`` for a case, by its name; ``test``."""
        return "test" if self.rules is None else self.place.partition("/")[2].partition("-")[0]


def rule_names(catalogue: Path) -> dict[str, frozenset[str]]:
    """Return the rules by their codes in the catalogue; of one that is left out, those that docs/left-out.md names."""
    left_out = dict(_LEFT_OUT.findall((REPOSITORY / "docs/left-out.md").read_text("utf-8")))
    return {
        one["code"]: frozenset(re.findall(r"`([a-z0-9-]+)`", left_out.get(one["id"], f"`{one['id']}`")))
        for one in json.loads(catalogue.read_text("utf-8"))
    }


def claims(text: str, names: Mapping[str, frozenset[str]]) -> list[Claim]:
    """Return the claims of the tables in SOURCE-COVERAGE.md."""
    rows = list(_rows(text))
    total, number = Counter(lines for lines, _ in rows), Counter[str]()
    found = []
    for lines, (said, rules, *note) in rows:
        number[lines] += 1
        codes = _codes(" ".join([rules, *note]))
        found.append(
            Claim(
                f"{lines} ({number[lines]})" if total[lines] > 1 else lines,
                said,
                frozenset[str]().union(*(names[code] for code in codes)),
                NO_RULE.fullmatch(rules) is None,
                BESIDE_THE_RULES.search(rules) is not None,
            )
        )
    return found


def _rows(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield document and lines of each row, and the other cells."""
    document = ""
    for line in text.splitlines():
        if line.startswith("## "):
            document = next((short for name, short in DOCUMENTS.items() if name in line), "")
        lines, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        if document and line.startswith("|") and re.match(r"\d", lines):
            yield f"{document} {lines}", cells


def _codes(text: str) -> Iterator[str]:
    for family, first, last in _CODE.findall(text):
        yield from (f"{family}{number:02}" for number in range(int(first), int(last or first) + 1))


def marks(tests: Path) -> list[Mark]:
    """Return the marks in the cases and tests."""
    return [*_marks_of_cases(tests), *_marks_of_tests(tests)]


def _marks_of_cases(tests: Path) -> Iterator[Mark]:
    for file in sorted(tests.glob("rules/*/*/case.toml")):
        facts = tomllib.loads(file.read_text("utf-8"))
        case = file.parent.relative_to(tests / "rules")
        rules = frozenset({case.parts[0], *facts.get("expect", [])})
        yield from (Mark(key, str(case), rules) for key in facts.get("claims", []))


def _marks_of_tests(tests: Path) -> Iterator[Mark]:
    for file in sorted(tests.rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                place = f"{file.relative_to(tests.parent)}::{node.name}"
                yield from (Mark(key, place, None) for key in _MARK.findall(ast.get_docstring(node) or ""))


def wrong(known: list[Claim], marked: list[Mark]) -> list[str]:
    """Return the claims that are not checked, and the marks of no claim or on a case whose rules are about others."""
    by_key = {claim.key: claim for claim in known}
    kinds: dict[str, set[str]] = defaultdict(set)
    for mark in marked:
        kinds[mark.key].add(mark.kind)
    said = [
        f"{claim.key} is checked neither by a test nor by a bad case and a look-alike"
        for claim in known
        if claim.has_rule and not ("test" in kinds[claim.key] or kinds[claim.key] >= {"bad", "ok"})
    ]
    for mark in marked:
        if (claim := by_key.get(mark.key)) is None:
            said.append(f"{mark.place}: there is no {mark.key}")
        elif not claim.has_rule:
            said.append(f"{mark.place}: {mark.key} has no rule")
        elif mark.rules is not None and not claim.beside_the_rules and not mark.rules & claim.rules:
            said.append(f"{mark.place}: its rule is not about {mark.key}")
    return said


def table(known: list[Claim], marked: list[Mark]) -> str:
    """Return the page."""
    rows = []
    for claim in known:
        places = ", ".join(f"`{mark.place}`" for mark in marked if mark.key == claim.key)
        rows.append(f"| {claim.key} | {claim.text} | {places or 'no rule'} |\n")
    return HEAD + "".join(rows)


def main(arguments: list[str]) -> None:
    """Write the table; what is wrong goes to standard error, and fails."""
    reference = Path(arguments[0])
    known = claims(reference.read_text("utf-8"), rule_names(reference.with_name("rules.json")))
    marked = marks(REPOSITORY / "tests")
    (REPOSITORY / "docs/source-coverage.md").write_text(table(known, marked), "utf-8")
    if said := wrong(known, marked):
        sys.exit("\n".join(said))


if __name__ == "__main__":
    main(sys.argv[1:])
