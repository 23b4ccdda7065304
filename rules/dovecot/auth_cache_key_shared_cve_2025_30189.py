"""A cache of logins in which users share their keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.finding import Confidence, Severity
from auditor.model.fixes import setting_to
from auditor.rule import DovecotRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import Dovecot

AFFECTED: Final = ("2.4.0", "2.4.1")
DRIVERS: Final = ("oauth2", "passwd", "bsdauth")


class AuthCacheKeySharedCve202530189(DovecotRule):
    """The cache of logins takes users for one another (CVE-2025-30189).

    What: Dovecot 2.4.0 or 2.4.1 has `auth_cache_size` above 0 and a passdb oauth2, passwd or bsdauth, or a userdb
    passwd.

    Why it matters: these drivers cache all users under one key, so that after one has logged in, the next gets that
    one's answer.

    How to mend it: upgrade to 2.4.2 or to a package with the patch; until then `auth_cache_size = 0`.

    When to ignore it: the package has the patch.

    Sources: NEWS of 2.4.2.
    """

    name = "auth-cache-key-shared-cve-2025-30189"
    severity = Severity.CRITICAL
    confidence = Confidence.LOW
    versions = "2.4.0, 2.4.1"
    tags = ("access", "cve")
    off_because = "distributions patch 2.4.1 without a new version number, as Debian has"

    def check(self, dovecot: Dovecot) -> Iterator[Finding]:
        """Yield the size of the cache where such a driver is asked."""
        setting = dovecot.get("auth_cache_size")
        databases = dovecot.databases_asked(DRIVERS)
        if dovecot.version not in AFFECTED or setting is None or not databases or not re.search("[1-9]", setting.value):
            return
        yield self.finding(
            setting.origin,
            f"users of {' and '.join(databases)} get one another's answer from the cache of logins",
            because=[(origin, "caches every user under one key") for origin in databases.values()],
            subject=setting.name,
            fix=setting_to(dovecot, setting, "0"),
        )
