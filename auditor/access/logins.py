"""What the auth service answers: every minimal login that succeeds, for one protocol name.

Mechanisms that compare a password (or the empty one, as EXTERNAL does) go through the chain of passdbs for each kind of
user name, of knowledge and of client address that makes a difference. What a database answers that cannot be read is
assumed both ways.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import chain as chained
from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.access.addresses import EVERYWHERE, AddressSet
from auditor.access.answers import (
    RENAMING_FIELDS,
    Attempt,
    Result,
    Sent,
    fields_for,
    is_readable,
    stores_password,
)
from auditor.access.chain import Chain, End, State, accepts_name, rule_for
from auditor.access.facts import Unknown
from auditor.access.names import NameClass, Names
from auditor.access.rows import Certificate, Right, Secret
from auditor.files.passwd_file import PasswdFile
from auditor.model.openings import some_of
from auditor.model.reach import CREDENTIAL_MECHANISMS, POSTFIX_SERVICE
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from auditor.access.chain import Step
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
MAX_ASSUMED: Final = 4
"""Databases of unknown contents in one chain of which every combination is thought through."""


SHOWN: Final = 3
"""User names that are left out by name."""


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
    failing: Passdb | None = None
    """The passdb by whose rules a failure is what lets the user in."""

    @property
    def is_plaintext(self) -> bool:
        """Whether the secret itself is sent, which connections must be protected for."""
        return self.mechanism in PLAINTEXT_MECHANISMS

    @property
    def needs_tls(self) -> bool:
        """Whether the mechanism works over TLS only: it binds to the channel, or goes by a certificate."""
        return self.mechanism.endswith("-PLUS") or self.certificate is not Certificate.NONE


def logins(dovecot: Dovecot, service: str) -> tuple[Login, ...]:
    """Return the logins that succeed for a protocol such as ``imap`` or ``smtp``, which is Postfix's."""
    return AuthService(dovecot, service).logins


class AuthService:
    """The auth service as one protocol sees it."""

    def __init__(self, dovecot: Dovecot, service: str) -> None:
        self.dovecot = dovecot
        self.service = service
        self.scope = dovecot.auth_scope(service)
        passdbs = dovecot.passdbs_for(service)
        self.ordinary = Chain([passdb for passdb in passdbs if not passdb.is_master])
        self.masters = Chain([passdb for passdb in passdbs if passdb.is_master])
        self.names = Names(dovecot, self.scope)
        self.users = self.names.classes(self.ordinary.passdbs)

    @property
    def logins(self) -> tuple[Login, ...]:
        """The logins that succeed, in the order of the mechanisms."""
        if not self.dovecot.auth_starts:
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
                yield from (login._replace(because=(*login.because, *offered)) for login in self._compared(mechanism))
        else:
            secret = Secret.TOKEN if mechanism in TOKEN_MECHANISMS else Secret.PASSWORD
            missing = Unknown(f"the mechanism {mechanism}", "whom it lets in is known only when it runs")
            yield Login(mechanism, secret, f"any user that {mechanism} knows", because=offered, unknown=(missing,))

    @property
    def _knows_certificates(self) -> bool:
        return self.service != POSTFIX_SERVICE and self.dovecot.takes_names_from_certificates

    def _compared(self, mechanism: str) -> Iterator[Login]:
        yield from self._grouped(mechanism, self.users, self._ways(mechanism, self.ordinary, self.users), Right.READ)
        separator = self.dovecot.get("auth_master_user_separator", self.scope)
        names_another = mechanism in ("PLAIN", "EXTERNAL") or bool(separator and separator.value)
        if self.masters.passdbs and names_another:
            users = self.names.classes(self.masters.passdbs)
            ways = self._ways(mechanism, self.masters, users, self._onward)
            yield from self._grouped(mechanism, users, ways, Right.READ_ANYONE)

    def _onward(self, attempt: Attempt) -> Callable[[State], End]:
        """Return how a login goes on that a master passdb has let through: as whomever it may be."""

        def onward(state: State) -> End:
            ends = (self.ordinary.end(replace(attempt, name=user.name), user.entries, state) for user in self.users)
            return next((end for end in ends if end.success), End(False))

        return onward

    # -- ways --------------------------------------------------------------------------------------------------------

    def _ways(
        self,
        mechanism: str,
        chain: Chain,
        users: Iterable[NameClass],
        onward: Callable[[Attempt], Callable[[State], End]] | None = None,
    ) -> Iterator[_Way]:
        """Yield what lets each kind of user in, from each kind of address."""
        both = [*chain.passdbs, *(self.ordinary.passdbs if onward else ())]
        assumptions = list(_assumptions(both))
        for user in users:
            for source in _sources(both, user):
                anything: _Way | None = None
                for sent, passdb in _knowledge(chain, mechanism, user):
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

    def _way(self, user: NameClass, source: AddressSet, sent: Sent, tried: list[tuple[Attempt, End]]) -> _Way | None:
        if self.service != POSTFIX_SERVICE:
            # A login that gets no session is none, unless another server gives it one (client_auth_handle_reply).
            tried = [
                (attempt, end._replace(success=end.success and ("nologin" not in end.fields or _proxies(end))))
                for attempt, end in tried
            ]
        succeeding = [(attempt, end) for attempt, end in tried if end.success]
        if not succeeding:
            return None
        attempt, end = succeeding[0]
        unknown = [*self.names.unknown]
        if len(succeeding) < len(tried) or attempt.known_to:
            unknown += _assumed([attempt for attempt, _ in succeeding])
        if renamed := end.fields.intersection(RENAMING_FIELDS):
            unknown.append(Unknown(f"the field {min(renamed)}", "it makes somebody else of the user"))
        return _Way(user, source, sent, end, attempt.password_of, _proxies(end), tuple(unknown))

    def _grouped(
        self, mechanism: str, users: Iterable[NameClass], ways: Iterable[_Way], right: Right
    ) -> Iterator[Login]:
        """Say once what many users have in common."""
        groups: dict[tuple[object, ...], list[_Way]] = defaultdict(list)
        let_in: dict[tuple[Secret, str], AddressSet] = defaultdict(AddressSet)
        for way in ways:
            groups[way.credit.passdb, way.failing, way.secret, way.proxied, way.unknown].append(way)
            let_in[way.secret, way.user.name] |= way.source
        for group in groups.values():
            by_networks: dict[AddressSet, list[_Way]] = defaultdict(list)
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
                    _words(found, left_out),
                    Certificate.TRUSTED if mechanism == "EXTERNAL" else Certificate.NONE,
                    right,
                    networks,
                    way.proxied,
                    tuple(dict.fromkeys(chained.from_iterable(step.because for step in way.end.steps))),
                    way.unknown,
                    way.failing,
                )


class _Way(NamedTuple):
    """How one kind of user gets in from some addresses."""

    user: NameClass
    source: AddressSet
    sent: Sent
    end: End
    password_of: Passdb | None
    proxied: bool
    unknown: tuple[Unknown, ...]

    @property
    def credit(self) -> Step:
        """The step that says which users these are: that of their password, or of a list of users, or any."""
        passed = [step for step in self.end.steps if step.result is Result.OK and step.counts]
        own = [step for step in self.end.steps if step.passdb is self.password_of]
        listing = [step for step in passed if step.passdb.driver != "static"]
        return next(iter(own or listing or passed), None) or [step for step in self.end.steps if step.lets_in][-1]

    @property
    def failing(self) -> Passdb | None:
        """The passdb whose failure lets the user in, or makes later ones take the password for checked."""
        first = next(step for step in self.end.steps if step.counts)
        return None if first.result is Result.OK else first.passdb

    @property
    def secret(self) -> Secret:
        """What must be known."""
        if self.sent is Sent.ANYTHING:
            return Secret.ANY_PASSWORD
        if self.sent is Sent.NOTHING:
            return Secret.EMPTY_PASSWORD
        static = self.password_of is not None and self.password_of.driver == "static"
        return Secret.ONE_PASSWORD if static else Secret.PASSWORD


def _by_user(ways: Iterable[_Way]) -> Mapping[str, list[_Way]]:
    found: dict[str, list[_Way]] = defaultdict(list)
    for way in ways:
        found[way.user.name].append(way)
    return found


def _words(ways: list[_Way], left_out: Iterable[NameClass]) -> str:
    """Return the users of some ways that one step makes succeed, in words."""
    step = ways[0].credit
    users = step.passdb.users
    entries = [(way.user.entries.get(step.passdb), way.user.number) for way in ways]
    named = [(entry, number) for entry, number in entries if entry is not None]
    if isinstance(users, PasswdFile) and named and not any(way.user.others for way in ways):
        return some_of(step.passdb, users, sum(number for _, number in named), named[0][0])
    everyone = "any user name at all" if step.result is not Result.OK else step.passdb.everyone
    without = [user for user in left_out if accepts_name(step.passdb, user.name) and not user.others]
    names = [shortened(user.name) if user.number == 1 else f"{user.number} more" for user in without[:SHOWN]]
    limit = f" that passes `{shortened(step.passdb.username_filter)}`" if step.passdb.username_filter else ""
    return f"{everyone}{limit}{' but ' if names else ''}{', '.join(names)}{' …' if len(without) > SHOWN else ''}"


def _proxies(end: End) -> bool:
    return bool(end.fields & {"proxy", "proxy_maybe"})


def _assumed(attempts: list[Attempt]) -> list[Unknown]:
    """Return what had to be assumed of databases for some attempts to succeed."""
    assumptions = [
        {*((passdb, False) for passdb in attempt.known_to), *((passdb, True) for passdb in attempt.failing)}
        for attempt in attempts
    ]
    needed = set.intersection(*assumptions) or set.union(*assumptions)
    return sorted(
        Unknown(passdb.title, "when it fails depends on what runs" if fails else str(passdb.users))
        for passdb, fails in needed
    )


def _assumptions(passdbs: Iterable[Passdb]) -> Iterator[tuple[frozenset[Passdb], frozenset[Passdb]]]:
    """Yield which of the databases of unknown contents know a user, and which fail."""
    hidden = [passdb for passdb in passdbs if not is_readable(passdb)]
    sizes = range(len(hidden) + 1) if len(hidden) <= MAX_ASSUMED else (0, 1, len(hidden))
    for size in sizes:
        for known in combinations(hidden, size):
            yield frozenset(known), frozenset()
    for passdb in hidden:
        if rule_for(passdb, Result.FAILURE).endswith("-ok"):
            yield frozenset(), frozenset({passdb})


def _sources(passdbs: Iterable[Passdb], user: NameClass) -> list[AddressSet]:
    """Return the addresses between which the passdbs tell, for one kind of user."""
    parts = [EVERYWHERE]
    for passdb in passdbs:
        limit = fields_for(passdb, user.entries.get(passdb)).networks
        parts = [piece for part in parts for piece in (part & limit, part - limit) if piece]
    return parts


def _knowledge(chain: Chain, mechanism: str, user: NameClass) -> Iterator[tuple[Sent, Passdb | None]]:
    """Yield what a client may know, the least first."""
    if mechanism == "EXTERNAL":
        yield Sent.NOTHING, None
        return
    yield Sent.ANYTHING, None
    yield Sent.NOTHING, None
    for passdb in chain.passdbs:
        if stores_password(passdb, user.entries.get(passdb)) and not passdb.is_deny:
            yield Sent.PASSWORD, passdb
