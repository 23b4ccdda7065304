"""A text that the daemon cannot read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import ProblemKind, Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, Problem
    from auditor.model import AuditedHost


ADVICE = {
    "Missing '}'": "close the section with a } on a line of its own",
    "Unexpected '}'": "no section is open here: remove the }, or open what it should close",
    "Expecting '{'": "a setting is written name = value, and the line that begins a section ends in a blank and {",
    "missing '='": "write name = value; a line that continues the one before begins with a blank",
    "bad field count": "a service has eight fields, and the lines with its options begin with a blank",
    "empty macro name": "write $$ for a dollar sign",
    "unreasonable macro call nesting": "a value cannot refer to itself: write it out",
}
"""What mends a problem, by the words of its message."""


class SyntaxErrorRule(HostRule):
    """A configuration file cannot be read as Dovecot or Postfix reads it.

    What: the text breaks the rules of its language: a brace is missing or too many, a line of dovecot.conf has no
    "=", a line of master.cf has fewer than eight fields, a `-o` has blanks around its "=", a `$` stands before
    something that is no name. A missing closing brace is reported where its section opens.

    Why it matters: the daemon does not start with this text, or goes on with what it read before until somebody
    restarts it. A line of master.cf that only one service trips over leaves that service dead: its port accepts
    connections and never answers. The rest of the file has been audited as far as it could be read.

    How to mend it: correct the line that is named, then ask the daemon: `doveconf -n` for Dovecot, `postfix check` and
    `postconf -M` for Postfix.

    When to ignore it: the file is a fragment or a template that is filled in before a daemon reads it.

    Sources: doveconf(1) and config-parser.c of Dovecot; postconf(5) and master(5), "SYNTAX"; dict.c (dict_load_fp),
    mac_expand.c and master_ent.c of Postfix; every kind was tried on Dovecot 2.3.19.1, 2.4.1 and 2.4.5 and on Postfix
    3.7.11, 3.10.13 and 3.11.7.
    """

    name = "syntax-error"
    severity = Severity.HIGH
    tags = ("refused",)

    def check(self, host: AuditedHost) -> Iterator[Finding]:
        """Yield the texts that break the rules of their language."""
        for daemon, problem in host.problems(ProblemKind.SYNTAX_ERROR):
            yield self.refused(f"{daemon} cannot read this", problem, advice=_advice(problem))


def _advice(problem: Problem) -> str:
    return next((advice for words, advice in ADVICE.items() if words in problem.message), "")
