"""Hundreds of configurations shown to a real daemon's doveconf or postconf in one chroot, one process after another."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

AT: Final = "/tmp/generated"
"""Where the folder with all the configurations stands in the chroot."""
LOOP: Final = """
ulimit -c 0
ask() {
  for command in "$1"/ask.*; do
    [ -f "$command" ] || break
    number=${command##*.}
    if [ "$number" != 0 ]; then
      read -r status <"$1/status.0"
      [ "$status" = 0 ] || break
    fi
    (. "$command") >"$1/out.$number" 2>"$1/err.$number" </dev/null
    echo $? >"$1/status.$number"
  done
}
left=$2
for folder in "$1"/*; do
  if [ "$2" -gt 1 ]; then
    ask "$folder" &
    left=$((left - 1))
    [ "$left" -gt 0 ] || { wait; left=$2; }
  else
    ask "$folder"
  fi
done
wait
"""
"""Runs the commands of every folder; with a second argument above 1 that many folders at once."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one command said."""

    status: int
    out: str
    errors: str


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Give a folder that daemons without rights may read, and take it away again."""
    path = Path(tempfile.mkdtemp(prefix="generated-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def ask(
    oracle: Any, suite: str, root: Path, commands: Sequence[Sequence[str]], *, at_once: int = 1
) -> list[list[Answer]]:
    """Run shell commands in a suite's chroot, for the folder ``root/N`` those at index N.

    Where the first ends with an error, the others are not run; what was asked before is not asked again. The folder's
    name in the chroot is ``/tmp/generated/N``.
    """
    for number, few in enumerate(commands):
        for earlier in (root / str(number)).glob("ask.*"):
            earlier.unlink()
        for index, command in enumerate(few):
            (root / f"{number}/ask.{index}").write_text(command)
    Path(f"{oracle.BASE}/{suite}{AT}").mkdir(parents=True, exist_ok=True)
    # managesieve-login is run by doveconf to learn what it can do, unless it is that program which runs doveconf.
    argv = ["env", "DUMP_CAPABILITY=1", "sh", "-c", LOOP, "sh", AT, str(at_once)]
    status, _, errors = oracle.run(suite, argv, mount=(str(root), AT), timeout=60 + 2 * len(commands))
    assert status == 0, errors
    return [
        [
            _answer(root / str(number), index)
            for index in range(len(few))
            if (root / f"{number}/status.{index}").exists()
        ]
        for number, few in enumerate(commands)
    ]


def _answer(folder: Path, index: int) -> Answer:
    status, out, errors = ((folder / f"{name}.{index}").read_bytes() for name in ("status", "out", "err"))
    return Answer(int(status), out.decode("utf-8", "surrogateescape"), errors.decode("utf-8", "surrogateescape"))
