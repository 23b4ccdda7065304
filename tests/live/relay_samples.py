"""Random relay configurations of Postfix: many smtpd services of one instance, each with lists of its own."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from cases import PKI

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from random import Random

FIRST_PORT: Final = 10001
USERS: Final = ("somebody", "alice")
PASSWORD: Final = "of-the-trials"
HELOS: Final = (None, "somewhere.test", "mail.friend.test", "friend.test", "foe.test", "192.0.2.200")
SENDERS: Final = ("somebody@somewhere.test", "", "boss@friend.test", "x@sub.friend.test", "x@foe.test", "news@foe.test")
RECIPIENTS: Final = {
    "foreign": ("somebody@somewhere.test", "boss@friend.test", "x@sub.friend.test", "news@foe.test"),
    "local": ("somebody@mail.example.org", "boss@mail.example.org", "x@other.example.org"),
    "relay domain": ("somebody@relayed.example", "boss@relayed.example"),
}
SOURCES: Final = (
    "127.0.0.1",
    "127.0.0.9",
    "192.168.0.9",
    "198.51.100.7",
    "198.51.100.8",
    "::1",
    "2001:db8:ffff::7",
)
CLIENT_CAS: Final = {"ca.crt": ("alice", "bob", "revoked"), "other-ca.crt": ("stranger",), "": ()}
"""CA files, and whose certificates each vouches for."""
LISTED: Final = ("bob", "revoked", "stranger")
"""Whose certificates may stand in tables."""
_NETWORKS: Final = (
    "127.0.0.0/8 [::1]/128",
    "127.0.0.1",
    "192.168.0.0/24, 127.0.0.0/8",
    "!192.168.0.9, 192.168.0.0/16, [2001:db8:ffff::]/64",
    "0.0.0.0/0",
    "198.51.100.7/31, [::1]",
    "198.51.100.0/24, [::1]/128",
    "!/etc/postfix/networks, 198.51.100.0/24",
    "/etc/postfix/networks 127.0.0.0/8",
    "cidr:/etc/postfix/networks.cidr",
    "!cidr:/etc/postfix/networks.cidr, 0.0.0.0/0",
    "texthash:/etc/postfix/networks.hash",
    "127.0.0.0/8, hash",
    "unknown",
    "",
)
_RESULTS: Final = (
    *(("OK", "REJECT", "DUNNO") * 3),
    "RELAY",
    "DEFER later",
    "550",
    "550 no",
    "451 4.7.1 no",
    "1122334455",
    "defer_if_permit",
    "DEFER_IF_REJECT not now",
    "HOLD",
    "WARN",
    "INFO",
    "PREPEND X-Seen: yes",
    "permit_mynetworks",
    "permit_sasl_authenticated, reject",
    "permit_tls_all_clientcerts",
    "reject_unauth_destination",
    "warn_if_reject reject",
    "strict",
    "lax",
    "lax, strict",
    "reject_plaintext_session permit",
    "check_helo_access texthash:/etc/postfix/helos",
    "no_such_restriction",
)
_KEYS: Final = {
    "helos": ("friend.test", ".friend.test", "mail.friend.test", "foe.test", "192.0.2.200"),
    "mails": (
        *("boss@friend.test", "friend.test", ".friend.test", "sub.friend.test", "boss@", "foe.test", "news@foe.test"),
        *("news@", "<>", "mail.example.org", "boss@mail.example.org", "relayed.example", "x@other.example.org"),
    ),
    "clients": ("unknown", "198.51.100.7", "198.51.100", "198", "192.168", "127.0.0", "2001:db8:ffff", "::1", "2001"),
    "users": USERS,
}
_CIDR: Final = ("198.51.100.7", "198.51.100.0/24", "!198.51.100.0/24", "192.168.0.0/24", "::1", "2001:db8::/32", "::/0")
_NESTED: Final = """\
if 198.51.100.0/24
198.51.100.7 OK
0.0.0.0/0 REJECT
endif
if !192.168.0.0/16
0.0.0.0/0 DUNNO
endif
"""
_PATTERNS: Final = {
    "helos": ("/^mail\\.friend\\.test$/", "/foe/", "/./", "!/friend/", "/friend\\.test$/"),
    "mails": ("/^boss@/", "/@friend\\.test$/", "/@foe\\.test$/", "/./", "!/@/", "/nobody/", "/^<>$/"),
}


def fingerprint(client: str) -> str:
    """Return a certificate's fingerprint as Postfix writes it with smtpd_tls_fingerprint_digest = sha256."""
    return sha256(ssl.PEM_cert_to_DER_cert((PKI / f"{client}.crt").read_text())).digest().hex(":").upper()


@dataclass
class Sample:
    """The settings of one smtpd service."""

    port: int
    options: dict[str, str] = field(default_factory=dict)

    @property
    def client_ca(self) -> str:
        """The file of tests/pki that its CA file is."""
        return self.options["smtpd_tls_CAfile"].rpartition("/")[2]

    @property
    def row(self) -> str:
        """Its entry in master.cf."""
        options = "".join(f"\n  -o {{ {name} = {value} }}" for name, value in self.options.items())
        return f"{self.port} inet n - n - - smtpd{options}\n"


@dataclass
class Instance:
    """One Postfix with the services of some samples."""

    main: dict[str, str]
    tables: dict[str, str]
    samples: Sequence[Sample]

    def write(self, folder: Path) -> None:
        """Write the tree that both mailaudit and the daemon read."""
        postfix = folder / "etc/postfix"
        postfix.mkdir(parents=True)
        for name, text in self.tables.items():
            (postfix / name).write_text(text)
        (postfix / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in self.main.items()))
        (postfix / "master.cf").write_text("".join(sample.row for sample in self.samples))
        for name in ("ca.crt", "other-ca.crt", "server.crt", "server.key"):
            target = folder / "etc/postfix/tls" / name
            target.parent.mkdir(exist_ok=True)
            if (PKI / name).exists():
                target.write_bytes((PKI / name).read_bytes())


def instance(random: Random, size: int) -> Instance:
    """Return one instance with that many services."""
    main = {
        "compatibility_level": random.choice(("2", "3.6")),
        "myhostname": "mail.example.org",
        "mydestination": "mail.example.org, other.example.org",
        "relay_domains": "relayed.example",
        "inet_interfaces": "all",
        "smtpd_restriction_classes": "strict, lax",
        "strict": _listed(random, 2) or "reject",
        "lax": _listed(random, 2) or "sleep 0",
        "smtpd_tls_cert_file": "/etc/postfix/tls/server.crt",
        "smtpd_tls_key_file": "/etc/postfix/tls/server.key",
        "smtpd_tls_fingerprint_digest": "sha256",
        "smtpd_sasl_type": "dovecot",
        "smtpd_sasl_path": "private/auth",
        "smtpd_client_event_limit_exceptions": "static:all",
        "smtpd_error_sleep_time": "0s",
        "smtpd_hard_error_limit": "1000",
        "smtpd_peername_lookup": "no",
        "mynetworks": random.choice(_NETWORKS),
    }
    if random.random() < 0.3:
        main["parent_domain_matches_subdomains"] = ""
    if random.random() < 0.2:
        del main["mynetworks"]
        main["mynetworks_style"] = "host"
    return Instance(main, _tables(random), [_sample(random, FIRST_PORT + number) for number in range(size)])


def _tables(random: Random) -> dict[str, str]:
    found = {
        "networks": "192.168.0.0/24\n# a comment\n!198.51.100.7 198.51.100.0/24\n",
        "networks.cidr": "".join(f"{key} any\n" for key in random.sample(_CIDR, 3)),
        "networks.hash": "198.51.100.7 x\n::1 x\n192.168.0.0/24 x\n",
        "clients.cidr": "".join(f"{key} {random.choice(_RESULTS)}\n" for key in random.sample(_CIDR, 4)),
        "if.cidr": _NESTED,
        "relay_clientcerts": "".join(f"{fingerprint(name)} {name}\n" for name in random.sample(LISTED, 1)),
        "ccerts": "".join(f"{fingerprint(name)} {random.choice(_RESULTS)}\n" for name in random.sample(LISTED, 2)),
    }
    for name, keys in _KEYS.items():
        for number in (1, 2):
            chosen = random.sample(keys, min(4, len(keys)))
            found[f"{name}{number}"] = "".join(f"{key} {random.choice(_RESULTS)}\n" for key in chosen)
    found["helos"] = "".join(f"{key} {random.choice(_RESULTS)}\n" for key in random.sample(_KEYS["helos"], 2))
    for name, patterns in _PATTERNS.items():
        chosen = random.sample(patterns, 3)
        found[f"{name}.regexp"] = "".join(f"{pattern} {random.choice(_RESULTS)}\n" for pattern in chosen)
    return found


def _table(random: Random, kind: str) -> str:
    choices = [f"texthash:/etc/postfix/{kind}1", f"texthash:/etc/postfix/{kind}2"]
    if kind in _PATTERNS:
        choices.append(f"regexp:/etc/postfix/{kind}.regexp")
    if kind == "clients":
        choices += ["cidr:/etc/postfix/clients.cidr", "cidr:/etc/postfix/if.cidr"]
    if random.random() < 0.1:
        choices.append(f"static:{random.choice(('OK', 'DUNNO', 'reject'))}")
    return random.choice(choices)


def _restriction(random: Random) -> str:
    simple = (
        *("permit_mynetworks", "permit_sasl_authenticated", "permit_tls_clientcerts", "permit_tls_all_clientcerts") * 3,
        *("reject_unauth_destination",) * 5,
        *("defer_unauth_destination", "permit_auth_destination", "permit_inet_interfaces", "reject_plaintext_session"),
        *("reject", "permit", "defer", "defer_if_permit", "defer_if_reject", "strict", "lax", "Permit_MyNetworks"),
        *("reject_invalid_helo_hostname", "reject_unlisted_recipient", "sleep 0", "reject_unauth_pipelining"),
    )
    kind = random.random()
    if kind < 0.55:
        return random.choice(simple)
    if kind < 0.62:
        return f"warn_if_reject {random.choice(simple)}"
    if kind < 0.64:
        return random.choice(("no_such_restriction", "check_client_access nothing", "check_relay_domains"))
    check = random.choice(("client", "client", "helo", "sender", "sender", "recipient", "recipient", "ccert", "sasl"))
    if check == "ccert":
        form = random.choice(("{}", "{{ {}, {{ search_order = cert_fingerprint }} }}"))
        return f"check_ccert_access {form.format('texthash:/etc/postfix/ccerts')}"
    table = {"client": "clients", "helo": "helos", "sasl": "users"}.get(check, "mails")
    return f"check_{check}_access {_table(random, table)}"


def _listed(random: Random, longest: int) -> str:
    return ", ".join(_restriction(random) for _ in range(random.randint(0, longest)))


def _guarded(random: Random) -> str:
    """Return a list that keeps strangers from relaying, in most cases."""
    guards = ("reject_unauth_destination", "reject_unauth_destination", "defer_unauth_destination", "reject")
    guard = random.choice(guards)
    parts = [_restriction(random) for _ in range(random.randint(0, 4))]
    return ", ".join([*parts, guard])


def _sample(random: Random, port: int) -> Sample:
    level = random.choice(("none", "may", "may", "may", "encrypt"))
    wrapped = random.random() < 0.15
    options = {
        "smtpd_tls_security_level": level,
        "smtpd_tls_ask_ccert": random.choice(("yes", "yes", "no")),
        "smtpd_tls_CAfile": random.choice(("/etc/postfix/tls/ca.crt",) * 3 + ("/etc/postfix/tls/other-ca.crt", "")),
        "relay_clientcerts": random.choice(("texthash:/etc/postfix/relay_clientcerts", "")),
        "smtpd_sasl_auth_enable": random.choice(("yes", "yes", "no")),
        "smtpd_tls_auth_only": random.choice(("yes", "no")),
        "smtpd_relay_restrictions": _guarded(random) if random.random() < 0.8 else _listed(random, 3),
    }
    lists = {"recipient": 0.6, "client": 0.5, "helo": 0.4, "sender": 0.5, "data": 0.1, "end_of_data": 0.05}
    for name, likely in lists.items():
        if random.random() < likely:
            make = _guarded if name == "recipient" and random.random() < 0.3 else lambda one: _listed(one, 4)
            options[f"smtpd_{name}_restrictions"] = make(random)
    if random.random() < 0.2:
        # In these lists a table that stands alone stands for the check that the list is about.
        name, kind = random.choice((("client", "clients"), ("helo", "helos"), ("sender", "mails"), ("relay", "mails")))
        before = options.get(f"smtpd_{name}_restrictions", "")
        options[f"smtpd_{name}_restrictions"] = f"{_table(random, kind)}, {before}".strip(", ")
    if wrapped:
        options["smtpd_tls_wrappermode"] = "yes"
    rare = {
        "smtpd_tls_req_ccert": "yes",
        "smtpd_delay_reject": "no",
        "smtpd_helo_required": "yes",
        "smtpd_relay_before_recipient_restrictions": random.choice(("yes", "no")),
        "smtpd_sasl_tls_security_options": "noanonymous",
        "smtpd_authorized_xclient_hosts": random.choice(_NETWORKS),
        "smtpd_authorized_xforward_hosts": random.choice(_NETWORKS),
        "smtpd_sasl_exceptions_networks": "198.51.100.0/24",
        "smtpd_discard_ehlo_keywords": random.choice(("auth", "starttls", "auth, starttls", "silent-discard, dsn")),
        "mynetworks": random.choice(_NETWORKS),
    }
    options |= {name: value for name, value in rare.items() if random.random() < 0.15}
    if random.random() < 0.05:
        options["smtpd_sasl_security_options"] = "noanonymous, noplaintext"
    if port % 10 == 0:
        options["smtpd_sasl_path"] = "private/nobody"
    return Sample(port, options)
