"""What the rules on files say will happen: other users of the host read what the running daemon keeps to itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from harms import certificate_logs_in
from throwaway_pki import Authority, client_certificate, derived_key, key_pem, pem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cases import Case
    from trial import Trial

KEY: Final = "PRIVATE KEY-----"
_ETC: Final = ("/etc/dovecot", "/etc/postfix", "/etc/ssl")
_END_OF_KEY: Final = b"-----END PRIVATE KEY-----\n"


class User(NamedTuple):
    """Somebody on the host, by numbers."""

    uid: int
    groups: tuple[int, ...]
    """The first one is that of passwd."""


NOBODY: Final = User(65534, (65534,))


def nobody_reads_a_key(trial: Trial) -> bool:
    """The daemon runs, says nothing, and the user nobody reads a private key of it."""
    return trial.server.started and _reads(trial, NOBODY, [KEY])


def nobody_reads_the_secret(trial: Trial) -> bool:
    """The user nobody reads the secret of a case."""
    return _reads(trial, NOBODY, trial.case.facts.get("secrets", []))


def users_read_a_key(*names: str) -> Callable[[Trial], bool]:
    """Some of these users of a case read a private key; without names, any user but root."""

    def harm(trial: Trial) -> bool:
        users = _users(trial.case)
        return any(_reads(trial, users[name], [KEY]) for name in names or users.keys() - {"root"})

    return harm


def the_key_of_the_ca_makes_users(trial: Trial) -> bool:
    """Whoever reads the file of CAs makes a certificate for Bob with it, and logs in."""
    data = (trial.server.cage.root / "etc/ssl/clients.pem").read_bytes()
    _, begin, rest = data.partition(b"-----BEGIN PRIVATE KEY-----")
    if not begin:
        return False
    key = load_pem_private_key(begin + rest.partition(_END_OF_KEY)[0] + _END_OF_KEY, None)
    ca = Authority(key, x509.load_pem_x509_certificate(data))
    forged = trial.server.cage.root / "tmp/forged"
    certificate = client_certificate("Forged", "bob@example.org", ca, serial=0x20FF)
    forged.write_bytes(key_pem(derived_key("Forged")) + pem(certificate))
    return certificate_logs_in("forged")(replace(trial, certificates=trial.certificates | {"forged": forged}))


def _reads(trial: Trial, user: User, texts: Iterable[str]) -> bool:
    """Say whether a user finds one of some texts in a file of the daemons."""
    groups = ",".join(map(str, user.groups))
    become = ("setpriv", f"--reuid={user.uid}", f"--regid={user.groups[0]}", f"--groups={groups}")
    patterns = [word for text in texts for word in ("-e", text)]
    return bool(patterns) and trial.server.cage.run(*become, "grep", "-rqF", *patterns, *_ETC).returncode == 0


def _users(case: Case) -> dict[str, User]:
    rows = [line.split(":") for line in (case.folder / "etc/group").read_text().splitlines()]
    groups = {int(number): members.split(",") for _, _, number, members in rows}
    found = {}
    for line in (case.folder / "etc/passwd").read_text().splitlines():
        name, _, uid, gid, *_ = line.split(":")
        others = tuple(number for number, members in groups.items() if name in members)
        found[name] = User(int(uid), (int(gid), *others))
    return found
