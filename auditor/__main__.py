"""``python -m auditor`` is ``mailaudit``."""

from auditor.cli import main

main()
