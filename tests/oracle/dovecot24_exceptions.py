"""Where mailaudit and doveconf 2.4 differ, and why; the keys are names of trees, or texts of tests/data."""

from __future__ import annotations

TREES: dict[tuple[str, str], str] = {
    ("AMVARA-CONSULTING__km0-mail", "*"): "includes /run/…, which is outside the tree and thus not checked",
    (
        "dovecot__docker__h202603364a",
        "*",
    ): "fts-flatcurve is not installed where doveconf runs, so its settings are unknown",
    ("dovecot__docker__config-1.0.0", "sid"): "imap4rev2_enable is refused by how Debian builds Dovecot",
}
"""Trees by name and suite, ``*`` for both."""

TEXTS: dict[tuple[str, str], str] = {
    ("passdb = $SET:mail_home", "trixie"): "the daemon expands the variable first, doveconf -n does not",
    ("@mailbox_defaults = $SET:mail_home", "trixie"): "the daemon expands the variable first, doveconf -n does not",
    (
        "mail_debug = <<EOF\nyes\nEOF",
        "trixie",
    ): "doveconf -n reads <file of a boolean as its value, the daemon opens it",
    ("login_greeting = <<EOF", "trixie"): "parse_tree takes the printed file name for a heredoc",
    ("doveadm_proxy_port = 5", "*"): "doveconf aborts without naming a line",
}
"""Texts of tests/data/dovecot24-texts.txt by suite."""
