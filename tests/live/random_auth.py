"""Small random authentication configurations of Dovecot, the same ones for the same seed, in both dialects."""

from __future__ import annotations

import base64
import hashlib
import shutil
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Final

from cases import PKI

if TYPE_CHECKING:
    from pathlib import Path

USERS: Final = ("alice@example.org", "bob@example.org")
NETWORKS: Final = ("198.51.100.0/24", "127.0.0.1/32", "192.168.0.0/16")
CA_FILES: Final = {
    "ca": ("ca.crt", "ca.crl"),
    "no CRL": ("ca.crt",),
    "other CA": ("other-ca.crt", "other-ca.crl"),
    "both": ("ca.crt", "ca.crl", "other-ca.crt", "other-ca.crl"),
    "newer": ("ca.crt", "ca.crl", "ca-newer-empty.crl"),
}
RULES: Final = ("return", "return-ok", "return-fail", "continue", "continue-ok", "continue-fail")
_SERVER: Final = {
    "2.3": "ssl_cert = </etc/ssl/server.crt\nssl_key = </etc/ssl/server.key\n",
    "2.4": "ssl_server_cert_file = /etc/ssl/server.crt\nssl_server_key_file = /etc/ssl/server.key\n",
}
_USERDB: Final = {
    "2.3": "userdb {\n  driver = static\n  args = uid=1000 gid=1000 allow_all_users=yes\n}\n",
    "2.4": "userdb all {\n  driver = static\n  static_allow_all_users = yes\n"
    "  fields {\n    uid = 1000\n    gid = 1000\n  }\n}\n",
}
_LISTENERS: Final = """\
service imap-login {{
  inet_listener imap {{
    {imap}
  }}
  inet_listener imaps {{
    port = 993
    ssl = yes
  }}
  inet_listener proxied {{
    port = {proxied}
    haproxy = yes
  }}
}}
service pop3-login {{
  inet_listener pop3s {{
    port = 0
  }}
}}
"""


@dataclass
class RandomPassdb:
    """One passdb, in 2.4's words."""

    number: int
    driver: str
    protocol: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    mechanisms: tuple[str, ...] = ()
    fields: dict[str, str] = field(default_factory=dict)
    late_fields: bool = False
    """Whether 2.3 sets its fields after the password was checked."""
    scheme: str = "CRYPT"
    password: str = ""
    """The one password of a static passdb."""
    entries: dict[str, str] = field(default_factory=dict)
    """What stands behind each name in the passwd-file."""

    @property
    def file(self) -> str:
        return f"/etc/dovecot/users{self.number}"

    def text(self, dialect: str) -> str:
        lines = self._lines_23() if dialect == "2.3" else self._lines_24()
        body = "".join(f"  {line}\n" for line in lines)
        block = f"passdb {'' if dialect == '2.3' else f'db{self.number} '}{{\n{body}}}\n"
        if not self.protocol:
            return block
        return f"protocol {self.protocol} {{\n{block}}}\n"

    def _lines_23(self) -> list[str]:
        lines = [f"driver = {self.driver}"]
        template = " ".join(f"{name}={value}" for name, value in self.fields.items())
        if self.driver == "passwd-file":
            lines.append(f"args = scheme={self.scheme} {self.file}")
        elif self.password:
            lines.append(f"args = password={self.password} {'' if self.late_fields else template}".rstrip())
        elif not self.late_fields:
            lines.append(f"args = {template}")
        if template and (self.driver == "passwd-file" or self.late_fields):
            lines.append(f"{'override' if self.late_fields else 'default'}_fields = {template}")
        if self.mechanisms:
            lines.append(f"mechanisms = {' '.join(self.mechanisms)}")
        return lines + [f"{name} = {value}" for name, value in self.settings.items()]

    def _lines_24(self) -> list[str]:
        lines = [f"driver = {self.driver}"]
        if self.driver == "passwd-file":
            lines += [f"passwd_file_path = {self.file}", f"default_password_scheme = {self.scheme}"]
        elif self.password:
            lines.append(f"static_password = {self.password}")
        if self.fields:
            lines += ["fields {", *(f"  {name} = {value}" for name, value in self.fields.items()), "}"]
        if self.mechanisms:
            lines.append(f"mechanisms_filter = {' '.join(self.mechanisms)}")
        return lines + [f"{name} = {value}" for name, value in self.settings.items()]


@dataclass
class RandomConfiguration:
    """One configuration: its text, its files, and every password that somebody may know."""

    dialect: str
    text: str
    passdbs: list[RandomPassdb]
    ca: str
    passwords: dict[tuple[str, str], str]
    """The password of each user (empty for everybody) in each passwd-file or static passdb, by its file name."""

    def write(self, folder: Path) -> None:
        dovecot, ssl = folder / "etc/dovecot", folder / "etc/ssl"
        dovecot.mkdir(parents=True)
        ssl.mkdir()
        (dovecot / "dovecot.conf").write_text(self.text)
        for passdb in self.passdbs:
            if passdb.driver == "passwd-file":
                lines = "".join(f"{name}:{rest}\n" for name, rest in passdb.entries.items())
                (folder / passdb.file[1:]).write_text(lines)
        for name in ("server.crt", "server.key"):
            shutil.copy(PKI / name, ssl / name)
        (ssl / "ca.pem").write_bytes(b"".join((PKI / part).read_bytes() for part in CA_FILES[self.ca]))


def configuration(seed: str, number: int, dialect: str) -> RandomConfiguration:
    """Return one of the configurations of a seed."""
    chance = Random(f"{seed}/{dialect}/{number}")
    passwords: dict[tuple[str, str], str] = {}
    passdbs = [_passdb(chance, at, passwords) for at in range(chance.choice((1, 2, 2, 3, 3, 4)))]
    # One password for all is enough: with two the table's words do not say which.
    statics = [passdb for passdb in passdbs if passdb.password]
    passdbs = [passdb for passdb in passdbs if passdb not in statics[1:]]
    if not any(_is_ordinary(passdb) for passdb in passdbs):
        passdbs.append(RandomPassdb(9, "static", fields={"nopassword": "yes"}, mechanisms=("external",)))
    passwords = {key: text for key, text in passwords.items() if key[0] in {passdb.file for passdb in passdbs}}
    last = [passdb for passdb in passdbs if "master" not in passdb.settings][-1]
    # 2.4 does not start with this one, and 2.3 lets nobody in.
    if last.settings.get("result_success") == "continue":
        del last.settings["result_success"]
    # auth starts only with an ordinary passdb for every protocol.
    for passdb in passdbs[:1]:
        passdb.protocol = "" if len(passdbs) == 1 else passdb.protocol
    ca = chance.choice(list(CA_FILES))
    text = _settings(chance, dialect) + "".join(passdb.text(dialect) for passdb in passdbs) + _USERDB[dialect]
    return RandomConfiguration(dialect, text, passdbs, ca, passwords)


def _is_ordinary(passdb: RandomPassdb) -> bool:
    settings = passdb.settings
    return not passdb.protocol and "master" not in settings and settings.get("skip") != "unauthenticated"


def _passdb(chance: Random, number: int, passwords: dict[tuple[str, str], str]) -> RandomPassdb:
    passdb = RandomPassdb(number, chance.choice(("passwd-file", "passwd-file", "passwd-file", "static")))
    settings = passdb.settings
    _choose_settings(chance, settings)
    if chance.random() < 0.3:
        passdb.mechanisms = tuple(chance.sample(("plain", "login", "external", "cram-md5"), chance.choice((1, 1, 2))))
    if chance.random() < 0.2:
        passdb.protocol = chance.choice(("imap", "pop3", "!pop3", "!smtp"))
    passdb.scheme = chance.choice(("PLAIN", "PLAIN", "CRYPT", "SHA256"))
    passdb.fields = _fields(chance, 0.3)
    passdb.late_fields = chance.random() < 0.3
    if passdb.driver == "static":
        if chance.random() < 0.6 or "deny" in settings:
            passdb.password = f"ONE{number}"
            passwords[passdb.file, ""] = passdb.password
        else:
            passdb.fields.setdefault(chance.choice(("nopassword", "noauthenticate", "nopassword")), "yes")
        return passdb
    for user in chance.sample(USERS, chance.choice((1, 2, 2))):
        passdb.entries[user] = _entry(chance, passdb, user, passwords)
    return passdb


def _choose_settings(chance: Random, settings: dict[str, str]) -> None:
    if chance.random() < 0.15:
        settings["master"] = "yes"
    elif chance.random() < 0.12:
        settings["deny"] = "yes"
    if chance.random() < 0.2:
        settings["skip"] = chance.choice(("authenticated", "unauthenticated"))
    for name, probability in (("result_success", 0.2), ("result_failure", 0.15), ("result_internalfail", 0.1)):
        if chance.random() < probability:
            settings[name] = chance.choice(RULES)
    if chance.random() < 0.15:
        settings["username_filter"] = chance.choice(("alice@*", "!alice@*", "bob@example.org", "*@example.org !b*"))


def _fields(chance: Random, probability: float) -> dict[str, str]:
    if chance.random() > probability:
        return {}
    name = chance.choice(("nopassword", "nopassword", "allow_nets", "allow_nets", "nologin", "fail", "noauthenticate"))
    return {name: chance.choice(NETWORKS) if name == "allow_nets" else chance.choice(("yes", "no", "1"))}


def _entry(chance: Random, passdb: RandomPassdb, user: str, passwords: dict[tuple[str, str], str]) -> str:
    kind = chance.choice(("plain", "hash", "empty", "empty", "empty plain"))
    password = f"pw{passdb.number}{user[0]}"
    stored = {
        "plain": f"{{PLAIN}}{password}",
        "hash": "{SHA256}" + base64.b64encode(hashlib.sha256(password.encode()).digest()).decode(),
        "empty": "",
        "empty plain": "{PLAIN}",
    }[kind]
    if not kind.startswith("empty"):
        passwords[passdb.file, user] = password
    fields = _fields(chance, 0.25)
    return stored + ("::::::" + " ".join(f"{name}={value}" for name, value in fields.items()) if fields else "")


def _settings(chance: Random, dialect: str) -> str:
    old = dialect == "2.3"
    some = chance.sample(("plain", "login", "external", "anonymous", "cram-md5"), chance.choice((1, 2, 3, 4)))
    ssl = chance.choice(("yes", "yes", "required", "no"))
    clear = chance.random() < 0.3 and (old or ssl != "required")
    certificates = chance.random() < 0.7
    trusted = chance.choice(("", "", "198.51.100.0/24", "192.168.0.0/16 127.0.0.9"))
    proxies = chance.choice(("", "198.51.100.0/24", "127.0.0.0/8 192.168.0.0/16"))
    address = chance.choice(("*", "*", "127.0.0.1", "192.0.2.1"))
    lines = [
        *([] if old else ["dovecot_config_version = 2.4.1", "dovecot_storage_version = 2.4.1"]),
        "protocols = imap pop3",
        f"auth_mechanisms = {' '.join(some)}",
        f"ssl = {ssl}",
        f"{'disable_plaintext_auth' if old else 'auth_allow_cleartext'} = {'yes' if clear != old else 'no'}",
        f"auth_ssl_username_from_cert = {'yes' if chance.random() < 0.8 else 'no'}",
        f"{'ssl_cert_username_field' if old else 'ssl_server_cert_username_field'} = emailAddress",
    ]
    if trusted:
        lines.append(f"login_trusted_networks = {trusted}")
    if proxies:
        lines.append(f"haproxy_trusted_networks = {proxies}")
    if certificates:
        lines += [
            f"{'ssl_verify_client_cert' if old else 'ssl_server_request_client_cert'} = yes",
            f"{'ssl_ca = <' if old else 'ssl_server_ca_file = '}/etc/ssl/ca.pem",
            f"{'ssl_require_crl' if old else 'ssl_server_require_crl'} = {chance.choice(('yes', 'no'))}",
        ]
    if chance.random() < 0.2:
        lines.append("auth_master_user_separator = *")
    required = chance.random()
    if required < 0.1:
        lines.append("auth_ssl_require_client_cert = yes")
    elif required < 0.25:
        lines += [
            f"protocol {chance.choice(('imap', '!imap', '!smtp'))} {{",
            "  auth_ssl_require_client_cert = yes",
            "}",
        ]
    if chance.random() < 0.15:
        lines += ["remote 198.51.100.0/24 {", f"  ssl = {chance.choice(('required', 'yes'))}", "}"]
    if chance.random() < 0.15:
        lines += ["local 192.0.2.1 {", f"  ssl = {chance.choice(('required', 'yes'))}", "}"]
    text = "".join(f"{line}\n" for line in lines) + _SERVER[dialect]
    listen = "" if address == "*" else f"{'address' if old else 'listen'} = {address}"
    return text + _LISTENERS.format(imap=f"port = 143\n    {listen}".rstrip(), proxied=10143 if proxies else 0)
