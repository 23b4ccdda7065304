"""mailaudit: what Dovecot and Postfix will do with their configuration, and what is wrong with it."""

from pathlib import Path

__version__ = "0.1.0"

_checkout = Path(__file__).parents[1]
if (_checkout / "pyproject.toml").is_file() and (_checkout / "rules").is_dir():
    # A bare checkout: auditor.rules and auditor.grammars are its folders ../rules and ../grammars.
    __path__.append(str(_checkout))
