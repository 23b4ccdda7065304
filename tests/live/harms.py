"""What each rule says will happen, as something that a client can try on the running daemon.

A harm is a function that says whether it happens. In a bad case it must, in an ok case it must not.
"""

from __future__ import annotations

import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from cases import PKI
from clients import ClosedError, Door, Session, login, mail
from servers import Dovecot, Postfix, Server
from throwaway_pki import authority, pem, revocation_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from cage import Cage
    from cases import Case

USERS: Final = ("alice@example.org", "bob@example.org")
"""The users of the cases; nobody knows their passwords."""
ONE_PASSWORD: Final = "ALLTHESAME"
"""The password in the cases of static-passdb-any-user."""
PRIVATE: Final = "192.168.0.9"
"""A client in a private network, for cases that limit logins to one."""
SILENCE: Final = 3
"""Seconds without a greeting that mean no: a smtpd that does not come up is started again after a minute only."""
MASTERS: Final = ("postmaster", "alice@example.org", "nobody-knows-me")
BUNDLES: Final = ("etc/ssl/certs/ca-certificates.crt", "etc/pki/tls/certs/ca-bundle.crt")
CLIENT_OF: Final = {"ca.crt": "alice", "ca.crt.der": "alice", "issuing.crt": "carol", "other-ca.crt": "stranger"}
"""Who has a certificate, not revoked, of each CA in tests/pki."""


@dataclass(frozen=True)
class Login:
    """What one client tries."""

    door: Door
    mechanism: str
    user: str = ""
    password: str = ""
    mailbox: str = ""
    """Whose mailbox is asked for (SASL's authorization identity), if not the user's own."""
    client: str = ""
    """Whose certificate is shown."""
    source: str = ""


@dataclass
class Trial:
    """A case, the daemon that runs it, and the certificates that clients come with."""

    case: Case
    server: Any
    certificates: dict[str, Path]

    @property
    def doors(self) -> Iterable[Door]:
        return self.server.doors

    def session(self, door: Door, client: str = "", **how: Any) -> Session:
        """Connect, with a client's certificate if one is named."""
        return Session(self.server.cage, door, self.certificates[client] if client else None, **how)

    def logs_in(self, attempts: Iterable[Login]) -> bool:
        """Say whether any of these logins succeeds; all at once: Dovecot 2.3 takes 0.5 s to say no."""
        with ThreadPoolExecutor(16) as pool:
            return any(pool.map(self._logs_in, attempts))

    def _logs_in(self, attempt: Login) -> bool:
        try:
            with self.session(attempt.door, attempt.client, source=attempt.source) as session:
                return login(session, attempt.mechanism, attempt.user, attempt.password, attempt.mailbox)
        except ClosedError:
            return False

    def accepted(self, door: Door, client: str = "", *, tls: bool = True) -> frozenset[str]:
        """Return which mail an SMTP server takes from a client: "relay", "local", both or none."""
        try:
            with self.session(door, client, tls=tls) as session:
                return mail(session, relay="x@example.net", local="x@mail.example.org")
        except ClosedError:
            return frozenset()


@dataclass(frozen=True)
class Harm:
    """How a rule's harm is shown."""

    dovecot: Callable[[Trial], bool] | None = None
    postfix: Callable[[Trial], bool] | None = None
    harmless: bool = False
    """The rule says that nothing happens: not in its bad cases either."""
    certificates_log_in: bool = False
    """Add a passdb that lets every valid certificate in, to see which certificates are valid."""
    prepare: Callable[[Case, Cage], None] = field(default=lambda _case, _cage: None)


# --- Logins ---------------------------------------------------------------------------------------------------------


def password_logs_in(*passwords: str) -> Callable[[Trial], bool]:
    """Somebody's mailbox opens with one of these passwords to a client elsewhere."""

    def harm(trial: Trial) -> bool:
        attempts = product(trial.doors, ("PLAIN", "LOGIN"), USERS, passwords)
        return trial.logs_in(Login(*attempt, source=source) for attempt in attempts for source in ("", PRIVATE))

    return harm


def master_opens_mailbox(trial: Trial) -> bool:
    """Bob's mailbox opens to somebody else, who has no password or only a certificate."""
    bob = USERS[1]
    passwords = product(trial.doors, MASTERS, ("", "any-password"))
    certificates = product(trial.doors, ("alice", "postmaster"))
    trial.logs_in(
        [Login(door, "PLAIN", master, password, mailbox=bob) for door, master, password in passwords]
        + [Login(door, "EXTERNAL", bob, client=client) for door, client in certificates]
    )
    # Without a master passdb a certificate still opens the mailbox of the one whom it names, whoever was asked for.
    return bob in trial.server.logged_in


def external_fails(trial: Trial) -> bool:
    """EXTERNAL is offered and yet refuses a user with a valid certificate, everywhere."""
    offered = False
    for door in trial.server.named_doors:
        for client in ("alice", "bob"):
            try:
                with trial.session(door, client, tls=not _clear_only(trial, door)) as session:
                    offered = offered or "EXTERNAL" in session.capabilities
                    if login(session, "EXTERNAL", ""):
                        return False
            except ClosedError:
                continue
    return offered


def certificates_are_not_asked_for(trial: Trial) -> bool:
    """Clients can log in, and nobody asks them for a certificate."""
    return bool(trial.doors) and not any(_asks(trial, door) for door in trial.server.named_doors)


def certificate_logs_in(client: str) -> Callable[[Trial], bool]:
    """A client logs in with a certificate that should not do, at any door by any name."""

    def harm(trial: Trial) -> bool:
        return trial.logs_in(Login(door, "EXTERNAL", client=client) for door in trial.server.named_doors)

    return harm


def valid_certificate_is_refused(trial: Trial) -> bool:
    """A user whose CA is in the file, and whose certificate is not revoked, is asked for it and then refused."""
    if not trial.server.started:
        return True
    parts = {part for names in trial.case.facts["files"].values() for part in names}
    for door, client in product(trial.doors, sorted({CLIENT_OF[part] for part in parts & CLIENT_OF.keys()})):
        if door.protocol != "imap":
            continue
        if _asks(trial, door) and not trial.logs_in([Login(door, "EXTERNAL", client=client)]):
            return True
    return False


def crl_order_matters(trial: Trial) -> bool:
    """A valid certificate is refused, or a revoked one let in."""
    return valid_certificate_is_refused(trial) or certificate_logs_in("revoked")(trial)


# --- Service --------------------------------------------------------------------------------------------------------


def does_not_start(trial: Trial) -> bool:
    """The daemon does not start, or what it starts answers nobody."""
    return not trial.server.started or not all(_opens(trial, door, tls=False, patience=SILENCE) for door in trial.doors)


def tls_fails(trial: Trial) -> bool:
    """The daemon does not start, or TLS is set up and no handshake succeeds at some door."""
    return not trial.server.started or any(_tls_fails(trial, door) for door in trial.server.named_doors)


def postfix_has_no_tls(trial: Trial) -> bool:
    """STARTTLS is not offered any more, or fails."""
    return not trial.server.started or not all(_opens(trial, door) for door in trial.doors)


def _asks(trial: Trial, door: Door) -> bool:
    try:
        with trial.session(door) as session:
            return session.asked_for_certificate
    except ClosedError:
        return False


def _opens(trial: Trial, door: Door, **how: Any) -> bool:
    try:
        with trial.session(door, **how):
            return True
    except ClosedError:
        return False


def _tls_fails(trial: Trial, door: Door) -> bool:
    try:
        if _clear_only(trial, door):
            return False
        with trial.session(door):
            return False
    except ClosedError:
        return True


def _clear_only(trial: Trial, door: Door) -> bool:
    if door.wrapped:
        return False
    with trial.session(door, tls=False) as session:
        return not any(word in session.capabilities for word in ("STARTTLS", "STLS"))


# --- Mail -----------------------------------------------------------------------------------------------------------


def certificate_gains(client: str) -> Callable[[Trial], bool]:
    """With this client's certificate mail is taken that is not taken without one."""

    def harm(trial: Trial) -> bool:
        return any(trial.accepted(door, client) - trial.accepted(door) for door in trial.doors)

    return harm


def certificate_gains_nothing(trial: Trial) -> bool:
    """The certificate that lists give rights to gains nothing, because nobody asks for it."""
    return not certificate_gains("alice")(trial)


def strangers_are_asked(trial: Trial) -> bool:
    """The port where mail of strangers arrives asks them for a certificate."""
    return any(_asks(trial, door) for door in trial.doors if door.port == 25 and _is_public(door))


def certificate_is_not_required(trial: Trial) -> bool:
    """A service that is to require certificates takes mail without one."""
    return any(
        trial.accepted(door, tls=tls)
        for door, tls in product(trial.doors, (False, True))
        if trial.server.parameter(door, "smtpd_tls_req_ccert").casefold() == "yes"
    )


def _is_public(door: Door) -> bool:
    return not door.address.startswith(("127.", "10.", "::1"))


# --- What a rule needs beside its cases -------------------------------------------------------------------------------


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


HARMS: Final = {
    # Logins
    "passdb-any-password": Harm(password_logs_in("any-password")),
    "passdb-empty-password": Harm(password_logs_in("")),
    "external-filter-too-wide": Harm(password_logs_in("", "any-password")),
    "protocol-passdb-runs-first": Harm(password_logs_in("", "any-password")),
    "boolean-field-set-to-no": Harm(password_logs_in("any-password")),
    "static-passdb-any-user": Harm(password_logs_in(ONE_PASSWORD)),
    "master-passdb-open": Harm(master_opens_mailbox),
    "external-login-impossible": Harm(external_fails),
    "external-without-cert-username": Harm(external_fails),
    "external-without-cert-request": Harm(certificates_are_not_asked_for),
    "ca-file-marker-missing": Harm(external_fails),
    "ssl-ca-public-bundle": Harm(certificate_logs_in("stranger"), prepare=strangers_ca_is_public),
    # Certificates and CRLs
    "crl-check-disabled": Harm(certificate_logs_in("revoked"), certificates_log_in=True),
    "crl-two-of-one-issuer": Harm(certificate_logs_in("revoked"), certificates_log_in=True),
    "crl-missing": Harm(valid_certificate_is_refused, certificates_log_in=True),
    "crl-missing-in-chain": Harm(valid_certificate_is_refused, certificates_log_in=True),
    "crl-expired": Harm(valid_certificate_is_refused, certificates_log_in=True),
    "crl-not-yet-valid": Harm(valid_certificate_is_refused, certificates_log_in=True, prepare=crl_begins_in_the_future),
    "crl-wrong-issuer": Harm(valid_certificate_is_refused, certificates_log_in=True),
    "crl-bad-signature": Harm(valid_certificate_is_refused, certificates_log_in=True),
    "crl-der-in-pem-bundle": Harm(valid_certificate_is_refused, certificates_log_in=True),
    "crl-order-unconventional": Harm(crl_order_matters, harmless=True, certificates_log_in=True),
    # Service
    "cert-username-field-unknown": Harm(tls_fails),
    "file-marker-missing": Harm(tls_fails),
    "ca-file-unparsable": Harm(tls_fails, postfix_has_no_tls),
    "key-certificate-mismatch": Harm(tls_fails, postfix_has_no_tls),
    "include-without-match": Harm(does_not_start),
    "mechanism-filter-unsupported": Harm(does_not_start),
    "syntax-error": Harm(does_not_start, does_not_start),
    "unknown-setting": Harm(does_not_start),
    "invalid-value": Harm(does_not_start, does_not_start),
    # Mail
    "append-default-ca-enabled": Harm(postfix=certificate_gains("stranger"), prepare=strangers_ca_is_public),
    "smtpd-trusts-public-cas": Harm(postfix=certificate_gains("stranger"), prepare=strangers_ca_is_public),
    "crl-not-checked-by-postfix": Harm(postfix=certificate_gains("revoked"), prepare=fingerprints_are_real),
    "all-clientcerts-policy": Harm(postfix=certificate_gains("bob"), prepare=fingerprints_are_real),
    "ask-ccert-missing": Harm(postfix=certificate_gains_nothing, prepare=fingerprints_are_real),
    "ask-ccert-global": Harm(postfix=strangers_are_asked),
    "req-ccert-ignored": Harm(postfix=certificate_is_not_required),
}

_NOBODY_GAINS: Final = "of severity info: nobody gains anything by it as long as nothing else changes"
_NO_CERTIFICATE_COUNTS: Final = "no list gives certificates any right, so there is nothing to lose"
_NO_LOGIN: Final = "to see it takes a login with a password, and nobody knows the passwords of the cases"
_OTHER_RULE: Final = "harm is done, and another rule says so"
UNSHOWN: Final = {
    "append-default-ca-enabled/bad-fingerprints-only": _NOBODY_GAINS,
    "append-default-ca-enabled/bad-required-with-password": _NOBODY_GAINS,
    "ask-ccert-missing/ok-commented-out": _NO_CERTIFICATE_COUNTS,
    "ask-ccert-missing/ok-other-parameter": _NO_CERTIFICATE_COUNTS,
    "ask-ccert-missing/ok-required-ignored": _OTHER_RULE,
    "ask-ccert-missing/ok-unused-class": _NO_CERTIFICATE_COUNTS,
    "boolean-field-set-to-no/bad-nodelay-24": "a shorter delay is not measured",
    "boolean-field-set-to-no/bad-nologin-is-medium-23": _NO_LOGIN,
    "boolean-field-set-to-no/bad-only-certificates-get-there-23": _NOBODY_GAINS,
    "boolean-field-set-to-no/bad-proxy-with-suffix-24": _NO_LOGIN,
    "ca-file-marker-missing/bad-not-asked-for-is-low-23": "nobody is asked for a certificate yet",
    "crl-check-disabled/ok-certificates-decide-nothing-23": "to see which certificates are valid, they must decide",
    "crl-der-in-pem-bundle/bad-certificate-23": "the same certificate stands there in PEM form, too",
    "crl-missing-in-chain/ok-none-at-all-23": _OTHER_RULE,
    "crl-missing-in-chain/ok-none-at-all-24": _OTHER_RULE,
    "crl-missing-in-chain/ok-unrelated-root-23": _OTHER_RULE,
    "crl-missing-in-chain/ok-unrelated-root-24": _OTHER_RULE,
    "crl-not-checked-by-postfix/bad-trust-file-missing": "the file is missing in the audited tree, not on the host",
    "crl-two-of-one-issuer/bad-fuller-one-counts-23": _NOBODY_GAINS,
    "crl-two-of-one-issuer/bad-fuller-one-counts-24": _NOBODY_GAINS,
    "crl-wrong-issuer/bad-of-no-use-23": _NOBODY_GAINS,
    "crl-wrong-issuer/bad-of-no-use-24": _NOBODY_GAINS,
    "external-without-cert-request/ok-proxy-protocol-23": "the proxy asks for the certificate; there is none here",
    "external-without-cert-request/ok-proxy-protocol-24": "the proxy asks for the certificate; there is none here",
    "file-marker-missing/ok-text-written-out-23": "written on one line, PEM text is refused, too",
    "invalid-value/ok-wrappermode-pf": "a wrapped port greets nobody without a certificate, and the case has none",
    "key-certificate-mismatch/ok-encrypted-23": "the key's password is missing, which is another fault",
    "key-certificate-mismatch/ok-encrypted-24": "the key's password is missing, which is another fault",
    "passdb-any-password/bad-ldap-24": "there is no LDAP server here",
    "passdb-any-password/bad-proxy-is-medium-23": "there is no server behind the proxy here",
    "protocol-passdb-runs-first/bad-included-23": "the clients here do not speak ManageSieve",
    "smtpd-trusts-public-cas/bad-asked-only": _NOBODY_GAINS,
    "ssl-ca-public-bundle/bad-certificate-required-23": _NO_LOGIN,
    "unknown-setting/ok-short-names-24": "the case does not have the files that it names",
}
"""Cases whose harm, or whose lack of it, no client can see here; and why."""


def start(case: Case, harm: Harm, daemon: str, tree: Path, cage: Cage) -> Server:
    """Start a daemon with a case."""

    def prepare(cage: Cage) -> None:
        harm.prepare(case, cage)

    if daemon == "dovecot":
        return Dovecot(cage, tree, case.dialect, prepare, certificates_log_in=harm.certificates_log_in)
    return Postfix(cage, tree, prepare)
