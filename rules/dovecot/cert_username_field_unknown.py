"""A certificate field that OpenSSL does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.model.fixes import setting_to
from auditor.model.openssl_objects import is_known, nearest
from auditor.rule import DovecotRule
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding, NotChecked
    from auditor.model import Dovecot


class CertUsernameFieldUnknown(DovecotRule):
    """The certificate field for user names has a name that OpenSSL does not know.

    What: the value of `ssl_cert_username_field` (2.4: `ssl_server_cert_username_field`) is neither a short nor a long
    name nor an OID of OpenSSL's table of objects. Letter case counts: `emailaddress` is unknown, `emailAddress` is not.
    An empty value is unknown, too.

    Why it matters: the login processes cannot set up TLS at all ("Invalid cert_username_field"): every IMAPS, POP3S
    and STARTTLS connection is closed, also where no certificate is ever asked for.

    How to mend it: correct the name: `emailAddress`, `commonName` or `x500UniqueIdentifier` are usual. Ask with
    `openssl list -objects`.

    When to ignore it: the name is new in an OpenSSL later than 3.6.

    Sources: src/lib-ssl-iostream/iostream-openssl-context.c, OBJ_txt2nid; OpenSSL, crypto/objects/obj_dat.c; tried on
    Dovecot 2.3.19.1, 2.4.1 and 2.4.5.
    """

    name = "cert-username-field-unknown"
    severity = Severity.CRITICAL
    tags = ("tls", "outage")

    def check(self, dovecot: Dovecot) -> Iterator[Finding | NotChecked]:
        """Yield the unknown names wherever TLS is on."""
        for setting, where in dovecot.tls_settings("username_field").items():
            if not setting.literal:
                yield self.not_checked(f"{setting.origin}: {setting.name}", "its value comes from the environment")
            elif not is_known(setting.value):
                suggestion = nearest(setting.value)
                yield self.finding(
                    setting.origin,
                    f"no TLS connection can be made{where}: `{setting.name} = {shortened(setting.value)}` names no"
                    " certificate field that OpenSSL knows",
                    advice=f"write `{suggestion}`"
                    if suggestion
                    else "name a field such as `emailAddress` or `commonName`",
                    subject=setting.name,
                    fix=setting_to(dovecot, setting, suggestion).opening() if suggestion else None,
                )
