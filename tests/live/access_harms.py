"""What the rules on the access model say will happen, as something that a client can try on the running daemon."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from cage import ADDRESSES, STRANGER
from clients import ClosedError, login
from harms import PRIVATE
from random_attempts import proxy_header
from trial import Login, Trial

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from clients import Door

KNOWN: Final = "KNOWN-TO-THE-TESTS"
"""The password of both users in the cases of these rules."""
ALICE: Final = "alice@example.org"
DENIED: Final = "bob@example.org"
ADMIN: Final = "a-long-random-password"
_CONNECT: Final = "use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new(Peer => shift) or exit 1; "
_LISTEN: Final = _CONNECT + "print scalar <$s>;"
_REQUEST: Final = {
    "2.3": _CONNECT
    + r"print $s qq(VERSION\tconfig\t2\t0\nREQ\n); while (<$s>) { print; last if $_ eq qq(\n) && $n++; }",
    "2.4": _CONNECT + r"print $s qq(VERSION\tconfig\t3\t0\nREQ\n); print scalar <$s>;",
}
"""What asks for all settings, and prints the answer."""


def clear_login(*mechanisms: str) -> Callable[[Trial], bool]:
    """A user logs in without TLS from another host."""

    def harm(trial: Trial) -> bool:
        return trial.logs_in(
            Login(door, mechanism, ALICE, KNOWN, tls=False)
            for door in trial.doors
            if not door.wrapped
            for mechanism in mechanisms
        )

    return harm


def nobody_is_needed(trial: Trial) -> bool:
    """Somebody logs in without a name."""
    return trial.logs_in(Login(door, "ANONYMOUS", "nobody") for door in trial.doors)


def proxy_lets_in(mechanism: str) -> Callable[[Trial], bool]:
    """A stranger says that it is a proxy, and that its client has TLS and Alice's certificate: one logs in as Alice."""

    def tries(trial: Trial, door: Door, source: str) -> bool:
        preface = proxy_header("203.0.113.5", ALICE if mechanism == "EXTERNAL" else "")
        user = "" if mechanism == "EXTERNAL" else ALICE
        try:
            with trial.session(door, tls=False, preface=preface, patience=3, source=source) as session:
                return login(session, mechanism, user, KNOWN)
        except ClosedError:
            return False

    return lambda trial: any(
        tries(trial, door, source) for door in trial.doors if not door.wrapped for source in ("", PRIVATE)
    )


def good_certificate_and_password_fail(trial: Trial) -> bool:
    """Alice's certificate and her password together do not let her in, by some protocol."""
    return not all(trial.logs_in([Login(door, "PLAIN", ALICE, KNOWN, client="alice")]) for door in trial.doors)


def postfix_clients_fail(trial: Trial) -> bool:
    """The auth service refuses what Postfix asks it: user and password, and nothing about certificates."""
    word = "service" if trial.case.dialect == "2.3" else "protocol"
    said = trial.server.cage.run("doveadm", "auth", "test", "-x", f"{word}=smtp", ALICE, KNOWN)
    return "succeeded" not in said.stdout


def some_doors_want_no_certificate(trial: Trial) -> bool:
    """A password without a certificate lets in at one door, and at another it does not."""
    return len({trial.logs_in([Login(door, "PLAIN", ALICE, KNOWN)]) for door in trial.doors}) == 2


def no_door_wants_a_certificate(trial: Trial) -> bool:
    """A password without a certificate lets in at every door where certificates are asked for."""
    asking = [door for door in trial.doors if trial.asks(door)]
    return bool(asking) and all(trial.logs_in([Login(door, "PLAIN", ALICE, KNOWN)]) for door in asking)


def denied_user_logs_in(trial: Trial) -> bool:
    """A user who is to be kept out gets in."""
    return trial.logs_in(
        Login(door, mechanism, DENIED, KNOWN) for door in trial.doors for mechanism in ("PLAIN", "LOGIN")
    )


def a_login_kills_auth(trial: Trial) -> bool:
    """A login with the right password ends the auth service instead."""
    trial.logs_in(Login(door, "PLAIN", ALICE, KNOWN) for door in list(trial.doors)[:1])
    return any(word in trial.server.log for word in ("service(auth): child", "auth: Panic"))


def one_door_is_weaker(trial: Trial) -> bool:
    """The password passes in clear at one door, and at another it does not."""
    doors = [door for door in trial.doors if not door.wrapped]
    return len({trial.logs_in([Login(door, "PLAIN", ALICE, KNOWN, tls=False)]) for door in doors}) == 2


def doveadm_obeys(trial: Trial) -> bool:
    """A stranger with the password may give doveadm's commands."""
    found = _stranger_at(trial, 12345)
    if found is None:
        return False
    with found, found.makefile("rb") as answers:
        word = base64.b64encode(f"\0doveadm\0{ADMIN}".encode()).decode()
        found.sendall(f"VERSION\tdoveadm-server\t1\t0\nPLAIN\t{word}\n".encode())
        try:
            return any(line.strip() == b"+" for line in (answers.readline() for _ in range(4)))
        except OSError:
            return False


def stranger_is_greeted(port: int) -> Callable[[Trial], bool]:
    """A stranger who connects to a port is answered."""

    def harm(trial: Trial) -> bool:
        found = _stranger_at(trial, port)
        if found is None:
            return False
        with found:
            try:
                return bool(found.recv(100))
            except OSError:
                return False

    return harm


def nobody_is_answered(*sockets: str) -> Callable[[Trial], bool]:
    """The user nobody gets an answer at one of some UNIX sockets."""

    def harm(trial: Trial) -> bool:
        return any(_as_nobody(trial, _LISTEN, path) for path in sockets)

    return harm


def nobody_gets_all_settings(trial: Trial) -> bool:
    """The user nobody is answered by the config service: in 2.3 with the server's key, in 2.4 with an open file."""
    answer = _as_nobody(trial, _REQUEST[trial.case.dialect], "/run/dovecot/config")
    return answer == "+\n" if trial.case.dialect == "2.4" else "PRIVATE KEY" in answer


def _as_nobody(trial: Trial, program: str, path: str) -> str:
    """Return what a program in Perl prints that the user nobody runs."""
    run = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "perl", "-e", program)
    return trial.server.cage.run(*run, path).stdout


def _stranger_at(trial: Trial, port: int) -> socket.socket | None:
    try:
        found = trial.server.cage.connect(ADDRESSES[0], port, next(iter(STRANGER.values())))
    except OSError:
        return None
    found.settimeout(3)
    return found
