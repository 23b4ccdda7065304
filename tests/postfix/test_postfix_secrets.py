"""Secrets in main.cf and master.cf are hidden wherever they stand, and looking for them takes linear time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from auditor.discover import discover
from auditor.postfix.secrets import commented_out
from auditor.read import Versions, read_hosts

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "text", ["\n" * 300_000 + "a = b\n", "# password" + " " * 1_000_000, "# password \n\n" * 100_000], ids=len
)
def test_any_file_is_searched_in_linear_time(text: str) -> None:
    began = time.process_time()
    assert commented_out(text) == []
    assert time.process_time() - began < 5


def test_blank_lines_before_a_comment_hide_nothing() -> None:
    text = "\n\n \t# smtp_sasl_password_maps = inline:{x=y}\n"
    assert [text[start:end] for start, end in commented_out(text)] == ["inline:{x=y}"]


def test_a_secret_that_a_later_value_replaces_is_hidden(tmp_path: Path) -> None:
    folder = tmp_path / "etc/postfix"
    folder.mkdir(parents=True)
    (folder / "main.cf").write_text("lmtp_sasl_password_maps = inline:{a=geheim}\nlmtp_sasl_password_maps = hash:/b\n")
    option = "-o smtp_sasl_password_maps=inline:{a=geheim}"
    (folder / "master.cf").write_text(f"smtp unix - - n - - smtp\n  {option}\n  {option}\n")
    (host,) = read_hosts(discover([str(tmp_path / "etc")]), Versions())[0]
    shown = [file.shown_line(number) for file in host.postfix[0].files for number in (1, 2, 3)]
    assert not any("geheim" in line for line in shown)
