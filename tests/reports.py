"""Every way in which an audit or its settings are put out, as the tests look at them."""

from __future__ import annotations

import io
import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from auditor import baseline
from auditor.finding import Severity
from auditor.report import json as json_form
from auditor.report import nagios, settings, text
from auditor.report.formats import FORMATS, rendered
from auditor.report.lines import plain, print_coloured

if TYPE_CHECKING:
    from auditor.audit import Audit


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads((files("auditor") / "data" / "report.schema.json").read_text()))


def validated(report: str) -> dict[str, Any]:
    """Return a JSON report that follows its published schema."""
    data: dict[str, Any] = json.loads(report)
    validator().validate(data)
    return data


def json_report(audit: Audit, threshold: Severity = Severity.INFO) -> dict[str, Any]:
    return validated(json_form.serialised(json_form.report(audit, threshold)))


def text_report(audit: Audit, threshold: Severity = Severity.INFO, width: int = 80) -> str:
    return plain(text.report(audit, threshold, width))


def every_output(audit: Audit) -> dict[str, str]:
    """Return what each format prints of an audit and of its settings."""
    coloured = io.StringIO()
    print_coloured(text.report(audit, Severity.INFO, 80), coloured)
    return {
        "text": text_report(audit),
        "text in colour": coloured.getvalue(),
        "json": json.dumps(json_report(audit), ensure_ascii=False),
        **{form: rendered(form, audit, Severity.INFO) for form in FORMATS if form != "json"},
        "nagios": nagios.render(audit, Severity.INFO, nagios.status(audit, Severity.INFO)),
        "baseline": json.dumps(baseline.as_data(baseline.of("known.json", audit.findings))),
        "settings": plain(settings.as_text(audit.hosts, None, defaults=True)),
        "settings json": json.dumps(settings.as_data(audit.hosts, None, defaults=True), ensure_ascii=False),
        "errors": "\n".join(f"{failure.path}: {failure.message}" for failure in audit.failures),
    }
