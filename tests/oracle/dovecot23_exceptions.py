"""Where mailaudit and doveconf 2.3.19 differ, and why."""

from __future__ import annotations

TREES: dict[str, str] = {
    "unknown__nawia-nixos": "default_internal_user names a user of that host; doveconf looks for it where it runs",
}
"""Trees of the corpus by name."""

CASES: dict[str, str] = {
    "section-name-eq": "parse_tree takes 'namespace a=b {' for a setting",
}
"""Cases of oracle-dovecot23 by name."""

LINES_ONLY: dict[str, str] = {
    "foxel__simpleone-mailserver": "doveconf -n checks '$ENV_…' as a number, the daemon says Unknown variable first",
    "foxel__simpleone-mailserver__h20161172b3": "as above",
}
"""Trees that are refused on the same line with other words."""

TEXTS: dict[str, str] = {
    "url = http://user:pw@host/x pass = y": "doveconf hides 'pass=y' and shows 'pass = y', mailaudit hides both",
}
"""Texts of tests/data/dovecot23-texts.txt by a part of them."""

OF_THE_HOST = ("managesieve_sieve_capability", "managesieve_notify_capability")
"""Settings that doveconf learns by running managesieve-login."""
