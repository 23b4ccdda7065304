from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor.host import Host, Mount

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Tree = Callable[..., Host]

PKI = Path(__file__).parents[1] / "pki"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A factory of hosts: names (absolute) and contents in, a Host whose root holds them out."""

    def make(files: Mapping[str, str | bytes], *, modes_known: bool = True) -> Host:
        for name, contents in files.items():
            path = tmp_path / name.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(contents.encode("utf-8", "surrogateescape") if isinstance(contents, str) else contents)
        return Host((Mount("/", str(tmp_path)),), modes_known=modes_known)

    return make


@pytest.fixture(scope="session")
def pki() -> Callable[..., bytes]:
    """The contents of files of tests/pki, one behind the other."""

    def contents(*names: str) -> bytes:
        return b"".join((PKI / name).read_bytes() for name in names)

    return contents
