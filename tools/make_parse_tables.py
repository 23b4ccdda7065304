"""Write grammars/*.json: what Lark makes of each grammar, so that no run has to make it again.

To be run after a change to a grammar; until then ``auditor/syntax/grammar.py`` makes the parser from the grammar. The
form is Lark's own (``Lark.memo_serialize``), without the lexer, which is a class of ours.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lark.grammar import Rule
from lark.lexer import Lexer, TerminalDef, Token

REPOSITORY = Path(__file__).parent.parent
sys.path.insert(0, str(REPOSITORY))

from auditor.syntax.grammar import STARTS, built  # noqa: E402 - the checkout has to be on the path

if TYPE_CHECKING:
    from collections.abc import Iterator


class NoLexer(Lexer):
    """Stands for the lexers of terminals without patterns."""

    def __init__(self, configuration: object) -> None:
        """Take no configuration."""

    def lex(self, *_: object) -> Iterator[Token]:
        """Yield nothing."""
        return iter(())


def tables(name: str, grammar: str) -> dict[str, Any]:
    """Return the grammar and its tables."""
    parser = built(name, grammar, NoLexer if "%declare" in grammar else None)
    data, memo = parser.memo_serialize([TerminalDef, Rule])
    wanted = ("parser", "lexer", "start", "maybe_placeholders", "propagate_positions", "keep_all_tokens")
    data["options"] = {option: data["options"][option] for option in wanted}
    data["options"]["lexer"] = data["parser"]["lexer_conf"]["lexer_type"] = None
    return {"grammar": grammar, "data": data, "memo": memo}


def main() -> None:
    """Write the file of each grammar."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        # Lark numbers the states in the order of its sets.
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})
    for name in STARTS:
        grammar = (REPOSITORY / f"grammars/{name}.lark").read_text("utf-8")
        text = json.dumps(tables(name, grammar), separators=(",", ":"), sort_keys=True)
        (REPOSITORY / f"grammars/{name}.json").write_text(f"{text}\n", "utf-8")


if __name__ == "__main__":
    main()
