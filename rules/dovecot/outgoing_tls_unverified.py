"""Servers that Dovecot does not check."""

from __future__ import annotations

from auditor.finding import Severity
from auditor.setting_rule import DEFAULT, DovecotSettingRule, one_of


class OutgoingTlsUnverified(DovecotSettingRule):
    """Dovecot sends users' passwords to servers without knowing who they are.

    What: `ssl_client_require_valid_cert = no`, or the verification is off for imapc, pop3c or the submission relay: the
    certificates of servers that Dovecot connects to are not checked.

    Why it matters: whoever sits between proxy and backend answers with a certificate of his own and gets every user's
    password and mail.

    How to mend it: take the line out. For a CA of your own, name it in `ssl_client_ca_file`.

    When to ignore it: the way to the servers is a tunnel, or the setting serves nothing: there is no proxy, no imapc,
    pop3c, dsync over TLS and no submission relay.

    Sources: Dovecot wiki, SSL/DovecotConfiguration, "Since v2.3.4"; Dovecot manual, ssl_client_require_valid_cert,
    imapc_ssl_verify, pop3c_ssl_verify and submission_relay_ssl_verify.
    """

    name = "outgoing-tls-unverified"
    severity = Severity.HIGH
    tags = ("tls",)
    settings = (
        "ssl_client_require_valid_cert",
        "imapc_ssl_verify",
        "pop3c_ssl_verify",
        "submission_relay_ssl_verify",
    )
    wrong = one_of("no", "n", "0", "f", "false")
    message = "{setting}: whoever answers for a server that Dovecot connects to gets the users' passwords"
    advice = "take the line out, and name a CA of your own in `ssl_client_ca_file`"
    right = DEFAULT
