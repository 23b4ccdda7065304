"""A value that the daemon refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import ProblemKind, Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import AuditedHost


class InvalidValue(HostRule):
    """A setting has a value that the daemon refuses.

    What: a boolean is neither yes nor no, a time has no unit or an unknown one, a number is not a number or out of its
    range, or a word is none of those that the setting takes.

    Why it matters: Dovecot does not start with it. Postfix starts, but each program that reads the parameter ends with
    a fatal error as soon as it is called: with `smtpd_tls_auth_only = true` every connection to smtpd is accepted and
    dropped without a word, while `postconf` and `postfix check` say nothing.

    How to mend it: write a value of the kind that the message names. Booleans of Postfix are `yes` and `no` only.

    When to ignore it: the value is filled in by a template before a daemon reads the file.

    Sources: postconf(5); mail_conf_bool.c, mail_conf_int.c and mail_conf_time.c of Postfix ("bad boolean
    configuration", "bad numerical configuration", "bad time value or unit"); settings-parser.c and str-parse.c of
    Dovecot; tried on Dovecot 2.3.19.1, 2.4.1 and 2.4.5 and on Postfix 3.7.11, 3.10.13 and 3.11.7.
    """

    name = "invalid-value"
    severity = Severity.HIGH
    tags = ("refused",)

    def check(self, host: AuditedHost) -> Iterator[Finding]:
        """Yield the values that a daemon refuses."""
        for daemon, problem in host.problems(ProblemKind.INVALID_VALUE):
            yield self.refused(f"{daemon} refuses this value", problem)
