"""What a newer version of a daemon refuses or reads differently."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import HostRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import AuditedHost


class UpgradeBreaks(HostRule):
    """A newer version of Dovecot or Postfix refuses a setting, or reads it differently.

    What: an option names a version (`--dovecot-version 2.4.1`, `--postfix-version 3.11.7`) that is later than the one
    the files are written for: their dialect or the package database below the root tells an older one. There is a
    finding for each setting that the new version does not start with, renames, or reads differently without a word,
    such as `$name` and `%u`, which are plain text to Dovecot 2.4. All other rules look at what is in force today. What
    Postfix took away altogether is found in any audit.

    Why it matters: Dovecot 2.4 starts with no configuration of 2.3, and names one line at a time. What it takes is not
    always what was meant: a setting without a word of warning loses its variables, or another of two filters wins.

    How to mend it: make the edits that the findings spell out, in a copy, and audit that with the same option until
    nothing is left; then ask the new daemon, `doveconf -n` or `postfix check`.

    When to ignore it: you do not upgrade, or the setting belongs to a plugin that is not known here.

    Sources: Dovecot documentation, "Upgrading Dovecot CE from 2.3 to 2.4"; old-set-parser.c and config-parser.c of
    Dovecot; DEPRECATION_README and COMPATIBILITY_README of Postfix; what 2.4 refuses is compared with doveconf 2.4.1
    and 2.4.5, line by line, in tests/oracle/test_upgrade_refusals.py.
    """

    name = "upgrade-breaks"
    severity = Severity.CRITICAL
    tags = ("upgrade",)

    def check(self, host: AuditedHost) -> Iterator[Finding | NotChecked]:
        """Yield what each upgrade changes."""
        for _, upgrade in host.upgrades:
            for one in upgrade.breaks:
                yield self.finding(
                    one.at,
                    one.message,
                    because=one.because,
                    advice=one.advice,
                    severity=one.severity,
                    subject=one.setting,
                    fix=one.fix,
                    tags=(*self.tags, "refused") if one.refused else self.tags,
                )
            for missing in upgrade.not_checked:
                yield self.not_checked(missing.what, missing.why)
