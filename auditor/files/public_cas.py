"""Which certificates belong to CAs that issue to the public, so that trusting them is trusting everybody.

Known are the roots of Mozilla's programme (auditor/data/public-roots.json, made from Debian's ca-certificates by
tools/make_public_roots.py) and the names under which systems keep their bundles.
"""

from __future__ import annotations

import posixpath
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.packaged import table

if TYPE_CHECKING:
    from auditor.files.certificates import Certificate

SYSTEM_BUNDLES: Final = frozenset(
    {
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
        "/etc/pki/tls/cert.pem",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/openssl/certs/ca-certificates.crt",
        "/usr/local/etc/ssl/cert.pem",
        "/usr/local/share/certs/ca-root-nss.crt",
    }
)
"""Files with the CAs that a system trusts, as Go looks for them (src/crypto/x509/root_linux.go, root_bsd.go), and Red
Hat's cert.pem (Dovecot wiki, SSL/DovecotConfiguration, "Testing CA On RHEL")."""
SYSTEM_DIRECTORIES: Final = frozenset(
    {"/etc/ssl/certs", "/etc/pki/tls/certs", "/etc/openssl/certs", "/usr/local/share/certs"}
)
"""Directories with the CAs that a system trusts, the same way."""


class _Roots(NamedTuple):
    by_public_key: dict[str, str]
    by_key_id: dict[str, str]


@cache
def _roots() -> _Roots:
    rows = table("public-roots")["roots"]
    return _Roots({row[1]: row[0] for row in rows}, {row[2]: row[0] for row in rows if row[2]})


def is_system_store(name: str) -> bool:
    """Whether an absolute name is that of a system's own CA bundle or directory."""
    plain = posixpath.normpath(name)
    return plain in SYSTEM_BUNDLES or plain in SYSTEM_DIRECTORIES


def names_a_public_ca(certificate: Certificate) -> str:
    """Return the name of the public root that a certificate is, or that issued it; empty for a CA of one's own."""
    roots = _roots()
    own = roots.by_public_key.get(sha256(certificate.public_key_info).hexdigest())
    if own:
        return own
    issuer = certificate.authority.key_id
    return roots.by_key_id.get(issuer.hex(), "") if issuer and certificate.may_issue else ""
