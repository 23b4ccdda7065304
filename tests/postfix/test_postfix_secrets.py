"""Looking for secrets in comments takes time in proportion to the file."""

from __future__ import annotations

import time

import pytest

from auditor.postfix.secrets import commented_out


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
