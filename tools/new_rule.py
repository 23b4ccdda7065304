"""Begin a rule with its cases: ``python tools/new_rule.py dovecot some-problem --severity high``.

Makes ``rules/<subject>/some_problem.py`` and cases in each language it is about, a bad one and a look-alike. The cases
hold a small sound configuration that the daemon loads: break it in the bad ones. Until ``check`` finds something and
the docstring is written, the tests of the rule fail.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[1]
SUBJECTS: Final = {
    "dovecot": ("DovecotRule", "dovecot: Dovecot", "Dovecot"),
    "postfix": ("PostfixRule", "postfix: Postfix", "Postfix"),
    "pki": ("HostRule", "host: AuditedHost", "AuditedHost"),
    "files": ("HostRule", "host: AuditedHost", "AuditedHost"),
    "cross": ("HostRule", "host: AuditedHost", "AuditedHost"),
}
"""For each folder of rules: the kind of rule, the parameter of its check, and the class of the model."""
LANGUAGES: Final = {"dovecot": ("23", "24"), "postfix": ("pf",)}
RULE: Final = '''"""SUMMARY OF THE FILE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.finding import Severity
from auditor.rule import {kind}

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.finding import Finding
    from auditor.model import {model}


class {cls}({kind}):
    """WHAT IS WRONG, IN ONE LINE.

    What: …

    Why it matters: …

    How to mend it: …

    When to ignore it: …

    Sources: …
    """

    name = "{name}"
    severity = Severity.{severity}

    def check(self, {parameter}) -> Iterator[Finding]:
        """Yield …."""
        yield from ()
'''
TREES: Final = {
    "23": {
        "etc/dovecot/dovecot.conf": """\
protocols = imap
ssl = required
ssl_cert = </etc/dovecot/ssl/server.crt
ssl_key = </etc/dovecot/ssl/server.key
ssl_min_protocol = TLSv1.2
passdb {
  driver = passwd-file
  args = scheme=CRYPT /etc/dovecot/users
}
userdb {
  driver = passwd-file
  args = /etc/dovecot/users
}
""",
    },
    "24": {
        "etc/dovecot/dovecot.conf": """\
dovecot_config_version = 2.4.1
dovecot_storage_version = 2.4.1
protocols = imap
ssl = required
ssl_server_cert_file = /etc/dovecot/ssl/server.crt
ssl_server_key_file = /etc/dovecot/ssl/server.key
passdb passwd-file {
  default_password_scheme = CRYPT
  passwd_file_path = /etc/dovecot/users
}
userdb passwd-file {
  passwd_file_path = /etc/dovecot/users
}
""",
    },
    "pf": {
        "etc/postfix/main.cf": """\
compatibility_level = 3.6
myhostname = mail.example.org
mynetworks = 127.0.0.0/8 [::1]/128
smtpd_tls_cert_file = /etc/ssl/certs/mail.pem
smtpd_tls_key_file = /etc/ssl/private/mail.key
smtpd_tls_security_level = may
smtpd_forbid_bare_newline = yes
""",
        "etc/postfix/master.cf": "smtp inet n - y - - smtpd\n",
    },
}
USERS: Final = "alice@example.org:{SHA512-CRYPT}$6$case$lX6T4Qv9rPAvyU6R1aLb7M:1000:1000::/var/mail/alice\n"
FACTS: Final = {
    "dovecot": """\
secrets = ["lX6T4Qv9rPAvyU6R1aLb7M"]

[files]
"etc/dovecot/ssl/server.crt" = ["server.crt"]
"etc/dovecot/ssl/server.key" = ["server.key"]
""",
    "postfix": """\
[files]
"etc/ssl/certs/mail.pem" = ["server.crt"]
"etc/ssl/private/mail.key" = ["server.key"]
""",
}


def begin(subject: str, name: str, severity: str, products: tuple[str, ...], root: Path = REPOSITORY) -> list[Path]:
    """Write the rule and its cases below a checkout; raises FileExistsError where there is a rule of that name."""
    kind, parameter, model = SUBJECTS[subject]
    words = {"kind": kind, "parameter": parameter, "model": model, "name": name, "severity": severity.upper()}
    rule = root / "rules" / subject / f"{name.replace('-', '_')}.py"
    made = [_new(rule, RULE.format(cls="".join(map(str.capitalize, name.split("-"))), **words))]
    for product in products:
        for language in LANGUAGES[product]:
            for case in (f"bad-simple-{language}", f"ok-simple-{language}"):
                folder = root / "tests/rules" / name / case
                made.append(_new(folder / "case.toml", FACTS[product]))
                made += [_new(folder / path, text) for path, text in TREES[language].items()]
                if product == "dovecot":
                    made.append(_new(folder / "etc/dovecot/users", USERS))
    return made


def _new(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x") as file:
        file.write(text)
    return path


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("subject", choices=SUBJECTS)
    parser.add_argument("name")
    parser.add_argument("--severity", choices=["critical", "high", "medium", "low", "info"], default="medium")
    parser.add_argument("--product", choices=LANGUAGES, action="append", help="of the cases; may be given twice")
    given = parser.parse_args()
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)+", given.name):
        parser.error(f"a rule's name is in lower case, words joined by hyphens, not {given.name!r}")
    products = given.product or ([given.subject] if given.subject in LANGUAGES else list(LANGUAGES))
    try:
        made = begin(given.subject, given.name, given.severity, tuple(products))
    except FileExistsError as error:
        parser.error(f"{error.filename} exists")
    print("\n".join(str(path.relative_to(REPOSITORY)) for path in made))
    print(f"next: write the rule, break the bad cases, then python -m pytest tests/rules -k {given.name}")


if __name__ == "__main__":
    main()
