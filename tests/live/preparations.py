"""What some rules need in the cage beside their cases, before the daemon starts."""

from __future__ import annotations

import re
import shutil
import sqlite3
import ssl
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from cases import PKI
from harms import USERS
from servers import AUTH_ALONE
from throwaway_pki import authority, pem, revocation_list

if TYPE_CHECKING:
    from cage import Cage
    from cases import Case

BUNDLES: Final = (
    "etc/ssl/certs/ca-certificates.crt",
    "etc/pki/tls/cert.pem",
    "etc/pki/tls/certs/ca-bundle.crt",
)


def strangers_ca_is_public(case: Case, cage: Cage) -> None:
    """Let the stranger's CA be one of the public ones, its CRL beside it.

    Without the CRL Dovecot refuses its certificates, as long as ssl_require_crl is on.
    """
    _add_public_ca(case, cage, "other-ca.crt", "other-ca.crl")


def strangers_ca_without_crl(case: Case, cage: Cage) -> None:
    """Let the stranger's CA be one of the public ones."""
    _add_public_ca(case, cage, "other-ca.crt")


def _add_public_ca(case: Case, cage: Cage, *parts: str) -> None:
    """Add a CA where the system keeps public ones, and where a case has one of those."""
    certificate = (PKI / parts[0]).read_bytes()
    composed = [
        name for name, made in case.facts.get("files", {}).items() if any(part.startswith("public") for part in made)
    ]
    for name in {*BUNDLES, *composed}:
        file = cage.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab") as bundle:
            bundle.write(b"".join((PKI / part).read_bytes() for part in parts))
    (cage.root / "etc/ssl/certs/stranger.pem").write_bytes(certificate)
    hashed = cage.run("openssl", "x509", "-hash", "-noout", "-in", "/etc/ssl/certs/stranger.pem").stdout.strip()
    (cage.root / f"etc/ssl/certs/{hashed}.0").write_bytes(certificate)


def users_are_in_sqlite(_case: Case, cage: Cage) -> None:
    """Make the database that cases with the driver sql name, with their users."""
    file = cage.root / "var/lib/users.db"
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE users (name, password)")
        database.executemany("INSERT INTO users VALUES (?, NULL)", [(user,) for user in USERS])
        database.commit()
        file.write_bytes(database.serialize())


def crl_begins_in_the_future(case: Case, cage: Cage) -> None:
    """Replace the CRL that begins after the cases' clock by one that begins after the daemons' clock."""
    now = datetime.now(UTC)
    crl = revocation_list(
        authority("Example Mail CA", serial=0x1001),
        number=1000,
        last_update=now + timedelta(days=30),
        next_update=now + timedelta(days=60),
    )
    for name in case.facts["files"]:
        file = cage.root / name
        file.write_bytes(file.read_bytes().replace((PKI / "ca-future.crl").read_bytes(), pem(crl)))


def fingerprints_are_real(case: Case, cage: Cage) -> None:
    """Let the short fingerprint that stands in the cases be that of the revoked certificate, or else of Alice's."""
    for file in (cage.root / "etc/postfix").glob("*.cf"):
        text = file.read_text("utf-8", "surrogateescape")
        text = text.replace("AA:BB = REJECT", f"{_fingerprint('revoked.crt')} = REJECT")
        file.write_text(text.replace("AA:BB", _fingerprint("alice.crt")), "utf-8", "surrogateescape")


def _fingerprint(certificate: str) -> str:
    """Return a certificate's fingerprint by sha256, smtpd_tls_fingerprint_digest of compatibility level 3.6."""
    digest = sha256(ssl.PEM_cert_to_DER_cert((PKI / certificate).read_text())).hexdigest()
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2)).upper()


def postfix_has_its_folder(case: Case, cage: Cage) -> None:
    """Make the folder of Postfix's sockets, closed to others as Postfix makes it."""
    (cage.root / "var/spool/postfix/private").mkdir(mode=0o700, parents=True, exist_ok=True)


def postfix_has_certificate_and_logins(case: Case, cage: Cage) -> None:
    """Put a certificate where a case's main.cf names one that is not there, or none; and start Dovecot beside Postfix.

    Dovecot also answers where a case asks Cyrus SASL, whose plug-ins are not there.
    """
    certificate, key = ((PKI / part).read_bytes() for part in ("server.crt", "server.key"))
    main = cage.root / "etc/postfix/main.cf"
    text = main.read_text("utf-8", "surrogateescape")
    text = text.replace("smtpd_sasl_type = cyrus", "smtpd_sasl_type = dovecot\nsmtpd_sasl_path = private/auth")
    if "smtpd_tls_cert_file" not in text and "smtpd_tls_chain_files" not in text:
        text += "\nsmtpd_tls_chain_files = /etc/postfix/server.key, /etc/postfix/server.crt\n"
    main.write_text(text, "utf-8", "surrogateescape")
    for name in re.findall(r"/etc/[a-z/]*\.(?:crt|key|pem)", text):
        if not (cage.root / name[1:]).exists():
            (cage.root / name[1:]).write_bytes(key if name.endswith(".key") else certificate)
    dovecot_answers_postfix(case, cage)


def dovecot_answers_postfix(case: Case, cage: Cage) -> None:
    """Start Dovecot beside Postfix, with the case's configuration or else with one that lets nobody in."""
    main = cage.root / "etc/dovecot/dovecot.conf"
    (cage.root / "var/spool/postfix/private").mkdir(parents=True, exist_ok=True)
    if not case.has_dovecot:
        for path in main.parent.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        is_24 = cage.run("dovecot", "--version").stdout.startswith("2.4")
        main.write_text(AUTH_ALONE["2.4" if is_24 else "2.3"])
        (main.parent / "users").write_text("")
    with main.open("a", encoding="utf-8") as file:
        file.write("\nlog_path = /var/log/dovecot.log\nauth_failure_delay = 0\n")
    done = cage.run("dovecot", "-c", "/etc/dovecot/dovecot.conf")
    if done.returncode:
        raise OSError(f"Dovecot does not start: {done.stdout}")
