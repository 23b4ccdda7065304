"""A name that the daemon's version does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import ProblemKind, Severity
from auditor.model.fixes import renamed
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import AuditedHost


class UnknownSetting(HostRule):
    """Dovecot does not know a setting or a section of this name.

    What: a name is misspelled, stands in a section that has no such setting, or belongs to another version: 2.4 renamed
    most settings of 2.3 (`ssl_cert` is `ssl_server_cert_file` there), and 2.3 knows none of the new names.

    Why it matters: Dovecot does not start with this text, and a reload leaves the old configuration in force. Postfix
    only warns about names it does not know, so there it is no finding.

    How to mend it: correct the name; where another name of this version is near, it is suggested. For an upgrade from
    2.3 to 2.4 follow the table of renamed settings.

    When to ignore it: a plugin that is installed on the server but not known here adds the setting.

    Sources: doveconf(1); settings-parser.c and config-parser.c of Dovecot ("Unknown setting"); Dovecot documentation,
    "Upgrading Dovecot CE from 2.3 to 2.4"; tried on Dovecot 2.3.19.1, 2.4.1 and 2.4.5.
    """

    name = "unknown-setting"
    severity = Severity.HIGH
    tags = ("refused",)

    def check(self, host: AuditedHost) -> Iterator[Finding]:
        """Yield the names that the daemon refuses."""
        for daemon, problem in host.problems(ProblemKind.UNKNOWN_SETTING):
            fix = renamed(problem.span, problem.meant).unsafe() if problem.meant else None
            yield self.refused(f"{daemon} does not start", problem, fix=fix)
