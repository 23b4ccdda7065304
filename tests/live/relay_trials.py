"""Random relay configurations against the daemon: ``python tests/live/relay_trials.py SUITE COUNT [SEED] [FIRST]``.

Every session that is tried must go as the run of the restriction lists says. Besides, each way in must be one (its own
session is tried), and whatever is taken must be a row of the access table. Instance N of a seed is always the same.
"""

from __future__ import annotations

import base64
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

if __name__ == "__main__":
    here = Path(__file__).parent
    sys.path[:0] = [str(here), str(here.parent), str(here.parent / "oracle"), str(here.parents[1] / "tools")]
    sys.path[:0] = [str(here.parents[1])]

from cage import ADDRESSES, Cage
from cases import NOW
from clients import ClosedError, Door, Session
from relay_samples import (
    CLIENT_CAS,
    HELOS,
    LISTED,
    PASSWORD,
    RECIPIENTS,
    SENDERS,
    SOURCES,
    USERS,
    Instance,
    Sample,
    fingerprint,
    instance,
)
from servers import AUTH_ALONE, Postfix

from auditor.access.postfix import XCLIENT, XFORWARD, takes_from_strangers
from auditor.access.postfix_answers import Text
from auditor.access.postfix_session import Destination, Shown
from auditor.access.postfix_session import Session as SmtpSession
from auditor.access.postfix_ways import Principal
from auditor.access.rows import Right
from auditor.access.table import Access
from auditor.discover import discover
from auditor.model import build_model
from auditor.read import Versions, read_hosts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.access.postfix_ways import SmtpdWays, Way

SIZE: Final = 20
"""Services of one instance."""
SESSIONS: Final = 24
"""Sessions that are tried at one service beside those of its ways."""
VERSIONS: Final = {"bookworm": ("2.3.19", "3.7.11"), "trixie": ("2.4.1", "3.10.13"), "sid": ("2.4.5", "3.11.7")}


class Attempt(NamedTuple):
    """What one client does: from where, with what, and what it says. Each recipient is a message of its own."""

    source: str
    tls: bool
    certificate: str
    user: str
    helo: str | None
    sender: str
    recipients: tuple[tuple[Destination, str], ...]


@dataclass
class Result:
    """What came of one instance."""

    attempts: int = 0
    taken: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)


def run(
    chroots: Path, certificates: dict[str, Path], suite: str, count: int, seed: int = 1, first: int = 0
) -> Iterator[Result]:
    """Try ``count`` services, an instance at a time; ``first`` is the number of the first instance."""
    numbers = range(first, first + -(-count // SIZE))
    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(lambda number: _run_one(chroots, certificates, suite, f"{seed} {number}"), numbers)


def _run_one(chroots: Path, certificates: dict[str, Path], suite: str, name: str) -> Result:
    random = Random(f"{suite} {name}")
    one = instance(random, SIZE)
    with tempfile.TemporaryDirectory(prefix="relay-") as folder:
        tree = Path(folder) / "host"
        one.write(tree)
        dovecot, postfix = VERSIONS[suite]
        (tree / "var/spool/postfix/private").mkdir(parents=True)
        users = tree / "etc/dovecot/users"
        users.parent.mkdir(parents=True)
        users.write_text("".join(f"{user}:{PASSWORD}::::::\n" for user in USERS))
        (users.parent / "dovecot.conf").write_text(
            AUTH_ALONE[dovecot[:3]] + "log_path = /var/log/dovecot.log\nauth_failure_delay = 0\n"
        )
        (hosts, *_), _ = read_hosts(discover([str(tree)]), Versions(dovecot, postfix))
        access = Access(build_model(hosts.host, hosts.dovecot, hosts.postfix, NOW))
        with Cage(chroots / suite, Path(folder) / "cage") as cage:
            server = Postfix(cage, tree, lambda _: None)
            assert server.started, server.refusal
            started = cage.run("dovecot", "-c", "/etc/dovecot/dovecot.conf")
            assert not started.returncode, started.stdout
            services = {ways.listener.port: ways for ways in access.smtpd}
            result = Result()
            with ThreadPoolExecutor(8) as pool:
                trials = []
                for sample in one.samples:
                    trial = _Trial(cage, certificates, access, services[sample.port], sample)
                    trials.append(pool.submit(trial.run, Random(random.random())))
                for sample, future in zip(one.samples, trials, strict=True):
                    part = future.result()
                    result.attempts += part.attempts
                    result.taken += part.taken
                    result.outcomes += part.outcomes
                    result.differences += [f"{name}: {said}\n{_shown(one, sample)}" for said in part.differences]
            if any("answers nobody" in said for said in result.differences):
                result.differences.append(server.log[-4000:])
            return result


def _shown(one: Instance, sample: Sample) -> str:
    return "\n".join(f"    {name} = {value}" for name, value in {**one.main, **sample.options}.items())


class _Trial:
    """One service, tried by many clients."""

    def __init__(
        self, cage: Cage, certificates: dict[str, Path], access: Access, ways: SmtpdWays, sample: Sample
    ) -> None:
        self.cage = cage
        self.certificates = certificates
        self.access = access
        self.ways = ways
        self.sample = sample
        self.result = Result()

    def run(self, random: Random) -> Result:
        """Try every way and some random sessions."""
        shown = [self._attempt_of(way) for way in self.ways.ways]
        self.result.outcomes["ways without a client here"] += shown.count(None)
        self.result.outcomes["ways" if self.ways.tls_states else "services that answer nobody"] += len(shown) or 1
        attempts = [one for one in shown if one]
        # What answers nobody makes each client wait for its greeting.
        attempts += [self._random_attempt(random) for _ in range(SESSIONS if self.ways.tls_states else 2)]
        for attempt in attempts:
            if not self._try(attempt):
                break
        else:
            self._try_identities()
        self.result.outcomes["services"] += 1
        return self.result

    def _try_identities(self) -> None:
        """Try from everywhere to be somebody else."""
        for command, users in (("XCLIENT", XCLIENT), ("XFORWARD", XFORWARD)):
            named = f"smtpd_authorized_{command.lower()}_hosts" in self.sample.options
            if not named or not self.ways.tls_states or self.ways.service.requires_certificate:
                continue
            for source in SOURCES:
                said = self._says(source, f"{command} NAME=friend.test")
                allowed = said.startswith(("220", "250"))
                self.result.attempts += 1
                self.result.taken += allowed
                expected = any(
                    row.users == users and row.listener == self.ways.listener and not row.unknown
                    for row in self.access.to(Right.CHANGE_IDENTITY)
                    if ip_address(source) in row.source.addresses
                )
                if allowed != expected:
                    self.result.differences.append(f"port {self.sample.port}: {command} from {source}: {said}")

    def _says(self, source: str, command: str) -> str:
        """Return the answer to a command in a session that says nothing else."""
        try:
            tls = max(self.ways.tls_states)
            with Dialogue(self.cage, self._door(source), tls=tls, source=source) as one:
                return one.command(command)
        except ClosedError as error:
            return str(error)

    def _random_attempt(self, random: Random) -> Attempt:
        recipients = tuple((one, random.choice(RECIPIENTS[one.value])) for one in Destination)
        tls = random.random() < 0.6 or self.ways.listener.wrapped
        if self.ways.tls_states == (False,) and self.ways.sasl.offer(tls=True).dead:
            # STARTTLS would end smtpd, and the master would start none for a minute.
            tls = False
        client = random.choice(("", "alice", "bob", "revoked", "stranger")) if tls else ""
        user = random.choice(("", "", *USERS))
        return Attempt(
            random.choice(SOURCES), tls, client, user, random.choice(HELOS), random.choice(SENDERS), recipients
        )

    def _attempt_of(self, way: Way) -> Attempt | None:
        """Return the attempt that shows a way; None where there is no such client here."""
        session = way.session
        source = next((one for one in SOURCES if ip_address(one) in session.client.addresses), None)
        client = self._client_with(session.certificate)
        user = session.user.text if session.user else ""
        if source is None or client is None or (user and user not in USERS):
            return None
        said = [one.text if one else None for one in (session.helo, session.sender, session.recipient)]
        recipients = ((way.destination, said[2] or ""),)
        return Attempt(source, session.tls, client, user, said[0], said[1] or "", recipients)

    def _client_with(self, shown: Shown | None) -> str | None:
        if shown is None:
            return ""
        for name in ("alice", "bob", "revoked", "stranger"):
            listed = fingerprint(name).lower() == shown.fingerprint.text.lower()
            unlisted = not shown.fingerprint.text and name not in LISTED
            trusted = name in CLIENT_CAS[self.sample.client_ca]
            if (listed or unlisted) and trusted == shown.trusted:
                return name
        return None

    def _try(self, attempt: Attempt) -> bool:
        """Try one session; return whether there is any sense in trying another."""
        answers = self._answers(attempt, 10 if self.ways.tls_states else 2)
        if "timed out" in answers[0] and self.ways.tls_states:
            # The machine may be busy; the master starts no smtpd for a minute after one that failed.
            answers = self._answers(attempt, 90)
        if "timed out" in answers[0] and self.ways.tls_states:
            self._differ(attempt, "anybody", "it answers nobody")
            return False
        for (destination, recipient), said in zip(attempt.recipients, answers, strict=True):
            taken = said.startswith("250")
            self.result.attempts += 1
            self.result.taken += taken
            expected = self._taken_by_model(attempt, destination, recipient)
            row = self._is_a_row(attempt, destination)
            if taken != expected:
                self._differ(attempt, recipient, f"the daemon {'takes' if taken else 'refuses'} it ({said})")
            elif taken and not row:
                self._differ(attempt, recipient, "it is no row")
        return True

    def _differ(self, attempt: Attempt, recipient: str, how: str) -> None:
        self.result.differences.append(f"port {self.sample.port}: {how}: {attempt} to {recipient}")

    # --- What mailaudit says ----------------------------------------------------------------------------------------

    def _principal(self, attempt: Attempt) -> Principal | None:
        """Return what a client comes with, None where it does not get that far."""
        service = self.ways.service
        shown = None
        if attempt.tls not in self.ways.tls_states:
            return None
        if attempt.certificate and service.asks_for_certificate and attempt.tls:
            trusted = attempt.certificate in CLIENT_CAS[self.sample.client_ca]
            shown = Shown(Text(fingerprint(attempt.certificate)), trusted)
        if service.requires_certificate and not (shown and shown.trusted):
            return None
        if attempt.user and not self.ways.sasl.offer(tls=attempt.tls).logins:
            return None
        return Principal(attempt.tls, shown, Text(attempt.user) if attempt.user else None)

    def _taken_by_model(self, attempt: Attempt, destination: Destination, recipient: str) -> bool:
        principal = self._principal(attempt)
        if principal is None or (attempt.helo is None and self.ways.service.is_on("smtpd_helo_required")):
            return False
        address = ip_address(attempt.source)
        client = next(one for one in self.ways.parted_clients if address in one.addresses)
        helo = None if attempt.helo is None else Text(attempt.helo)
        session = SmtpSession(client, *principal, helo, Text(attempt.sender), Text(recipient), destination)
        outcome = self.ways.run.outcome(session)
        # What only the DNS tells is known here: no client has a name.
        return outcome.taken and not outcome.relied_on

    def _is_a_row(self, attempt: Attempt, destination: Destination) -> bool:
        principal = self._principal(attempt)
        if principal is None:
            return False
        rights = {Right.RELAY} if destination is Destination.FOREIGN else {Right.RELAY, Right.ENTRY}
        address = ip_address(attempt.source)
        if destination is not Destination.FOREIGN and takes_from_strangers(self.ways):
            return True
        return any(
            row.listener == self.ways.listener
            and row.right in rights
            and address in row.source.addresses
            and row.tls <= principal.tls
            and row.certificate.will_do_for(self._kind(principal))
            and (not row.mechanisms or principal.user is not None)
            for row in self.access.rows
        )

    def _kind(self, principal: Principal) -> object:
        """Return the kind of a certificate, where one that no table lists is not a listed one."""
        shown = principal.certificate
        if shown and not any(fingerprint(name) == shown.fingerprint.text for name in LISTED):
            return principal._replace(certificate=shown._replace(fingerprint=Text(""))).kind
        return principal.kind

    # --- What the daemon does ---------------------------------------------------------------------------------------

    def _answers(self, attempt: Attempt, patience: float) -> list[str]:
        """Return the last answer to each recipient, or what became of the connection."""
        door = self._door(attempt.source)
        certificate = self.certificates[attempt.certificate] if attempt.certificate else None
        try:
            with Dialogue(
                self.cage, door, certificate, tls=attempt.tls, source=attempt.source, patience=patience
            ) as one:
                refusal = one.begins(attempt, helo_first=self.ways.service.is_on("smtpd_helo_required"))
                if refusal:
                    return [refusal] * len(attempt.recipients)
                late = any(f"smtpd_{name}_restrictions" in self.sample.options for name in ("data", "end_of_data"))
                return [one.hands_in(attempt.sender, to, data=late) for _, to in attempt.recipients]
        except ClosedError as error:
            return [str(error)] * len(attempt.recipients)

    def _door(self, source: str) -> Door:
        address = ADDRESSES[":" in source]
        if source == "::1":
            address = "::1"
        elif source.startswith("127."):
            address = "127.0.0.1"
        return Door("smtp", address, self.sample.port, self.ways.listener.wrapped)


class Dialogue(Session):
    """A session that says nothing but what it must."""

    def _open(self, tls: bool) -> None:
        self._file = self._socket.makefile("rb")
        if self.door.wrapped:
            self._start_tls()
        self.greeting = self._answer()
        if tls and not self.door.wrapped:
            if not self.command("STARTTLS").startswith("220"):
                raise ClosedError("no TLS")
            self._start_tls()

    def begins(self, attempt: Attempt, *, helo_first: bool) -> str:
        """Say HELO and log in as an attempt wants to; return the answer that refuses that."""
        # EHLO ends with 421 for clients whose lookup in smtpd_authorized_xclient_hosts and the like fails.
        hello = f"HELO {attempt.helo}"
        if helo_first and attempt.helo is not None and not (said := self.command(hello)).startswith("250"):
            return said
        if attempt.user:
            secret = base64.b64encode(f"\0{attempt.user}\0{PASSWORD}".encode()).decode()
            if not (said := self.command(f"AUTH PLAIN {secret}")).startswith("235"):
                return said
        if not helo_first and attempt.helo is not None and not (said := self.command(hello)).startswith("250"):
            return said
        return ""

    def hands_in(self, sender: str, recipient: str, *, data: bool) -> str:
        """Hand in a message, as far as smtpd's restrictions decide, and return the last answer."""
        said = self.command(f"MAIL FROM:<{sender}>")
        if said.startswith("250"):
            said = self.command(f"RCPT TO:<{recipient}>")
        if said.startswith("250") and data:
            said = self.command("DATA")
            return self.command("Subject: x\r\n\r\nx\r\n.") if said.startswith("354") else said
        self.command("RSET")
        return said


def main(suite: str, count: str, seed: str = "1", first: str = "0") -> None:
    """Print what differs, then the figures."""
    import daemons
    from throwaway_pki import derived_key, key_pem

    daemons.load()
    with tempfile.TemporaryDirectory() as folder:
        certificates = {}
        for name in ("alice", "bob", "revoked", "stranger"):
            path = Path(folder) / name
            pki = Path(__file__).parent.parent / "pki"
            path.write_bytes(key_pem(derived_key(name.capitalize())) + (pki / f"{name}.crt").read_bytes())
            certificates[name] = path
        total = Result()
        for result in run(daemons.FOLDER, certificates, suite, int(count), int(seed), int(first)):
            total.attempts += result.attempts
            total.taken += result.taken
            total.outcomes += result.outcomes
            total.differences += result.differences
            for difference in result.differences:
                sys.stdout.write(f"{difference}\n")
                sys.stdout.flush()
        figures = f"{total.attempts} attempts, {total.taken} taken, {len(total.differences)} disagreements"
        sys.stdout.write(f"{suite} seed {seed}: {dict(total.outcomes)}, {figures}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
