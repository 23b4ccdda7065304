"""What the auth service answers: every minimal login that succeeds, for one protocol name.

Mechanisms that compare a password (or the empty one, as EXTERNAL does) go through the chain of passdbs for each kind of
user name, of knowledge and of client address that makes a difference. What a database answers that cannot be read is
assumed both ways.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from itertools import chain as chained
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.access.addresses import EVERYWHERE, AddressSet
from auditor.access.answers import Attempt, Result, Sent
from auditor.access.chain import Chain, End, State
from auditor.access.facts import Unknown
from auditor.access.fields import RENAMING_FIELDS
from auditor.access.names import NameClass, Names
from auditor.access.rows import Certificate, Right, Secret
from auditor.access.stored import is_readable
from auditor.access.ways import (
    Way,
    assumed,
    assumptions_about,
    in_words,
    is_proxied,
    knowledge,
    sources_told_apart,
)
from auditor.finding import NotChecked
from auditor.model.reach import CREDENTIAL_MECHANISMS, POSTFIX_SERVICE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from auditor.access.facts import Because
    from auditor.model.dovecot import Dovecot
    from auditor.model.passdb import Passdb

ANONYMOUS_SERVICES: Final = ("imap", "pop3", POSTFIX_SERVICE)
"""Services that take anonymous logins (``anonymous_login_acceptable``); Postfix decides for itself."""
PLAINTEXT_MECHANISMS: Final = frozenset({"PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"})
"""Mechanisms that send the secret itself (``MECH_SEC_PLAINTEXT`` in src/auth/mech-*.c)."""
TOKEN_MECHANISMS: Final = frozenset({"GSSAPI", "GSS-SPNEGO", "OAUTHBEARER", "XOAUTH2"})
COMPARING_MECHANISMS: Final = ("PLAIN", "LOGIN", "EXTERNAL")
"""Mechanisms that have passdbs compare a password; EXTERNAL's is empty."""
MAX_PASSDBS: Final = 40
"""Passdbs of one protocol that logins are followed through; the work grows faster than their number."""


class Login(NamedTuple):
    """A login that succeeds: by what mechanism (in capitals), with which secret and certificate, as whom.

    ``networks`` are the addresses from which passdbs let the user in; ``proxied`` says that another server checks the
    password in the end. ``unknown`` holds what was needed to be sure of it and is not known.
    """

    mechanism: str
    secret: Secret
    users: str
    certificate: Certificate = Certificate.NONE
    right: Right = Right.READ
    networks: AddressSet = EVERYWHERE
    proxied: bool = False
    because: tuple[Because, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    passdb: Passdb | None = None
    """The passdb that lets the user in, or makes later ones take the password for checked; None where none is asked."""
    by_failure: bool = False
    """Whether it is a failure of the passdb that does so, by its rules."""

    @property
    def is_plaintext(self) -> bool:
        """Whether the secret itself is sent, which connections must be protected for."""
        return self.mechanism in PLAINTEXT_MECHANISMS

    @property
    def needs_tls(self) -> bool:
        """Whether the mechanism works over TLS only: it binds to the channel, or goes by a certificate."""
        return self.mechanism.endswith("-PLUS") or self.certificate is not Certificate.NONE


def view_of(dovecot: Dovecot, service: str) -> tuple[object, ...]:
    """Return what is equal for protocols by which the same logins succeed."""
    auth = dovecot.auth
    return auth.scope(service), auth.passdbs(service), service in ANONYMOUS_SERVICES, service == POSTFIX_SERVICE


class AuthService:
    """The auth service as one protocol sees it."""

    def __init__(self, dovecot: Dovecot, service: str) -> None:
        self.dovecot = dovecot
        self.service = service
        self.scope = dovecot.auth.scope(service)
        passdbs = dovecot.auth.passdbs(service)
        if len(passdbs) > MAX_PASSDBS:
            what = f"who logs in through more than {MAX_PASSDBS} passdbs"
            dovecot.configuration.not_checked.append(NotChecked(what, "only the first of them are followed"))
            passdbs = passdbs[:MAX_PASSDBS]
        self.ordinary = Chain([passdb for passdb in passdbs if not passdb.is_master])
        self.masters = Chain([passdb for passdb in passdbs if passdb.is_master])
        self.names = Names(dovecot, self.scope)
        self.users = self.names.classes(self.ordinary.passdbs)

    @cached_property
    def master_users(self) -> tuple[NameClass, ...]:
        """The names that the passdbs of master users tell apart."""
        return self.names.classes(self.masters.passdbs)

    @cached_property
    def logins(self) -> tuple[Login, ...]:
        """The logins that succeed, in the order of the mechanisms."""
        if not self.dovecot.auth.starts:
            return ()
        found = [login for mechanism in self.dovecot.mechanisms for login in self._by(mechanism.upper())]
        if not self.dovecot.is_on("auth_ssl_require_client_cert", self.scope):
            return tuple(found)
        if self.service == POSTFIX_SERVICE:
            # Postfix passes no certificates on (xsasl_dovecot_server.c).
            return ()
        setting = self.dovecot.get("auth_ssl_require_client_cert", self.scope)
        why = ((setting.origin, "no login without a valid client certificate"),) if setting else ()
        return tuple(login._replace(certificate=Certificate.TRUSTED, because=(*login.because, *why)) for login in found)

    def _by(self, mechanism: str) -> Iterator[Login]:
        offered: tuple[Because, ...] = (
            (self.dovecot.mechanisms[mechanism.lower()].origin, f"{mechanism} is offered here"),
        )
        if mechanism == "ANONYMOUS":
            if self.service in ANONYMOUS_SERVICES:
                name = self.dovecot.get("auth_anonymous_username")
                yield Login(mechanism, Secret.NONE, name.value if name else "anonymous", because=offered)
        elif mechanism in COMPARING_MECHANISMS or mechanism.lower() in CREDENTIAL_MECHANISMS:
            if mechanism != "EXTERNAL" or self._knows_certificates:
                yield from (login._replace(because=(*login.because, *offered)) for login in self.compared(mechanism))
        else:
            secret = Secret.TOKEN if mechanism in TOKEN_MECHANISMS else Secret.PASSWORD
            missing = Unknown(f"the mechanism {mechanism}", "whom it lets in is known only when it runs")
            yield Login(mechanism, secret, f"any user that {mechanism} knows", because=offered, unknown=(missing,))

    @property
    def _knows_certificates(self) -> bool:
        return self.service != POSTFIX_SERVICE and self.dovecot.takes_names_from_certificates

    def compared(self, mechanism: str) -> Iterator[Login]:
        """Yield the logins by a mechanism that passdbs answer to, a name from a certificate taken for granted."""
        yield from self._grouped(mechanism, self.users, self._ways(mechanism, self.ordinary, self.users), Right.READ)
        separator = self.dovecot.get("auth_master_user_separator", self.scope)
        names_another = mechanism in ("PLAIN", "EXTERNAL") or bool(separator and separator.value)
        if self.masters.passdbs and names_another:
            ways = self._ways(mechanism, self.masters, self.master_users, self._onward)
            yield from self._grouped(mechanism, self.master_users, ways, Right.READ_ANYONE)

    def _onward(self, attempt: Attempt) -> Callable[[State], End]:
        """Return how a login goes on that a master passdb has let through: as whomever it may be."""

        def onward(state: State) -> End:
            ends = (self.ordinary.end(attempt._replace(name=user.name), user.entries, state) for user in self.users)
            return next((end for end in ends if end.success), End(False))

        return onward

    def asked(self, mechanism: str) -> tuple[Passdb, ...]:
        """Return the passdbs that logins of those who know nothing get to by a mechanism (in lower case)."""
        sent = Sent.NOTHING if mechanism == "external" else Sent.ANYTHING
        ends = (
            chain.end(Attempt(user.name, mechanism.upper(), sent), user.entries)
            for chain, users in ((self.ordinary, self.users), (self.masters, self.master_users))
            for user in users
        )
        return tuple(dict.fromkeys(step.passdb for end in ends for step in end.steps))

    # -- ways --------------------------------------------------------------------------------------------------------

    def _ways(
        self,
        mechanism: str,
        chain: Chain,
        users: Iterable[NameClass],
        onward: Callable[[Attempt], Callable[[State], End]] | None = None,
    ) -> Iterator[Way]:
        """Yield what lets each kind of user in, from each kind of address."""
        both = [*chain.passdbs, *(self.ordinary.passdbs if onward else ())]
        assumptions = list(assumptions_about(both))
        for user in users:
            for source in sources_told_apart(both, user):
                anything: Way | None = None
                for sent, passdb in knowledge(chain, mechanism, user):
                    attempts = [
                        Attempt(user.name, mechanism, sent, passdb, known_to, failing, source)
                        for known_to, failing in assumptions
                        if passdb is None or is_readable(passdb) or passdb in known_to
                    ]
                    tried = [
                        (one, chain.end(one, user.entries, onward=onward(one) if onward else None)) for one in attempts
                    ]
                    way = self._way(user, source, sent, tried)
                    if way is None or (anything and set(anything.unknown) <= set(way.unknown)):
                        continue
                    anything = way if sent is Sent.ANYTHING else anything
                    yield way

    def _way(self, user: NameClass, source: AddressSet, sent: Sent, tried: list[tuple[Attempt, End]]) -> Way | None:
        if self.service != POSTFIX_SERVICE:
            # A login that gets no session is none, unless another server gives it one (client_auth_handle_reply).
            tried = [
                (attempt, end._replace(success=end.success and ("nologin" not in end.fields or is_proxied(end))))
                for attempt, end in tried
            ]
        succeeding = [(attempt, end) for attempt, end in tried if end.success]
        if not succeeding:
            return None
        attempt, end = succeeding[0]
        unknown = [*self.names.unknown]
        if len(succeeding) < len(tried) or attempt.known_to:
            unknown += assumed([attempt for attempt, _ in succeeding])
        if renamed := end.fields.intersection(RENAMING_FIELDS):
            unknown.append(Unknown(f"the field {min(renamed)}", "it makes somebody else of the user"))
        return Way(user, source, sent, end, attempt.password_of, tuple(unknown))

    def _grouped(
        self, mechanism: str, users: Iterable[NameClass], ways: Iterable[Way], right: Right
    ) -> Iterator[Login]:
        """Say once what many users have in common."""
        groups: dict[tuple[object, ...], list[Way]] = defaultdict(list)
        let_in: dict[tuple[Secret, str], AddressSet] = defaultdict(AddressSet)
        for way in ways:
            by_failure = way.opening.result is not Result.OK
            groups[way.credit.passdb, way.opening.passdb, by_failure, way.secret, way.proxied, way.unknown].append(way)
            let_in[way.secret, way.user.name] |= way.source
        for group in groups.values():
            by_networks: dict[AddressSet, list[Way]] = defaultdict(list)
            for sources in _by_user(group).values():
                networks = AddressSet()
                for way in sources:
                    networks |= way.source
                by_networks[networks].append(sources[0])
            for networks, found in by_networks.items():
                way = found[0]
                left_out = [
                    user
                    for user in users
                    if not (let_in[way.secret, user.name] | let_in[Secret.ANY_PASSWORD, user.name]).covers(networks)
                ]
                yield Login(
                    mechanism,
                    Secret.NONE if mechanism == "EXTERNAL" else way.secret,
                    in_words(found, left_out),
                    Certificate.TRUSTED if mechanism == "EXTERNAL" else Certificate.NONE,
                    right,
                    networks,
                    way.proxied,
                    tuple(dict.fromkeys(chained.from_iterable(step.because for step in way.end.steps))),
                    way.unknown,
                    way.opening.passdb,
                    way.opening.result is not Result.OK,
                )


def _by_user(ways: Iterable[Way]) -> Mapping[str, list[Way]]:
    found: dict[str, list[Way]] = defaultdict(list)
    for way in ways:
        found[way.user.name].append(way)
    return found
