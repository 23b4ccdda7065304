"""The Lark grammars of the two configuration languages."""
