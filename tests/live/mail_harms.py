"""What the rules on who hands in mail say will happen, as something that a client can try on the running daemon."""

from __future__ import annotations

import re
from itertools import permutations, product
from typing import TYPE_CHECKING, Any, Final

from clients import ClosedError, Door, Session, login, mail
from harms import USERS, does_not_start

if TYPE_CHECKING:
    from collections.abc import Callable

    from trial import Trial

PORT_25: Final = 25
SUBMISSION: Final = 587
FOREIGN: Final = "x@example.net"


def strangers_relay(trial: Trial) -> bool:
    """A client elsewhere of whom nothing is known relays mail."""
    tries = product(_public(trial), (False, True))
    return any("relay" in trial.accepted(door, tls=tls) for door, tls in tries)


def strangers_relay_or_nobody_is_served(trial: Trial) -> bool:
    """Strangers relay, or smtpd does not start for want of what keeps them from it."""
    return strangers_relay(trial) or does_not_start(trial)


def no_mail_is_taken(trial: Trial) -> bool:
    """Nobody elsewhere can hand in mail for this host."""
    return not any("local" in trial.accepted(door, tls=False) for door in _public(trial))


def passwordless_login_relays(trial: Trial) -> bool:
    """Somebody who knows a user's name but not the password logs in and relays."""

    def relays(door: Door, user: str, password: str) -> bool:
        def tries(session: Session) -> bool:
            return login(session, "PLAIN", user, password) and "relay" in mail(session, relay=FOREIGN)

        return _does(trial, door, tries)

    return any(relays(*attempt) for attempt in product(_public(trial), USERS, ("", "any-password")))


def passwords_go_in_clear_text(trial: Trial) -> bool:
    """A mechanism that sends the password itself is offered before TLS."""

    def offers(session: Session) -> bool:
        return any("AUTH" in line and "PLAIN" in line for line in session.capabilities.splitlines())

    return any(_does(trial, door, offers, tls=False) for door in _public(trial))


def users_are_served_in_clear_text(trial: Trial) -> bool:
    """Mail is taken on port 587 without TLS."""

    def takes(session: Session) -> bool:
        return session.command("MAIL FROM:<sender@example.org>").startswith("250")

    return any(_does(trial, door, takes, tls=False) for door in trial.doors if door.port == SUBMISSION)


def strangers_say_who_they_are(trial: Trial) -> bool:
    """A client elsewhere is believed what it says of itself by XCLIENT or XFORWARD."""

    def is_believed(session: Session) -> bool:
        return any(session.command(f"{one} NAME=friend.example.org").startswith("2") for one in ("XFORWARD", "XCLIENT"))

    return any(_does(trial, door, is_believed, tls=False) for door in _public(trial))


def ticket_crosses_services(trial: Trial) -> bool:
    """A certificate that one service does not trust relays there with the TLS session of another that does."""

    def crosses(strict: Door, lax: Door) -> bool:
        if "relay" in trial.accepted(strict, "stranger"):
            return False
        try:
            with trial.session(lax, "stranger") as first, trial.session(strict, resumes=first) as second:
                return "relay" in mail(second, relay=FOREIGN)
        except ClosedError:
            return False

    return any(crosses(*doors) for doors in permutations(trial.doors, 2))


def external_is_announced_in_vain(trial: Trial) -> bool:
    """EXTERNAL is announced, and who comes with a good certificate does not get in by it."""

    def fails(session: Session) -> bool:
        return "EXTERNAL" in session.capabilities and not login(session, "EXTERNAL", "")

    return any(_does(trial, door, fails, client="alice") for door in _public(trial))


def logins_are_taken_on_port_25(trial: Trial) -> bool:
    """Users may log in where other servers deliver mail."""
    doors = [door for door in _public(trial) if door.port == PORT_25]
    return any(_does(trial, door, lambda session: "AUTH" in session.capabilities) for door in doors)


def nobody_logs_in(trial: Trial) -> bool:
    """Somebody logs in without a name."""
    return any(_does(trial, door, lambda session: login(session, "ANONYMOUS", "x")) for door in _public(trial))


def strangers_hand_in_mail_for_users(trial: Trial) -> bool:
    """A client that is not logged in hands in mail for a user of this host where users hand in theirs."""

    def takes(session: Session) -> bool:
        return "alice" in mail(session, alice=USERS[0])

    return any(_does(trial, door, takes) for door in _public(trial) if door.port in (465, SUBMISSION))


def refusals_are_for_now(trial: Trial) -> bool:
    """Who comes with a message that is too large is told to try again."""

    def tells(session: Session) -> bool:
        return session.command("MAIL FROM:<sender@example.org> SIZE=999999999999").startswith("4")

    return any(_does(trial, door, tells, tls=False) for door in _public(trial))


def strangers_are_told_of_version_or_users(trial: Trial) -> bool:
    """The greeting names Postfix's version, or VRFY says whether there is a user."""

    def tells(session: Session) -> bool:
        return bool(re.search(r"Postfix \d", session.greeting)) or session.command("VRFY root").startswith("25")

    return any(_does(trial, door, tells, tls=False) for door in _public(trial))


def proxies_are_believed(trial: Trial) -> bool:
    """A stranger who says that he is a proxy, and that his client is this host, relays."""

    def relays(session: Session) -> bool:
        return session.capabilities.startswith("250") and "relay" in mail(session, relay=FOREIGN)

    header = b"PROXY TCP4 127.0.0.1 192.0.2.1 50000 25\r\n"
    return any(_does(trial, door, relays, tls=False, preface=header) for door in _public(trial))


def _public(trial: Trial) -> list[Door]:
    """Return the doors that others than the host itself get to."""
    return [door for door in trial.doors if not door.address.startswith("127.") and door.address != "::1"]


def _does(trial: Trial, door: Door, what: Callable[[Session], bool], client: str = "", **how: Any) -> bool:
    """Say whether something works in a session; one that does not come about does nothing."""
    try:
        with trial.session(door, client, **how) as session:
            return what(session)
    except ClosedError:
        return False
