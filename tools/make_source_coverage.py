"""Make docs/source-coverage.md: every claim of the two documents the project began from, and what checks it.

``python tools/make_source_coverage.py ../shared/reference/SOURCE-COVERAGE.md``. The claims are those of that file; what
checks them is marked where it stands: ``claims = ["blog 13-15"]`` in a case.toml, ``claim: wiki 83`` in a comment or
docstring of a test. ``blog`` and ``wiki`` are the documents, the numbers their lines.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY: Final = Path(__file__).parents[1]
DOCUMENTS: Final = {"SEED-B": "blog", "SEED-W": "wiki"}
NO_RULE: Final = re.compile(r"-|no rule|\s*")
_MARK: Final = re.compile(r"claim: ((?:blog|wiki) \d+(?:-\d+)?)")
HEAD: Final = """# What the two sources say, and what checks it

Made by `tools/make_source_coverage.py` of marks in the cases and tests; do not edit. `blog` is the article on client
certificates with Dovecot and Postfix, `wiki` Dovecot's page on its SSL settings, each with its line numbers.

| claim | what it says | checked by |
| --- | --- | --- |
"""


class Claim(NamedTuple):
    """One claim: the document and its lines, what it says, and whether the catalogue has a rule for it."""

    key: str
    text: str
    has_rule: bool


def claims(reference: str) -> Iterator[Claim]:
    """Yield the claims of the reference document's tables."""
    document = ""
    for line in reference.splitlines():
        if line.startswith("## "):
            document = next((short for name, short in DOCUMENTS.items() if name in line), "")
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if document and line.startswith("|") and re.match(r"\d", cells[0]):
            yield Claim(f"{document} {cells[0]}", cells[1], NO_RULE.fullmatch(cells[2]) is None)


def marks(tests: Path) -> dict[str, list[str]]:
    """Return the cases and tests that carry a mark, by claim."""
    found: dict[str, list[str]] = defaultdict(list)
    for case in sorted(tests.glob("rules/*/*/case.toml")):
        for key in tomllib.loads(case.read_text()).get("claims", []):
            found[key].append(str(case.parent.relative_to(tests / "rules")))
    for test in sorted(tests.rglob("test_*.py")):
        for match in _MARK.finditer(test.read_text()):
            found[match[1]].append(str(test.relative_to(tests.parent)))
    return found


def unchecked(reference: str, tests: Path) -> list[str]:
    """Return the claims with a rule that nothing checks, and the marks that are of no claim."""
    known, marked = list(claims(reference)), marks(tests)
    missing = [claim.key for claim in known if claim.has_rule and claim.key not in marked]
    return missing + sorted(marked.keys() - {claim.key for claim in known})


def table(reference: str, tests: Path) -> str:
    """Return the table."""
    marked = marks(tests)
    rows = (
        f"| {claim.key} | {claim.text} | {', '.join(f'`{one}`' for one in marked[claim.key]) or 'no rule'} |"
        for claim in claims(reference)
    )
    return HEAD + "\n".join(rows) + "\n"


def main(arguments: list[str]) -> None:
    """Write the table; what is unchecked goes to standard error, and fails."""
    reference, tests = Path(arguments[0]).read_text(), REPOSITORY / "tests"
    (REPOSITORY / "docs/source-coverage.md").write_text(table(reference, tests))
    if wrong := unchecked(reference, tests):
        sys.exit(f"unchecked, or of no claim: {', '.join(wrong)}")


if __name__ == "__main__":
    main(sys.argv[1:])
