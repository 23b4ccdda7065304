"""The formats for programs, each imported when it is used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from auditor.audit import Audit
    from auditor.finding import Severity

FORMATS: Final = ("json", "sarif", "github", "gitlab", "junit", "checkstyle", "prometheus")
"""Each is a module of this package with ``render``."""


def rendered(form: str, audit: Audit, threshold: Severity) -> str:
    """Return the report of an audit in a format, with the findings from a severity up."""
    text: str = importlib.import_module(f"auditor.report.{form}").render(audit, threshold)
    return text
