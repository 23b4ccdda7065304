"""What the rules say will happen, as something that a client can try on the running daemon.

A harm is a function that says whether it happens.
"""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Final

from cases import PKI
from clients import ClosedError, Door, login, mail
from trial import Login, Trial

if TYPE_CHECKING:
    from collections.abc import Callable

USERS: Final = ("alice@example.org", "bob@example.org")
"""The users of the cases; nobody knows their passwords."""
ONE_PASSWORD: Final = "ALLTHESAME"
"""The password where a case's users have one that is known."""
PRIVATE: Final = "192.168.0.9"
"""A client in a private network, for cases that limit logins to one."""
SILENCE: Final = 3
"""Seconds without a greeting that mean no: a smtpd that does not come up is started again after a minute only."""
MASTERS: Final = ("postmaster", "alice@example.org", "nobody-knows-me")
CLIENT_OF: Final = {
    "ca.crt": "alice",
    "ca.crt.der": "alice",
    "expired-ca.crt": "dora",
    "issuing.crt": "carol",
    "other-ca.crt": "stranger",
}
"""Who has a certificate, not revoked, of each CA in tests/pki."""

# --- Logins ---------------------------------------------------------------------------------------------------------


def password_logs_in(*passwords: str) -> Callable[[Trial], bool]:
    """Somebody's mailbox opens with one of these passwords to a client elsewhere."""

    def harm(trial: Trial) -> bool:
        attempts = product(trial.doors, ("PLAIN", "LOGIN"), USERS, passwords)
        return trial.logs_in(Login(*attempt, source=source) for attempt in attempts for source in ("", PRIVATE))

    return harm


def password_is_logged(trial: Trial) -> bool:
    """What a client typed for a password stands in the log, or a sum that tells it."""
    typed = "never-to-be-seen"
    trial.logs_in(Login(door, "PLAIN", user, typed) for door in trial.doors for user in USERS)
    return trial.logs(typed, hashlib.sha1(typed.encode()).hexdigest())


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
    return bool(trial.doors) and not any(trial.asks(door) for door in trial.server.named_doors)


def certificate_logs_in(client: str) -> Callable[[Trial], bool]:
    """A client logs in with a certificate that should not do, at any door by any name."""

    def harm(trial: Trial) -> bool:
        return trial.logs_in(Login(door, "EXTERNAL", client=client) for door in trial.server.named_doors)

    return harm


def certificate_login_fails(trial: Trial) -> bool:
    """Alice, whose certificate is valid, logs in with it at no door."""
    return not certificate_logs_in("alice")(trial)


def certificate_replaces_the_name(trial: Trial) -> bool:
    """Bob logs in with his password, and no longer when alice's certificate comes with it."""
    bob = [Login(door, "PLAIN", USERS[1], ONE_PASSWORD) for door in trial.doors]
    return trial.logs_in(bob) and not trial.logs_in(replace(attempt, client="alice") for attempt in bob)


def valid_certificate_is_refused(trial: Trial) -> bool:
    """A user whose CA is in the file, and whose certificate is not revoked, is asked for it and then refused."""
    if not trial.server.started:
        return True
    parts = {part for names in trial.case.facts["files"].values() for part in names}
    for door, client in product(trial.doors, sorted({CLIENT_OF[part] for part in parts & CLIENT_OF.keys()})):
        if door.protocol != "imap":
            continue
        if trial.asks(door) and not trial.logs_in([Login(door, "EXTERNAL", client=client)]):
            return True
    return False


def crl_order_matters(trial: Trial) -> bool:
    """A valid certificate is refused, or a revoked one let in."""
    return valid_certificate_is_refused(trial) or certificate_logs_in("revoked")(trial)


# --- Service --------------------------------------------------------------------------------------------------------


def tls_ports_are_closed(trial: Trial) -> bool:
    """Nobody listens where mail programs begin TLS with the first byte."""
    return not any(port in (993, 995) for _, port in trial.server.cage.listeners())


def certificate_depends_on_name(trial: Trial) -> bool:
    """A client that asks for no server name gets another certificate than one that asks for a name of the case."""
    return any(trial.certificate(door) != trial.certificate(door.asking_for("")) for door in trial.server.named_doors)


def own_certificate_is_not_shown(trial: Trial) -> bool:
    """Clients that ask for mail.example.org do not get the certificate that the cases have for it."""
    own = ssl.PEM_cert_to_DER_cert((PKI / "server-any-purpose.crt").read_text())
    return {trial.certificate(door.asking_for("mail.example.org")) for door in trial.doors} != {own}


def client_refuses_server(trial: Trial) -> bool:
    """A client that verifies certificates, and has the root CA of tests/pki, refuses one at some door."""
    return any(trial.opens(door) and not trial.opens(door, trusted=PKI / "ca.crt") for door in trial.server.named_doors)


def no_verified_connection(trial: Trial) -> bool:
    """TLS fails as a whole, or for clients that verify certificates."""
    return tls_fails(trial) or client_refuses_server(trial)


def ca_is_no_good(trial: Trial) -> bool:
    """Certificates of a CA are refused, those of users or the server's."""
    return valid_certificate_is_refused(trial) or client_refuses_server(trial)


def does_not_start(trial: Trial) -> bool:
    """The daemon does not start, or what it starts answers nobody."""
    return not trial.server.started or not all(trial.opens(door, tls=False, patience=SILENCE) for door in trial.doors)


def tls_fails(trial: Trial) -> bool:
    """The daemon does not start, or TLS is set up and no handshake succeeds at some door."""
    return not trial.server.started or any(_tls_fails(trial, door) for door in trial.server.named_doors)


def postfix_has_no_tls(trial: Trial) -> bool:
    """STARTTLS is not offered any more, or fails."""
    return not trial.server.started or not all(trial.opens(door) for door in trial.doors)


def old_protocol_is_served(trial: Trial) -> bool:
    """A client that knows nothing after TLS 1.1 is served under TLS."""

    def offer(context: ssl.SSLContext) -> None:
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")

    return any(trial.opens(door, offer=offer) for door in trial.doors)


def cipher_does_not_protect(trial: Trial) -> bool:
    """A client gets a session without encryption, authentication or forward secrecy, or nobody gets one at all."""

    def offer(context: ssl.SSLContext) -> None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("AECDH:eNULL:kRSA:@SECLEVEL=0")

    return tls_fails(trial) or any(trial.opens(door, offer=offer) for door in trial.doors)


def handshakes_are_logged(trial: Trial) -> bool:
    """Each step of a handshake stands in the log."""
    return any(trial.opens(door) for door in trial.doors) and trial.logs(": Debug: SSL: ")


def session_is_not_encrypted(trial: Trial) -> bool:
    """A client gets a session without encryption, or nobody gets one at all."""

    def offer(context: ssl.SSLContext) -> None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("eNULL:@SECLEVEL=0")

    return any(not trial.opens(door) or trial.opens(door, offer=offer) for door in trial.doors)


def short_prime_is_used(trial: Trial) -> bool:
    """A client exchanges keys over a prime of fewer than 2048 bits, or nobody gets TLS."""

    def offer(context: ssl.SSLContext) -> None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("kDHE:!aNULL:@SECLEVEL=0")

    def refuses_short(context: ssl.SSLContext) -> None:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("kDHE:!aNULL:@SECLEVEL=2")

    doors = list(trial.doors)
    return tls_fails(trial) or any(
        trial.opens(door, offer=offer) and not trial.opens(door, offer=refuses_short) for door in doors
    )


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


def server_gains(trial: Trial) -> bool:
    """With the certificate that the server itself shows mail is taken that is not taken without one."""
    (own,) = trial.case.facts["files"]["etc/ssl/server.crt"]
    return certificate_gains(own.removesuffix(".crt"))(trial)


def certificate_gains_nothing(trial: Trial) -> bool:
    """The certificate that lists give rights to gains nothing, because nobody asks for it."""
    return not certificate_gains("alice")(trial)


def strangers_are_asked(trial: Trial) -> bool:
    """The port where mail of strangers arrives asks them for a certificate."""
    return any(trial.asks(door) for door in trial.doors if door.port == 25 and _is_public(door))


def certificate_is_not_required(trial: Trial) -> bool:
    """A service that is to require certificates takes mail without one."""
    return any(
        trial.accepted(door, tls=tls)
        for door, tls in product(trial.doors, (False, True))
        if trial.server.parameter(door, "smtpd_tls_req_ccert").casefold() == "yes"
    )


def mail_without_tls_is_refused(trial: Trial) -> bool:
    """A server without TLS cannot even begin to deliver on a public port 25."""
    doors = (door for door in trial.doors if door.port == 25 and _is_public(door))
    return any(not trial.accepted(door, tls=False) for door in doors)


def no_tls_on_port_25(trial: Trial) -> bool:
    """Nobody elsewhere can deliver under TLS."""
    doors = [door for door in trial.doors if door.port == 25 and _is_public(door)]
    return bool(doors) and not any(trial.opens(door) for door in doors)


def mail_is_smuggled_in(trial: Trial) -> bool:
    """What follows a line with a bare newline in one message is taken for a message of its own."""
    smuggled = "MAIL FROM:<boss@example.net>\r\nRCPT TO:<root@mail.example.org>\r\nDATA\r\nSubject: smuggled\r\n\r\nx"

    def is_taken(door: Door) -> bool:
        try:
            with trial.session(door, tls=False) as session:
                mail(session, local="root@mail.example.org")
                session.command("DATA")
                session.say(f"Subject: a\r\n\r\nx\n.\r\n{smuggled}\r\n.")
                # The answers to the smuggled MAIL, RCPT and DATA, where there are any.
                return any(session.say("NOOP").startswith("354") for _ in range(3))
        except ClosedError:
            return False

    return any(is_taken(door) for door in trial.doors if door.port == 25 and _is_public(door))


def what_is_sent_is_logged(*, tls: bool) -> Callable[[Trial], bool]:
    """What a client says stands in the log."""

    def harm(trial: Trial) -> bool:
        said = "NOOP secret"
        for door in trial.doors:
            with trial.session(door, tls=tls) as session:
                session.command(said)
        return trial.logs(said)

    return harm


def some_port_takes_no_mail(trial: Trial) -> bool:
    """Some door takes no mail at all, for want of a sane configuration."""
    return any(not trial.accepted(door, tls=False) for door in trial.doors)


def greeting_or_handshake_is_waited_for(trial: Trial) -> bool:
    """A client of some port, which does what everybody does there, gets nowhere."""
    return not all(trial.opens(door, patience=SILENCE) for door in trial.doors if door.port in (25, 465, 587))


def _is_public(door: Door) -> bool:
    return not door.address.startswith(("127.", "10.", "::1"))
