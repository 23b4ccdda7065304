"""Lookup tables give the answers that postmap -q gives."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from files.table_texts import ADDRESSES, CIDR, CIDR_IFS, INLINE, TEXTHASH, TEXTHASH_KEYS

from auditor.files.tables import Entry, Table, read_table
from auditor.host import Host, Mount

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "/tmp/oracle-postfix"
FILES = {"texthash": TEXTHASH, "cidr": CIDR, "ifs": CIDR_IFS, "main.cf": "compatibility_level = 3.6\n"}
QUESTIONS = [
    *INLINE,
    *((f"texthash:{FOLDER}/texthash", key) for key in TEXTHASH_KEYS),
    *((f"cidr:{FOLDER}/{name}", key) for name in ("cidr", "ifs") for key in ADDRESSES if key),
]


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_answers_are_those_of_postmap(oracle: Any, suite: str, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_bytes(text.encode())
    host = Host((Mount(FOLDER, str(tmp_path)),))
    with oracle.Tree(suite, tmp_path, at=FOLDER, main="main.cf") as tree, ThreadPoolExecutor(16) as pool:

        def ask(question: tuple[str, str]) -> str | None:
            status, output, _ = tree.run(["postmap", "-c", FOLDER, "-q", question[1], question[0]])
            return output.removesuffix("\n") if status == 0 else None

        said = dict(zip(QUESTIONS, pool.map(ask, QUESTIONS), strict=True))
    assert {question: answer(host, *question) for question in QUESTIONS} == said


def answer(host: Host, specification: str, key: str) -> str | None:
    table = read_table(host, specification)
    found = table.lookup(key) if isinstance(table, Table) else None
    return found.result if isinstance(found, Entry) else None
