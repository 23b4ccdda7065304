"""Everything in a configuration of Dovecot 2.3 that doveconf 2.4 refuses, asked line by line.

doveconf stops at the first line that it refuses. So it is asked again and again, each time with that line mended as far
as it takes to come to the next: a section without a name gets one, the settings of ``plugin`` are left without their
block, of several names of a ``local_name`` one stays, and any other line is taken out.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_REFUSALS = 500
_FRAME = re.compile(
    r"doveconf: (?:Fatal|Panic): (?:Error in configuration file (?P<file>\S+?)(?: line (?P<line>\d+))?: )?"
    r"(?:doveconf: Fatal: .*: )?(?P<words>.*)"
)
_DRIVER = re.compile(r"driver\s*=\s*\"?([^\s\"]+)")


class Refusal(NamedTuple):
    """File below the configuration's folder, line (0 for none) and the daemon's words."""

    file: str
    line: int
    words: str


class Tree:
    """A copy of a tree whose lines are mended one after the other."""

    def __init__(self, folder: Path, main: str, at: str, version: str) -> None:
        self.folder = folder
        self.main = folder / main
        self.at = at
        self.version = version
        self.inserted = 0

    def mend(self, error: str) -> Refusal | None:
        """Mend what an error is about and return it; None where it only follows from a line that was taken out."""
        match = _FRAME.match(error)
        assert match, error
        file = (match["file"] or "").removeprefix(self.at + "/")
        number, words = int(match["line"] or 0), match["words"]
        for name in ("dovecot_config_version", "dovecot_storage_version"):
            if name in words and "must be" in words:
                return self._insert(name, file, number, words)
        started = re.search(r"section started at (\S+?):(\d+)", words)
        if started:
            file, number = started[1].removeprefix(self.at + "/"), int(started[2])
        refusal = Refusal(file, number - self._shift(file) if number else 0, words)
        if number:
            return refusal if self._mend_line(self.folder / file, number - 1, words) else None
        self._take_out(re.split(r"[ :]", words, maxsplit=1)[0])
        return refusal

    def _take_out(self, name: str) -> None:
        """Take out every line that sets what a complaint without a line is about."""
        changed = False
        for file in (path for path in self.folder.rglob("*") if path.is_file()):
            lines = _lines(file)
            kept = ["" if re.match(rf"\s*{re.escape(name)}\s*=", line) else line for line in lines]
            changed |= kept != lines
            _write(file, kept)
        assert changed, f"no line is about {name}"

    def _shift(self, file: str) -> int:
        return self.inserted if file == self.main.name else 0

    def _insert(self, name: str, file: str, number: int, words: str) -> Refusal:
        refusal = Refusal(file, number - self._shift(file) if number else 0, words)
        lines = _lines(self.main)
        lines.insert(self.inserted, f"{name} = {self.version}")
        self.inserted += 1
        _write(self.main, lines)
        return refusal

    def _mend_line(self, file: Path, at: int, words: str) -> bool:
        lines = _lines(file)
        end = _end(lines, at)
        if "missing section name" in words:
            lines[at] = re.sub(r"\{", f"{_driver(lines[at:end]) or f'name{at}'} {{", lines[at], count=1)
        elif "Multiple names" in words:
            lines[at] = re.sub(r'"?([^\s"]+)\s[^"{]*"?\s*\{', r"\1 {", lines[at], count=1)
        elif "Unknown section name: plugin" in words:
            lines[at] = lines[end] = ""
        elif _code(lines[at]).endswith("{"):
            lines[at : end + 1] = [""] * (end + 1 - at)
        elif _code(lines[at]) == "}":
            start = _start(lines, at)
            follows = "" in [line.strip() for line in lines[start:at]]
            lines[start : at + 1] = [""] * (at + 1 - start)
            _write(file, lines)
            return not follows
        else:
            first = at
            while first and _code(lines[first - 1]).endswith("\\"):
                first -= 1
            lines[first : at + 1] = [""] * (at + 1 - first)
        _write(file, lines)
        return True


def _lines(file: Path) -> list[str]:
    return file.read_bytes().decode("utf-8", "surrogateescape").split("\n")


def _write(file: Path, lines: list[str]) -> None:
    file.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))


def _code(line: str) -> str:
    line = line.strip()
    return "" if line.startswith("#") else re.sub(r"\s#.*", "", line).rstrip()


def _end(lines: list[str], start: int) -> int:
    """Return the line of the brace that closes a section."""
    depth = 0
    for at in range(start, len(lines)):
        code = _code(lines[at])
        depth += code.endswith("{") - (code == "}")
        if depth <= 0:
            return at
    return len(lines) - 1


def _start(lines: list[str], end: int) -> int:
    depth = 0
    for at in range(end, -1, -1):
        code = _code(lines[at])
        depth += (code == "}") - code.endswith("{")
        if depth <= 0:
            return at
    return 0


def _driver(lines: list[str]) -> str:
    found = [match[1] for line in lines if (match := _DRIVER.match(_code(line)))]
    return found[-1] if found else ""


def refusals(oracle: Any, suite: str, tree: Path, version: str, main: str = "dovecot.conf") -> Iterator[Refusal]:
    """Yield everything that doveconf of a suite refuses in a tree, in its order."""
    with oracle.Tree(suite, tree, main=main) as copy:
        mended = Tree(Path(copy.dir), main, copy.at, version)
        for _ in range(MAX_REFUSALS):
            status, _, errors = copy.run(["doveconf", "-n", "-c", copy.main])
            if status == 0:
                return
            found = [line for line in errors.split("\n") if _FRAME.match(line) and "dump-capability" not in line]
            assert found, errors
            refusal = mended.mend(found[-1])
            if refusal:
                yield refusal
