"""Small random main.cf and master.cf files, weighted towards what breaks parsers.

Left out: ``-oname=value`` with another ``o`` in it. postconf takes each ``o`` for an option (``-osoft_bounce=no`` is
``-o s -o ft_b -o unce=n -o`` for it, in 3.7.11 and 3.10.13), while the daemon's getopt(3) reads it as it is written,
and so does mailaudit; and ``$mynetworks`` where nothing sets it, which names the networks of the host.

Everything is drawn from one ``random.Random``, so that a seed gives the same files again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final

from strategies_dovecot import Sample, ended

from auditor.postfix.defaults import Defaults

if TYPE_CHECKING:
    from random import Random

OFTEN: Final = (
    *("mydomain", "myhostname", "mydestination", "mynetworks", "relayhost", "relay_domains", "myorigin", "alias_maps"),
    *("smtpd_client_restrictions", "smtpd_recipient_restrictions", "smtpd_relay_restrictions", "smtpd_tls_CAfile"),
    *("smtpd_tls_security_level", "smtpd_tls_ask_ccert", "smtpd_tls_auth_only", "smtpd_restriction_classes"),
    *(
        "virtual_alias_maps",
        "compatibility_level",
        "smtpd_banner",
        "smtpd_timeout",
        "message_size_limit",
        "soft_bounce",
    ),
    *("smtpd_hard_error_limit", "default_rbl_reply", "mailbox_command", "forward_path", "smtpd_reject_footer"),
    *("smtp_tls_security_level", "tls_append_default_CA", "smtpd_use_tls", "master_service_disable", "queue_directory"),
)
OWN: Final = (
    "x",
    "y",
    "z",
    "mua_client_restrictions",
    "x_y",
    "Mydomain",
    "1",
    "relay_time_limit",
    "smtp_time_limit",
    "my-name",
    "x.y",
    "foo_server_host",
)
EXPANSIONS: Final = (
    *(
        "$x",
        "${x}",
        "$(x)",
        "$mydomain",
        "${mydomain}",
        "$$",
        "$$x",
        "${ x }",
        "$( y )",
        "$y-$x",
        "${x?text}",
        "${x:text}",
    ),
    *(
        "${x?{a}:{b}}",
        "${x?{a}:b}",
        "${ x ? { a } : { b } }",
        "${x?$y}",
        "${x:${y}}",
        "${x?a?b:c}",
        "${x? a }",
        "${x:}",
    ),
    *(
        "${{$x} == {1}?{a}:{b}}",
        "${{a} != {b}?{c}}",
        "${{10} < {9}?{a}:{b}}",
        "${{3.10} <level {3.2}?{a}:{b}}",
        "${{a} >= {a}}",
    ),
    *(
        "${{$compatibility_level} <level {3.6} ? {old} : {new}}",
        "${{1} <= {2} ? {$x} : {$mydomain}}",
        "${{a}=={a}?{b}}",
        "${{} == {} ? {e}}",
    ),
    *("$mydestination", "$relayhost", "$nosuch", "${nosuch?a}", "${nosuch:a}", "$z", "$mua_client_restrictions"),
    *("${x?{a\tb}:{ c }}", "$x$y", "a${x}b", "${x?{${y}}:{$$}}", "${domain_to_ascii{$x}}", "$mail_version", "${x:{a}}"),
)
BROKEN: Final = (
    "$",
    "${",
    "${x",
    "$(x",
    "${}",
    "$.",
    "${x.y}",
    "$x.y",
    "${x?{a}",
    "${{a} = {b}?{c}}",
    "${x y}",
    "$-",
    "${x?{a}b}",
    "${{a} == b?{c}}",
    "$(x}",
    "${x?{a}:{b}c}",
    "${{3.x} <level {3}?{a}}",
    "$/",
)
WORDS: Final = (
    *(
        "a",
        "b",
        "example.org",
        "hash:/etc/x",
        "permit_mynetworks",
        "reject",
        "yes",
        "no",
        "10.0.0.0/8",
        "[::1]/128",
        "x",
    ),
    *(
        "#",
        "# c",
        "'",
        '"',
        "\\",
        "=",
        ",",
        "{",
        "}",
        "{ a }",
        "{a b}",
        "inline:{{x = 1}}",
        "ldap:foo",
        "proxy:ldap:foo",
        "é",
        "static:{a b}",
    ),
    *(
        "a=b",
        "check_client_access hash:/x,",
        "permit",
        "/file",
        "!x",
        "may",
        "encrypt",
        "1",
        "3.6",
        "5m",
        "unix:x",
        "ldap:/etc/x.cf",
        "mysql:x, pgsql:y",
    ),
)
RARE: Final = ("\udcff", "\f", "\v", "\r", "\0", "\u00a0", "\ufeff", "\x1b[1m", "\x7f", "\x01")
PROGRAMS: Final = (
    "smtpd",
    "smtpd",
    "smtpd",
    "smtp",
    "pipe",
    "cleanup",
    "spawn",
    "lmtp",
    "local",
    "virtual",
    "error",
    "postscreen",
    "nosuch",
)
SERVICES: Final = (
    "smtp",
    "submission",
    "smtp",
    "25",
    "127.0.0.1:10025",
    "[::1]:25",
    "x",
    "relay",
    "my-relay",
    "é",
    "pickup",
    "a.b",
    "smtps",
)


@cache
def _known(version: str) -> tuple[str, ...]:
    return tuple(Defaults(version).names())


@dataclass(slots=True)
class Writer:
    """Writes the lines of one file."""

    random: Random
    version: str
    lines: list[str] = field(default_factory=list)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def between(self) -> str:
        """Return what may stand between the lines of one logical line."""
        few = ("# c\n", "\n", "  # c\n", "  \n", "\t\n", "#x = y\n", "\f\n", "# a\n# b\n", "")
        return "".join(self.random.choice(few) for _ in range(self.random.randint(0, 2)))

    def logical(self, text: str) -> None:
        """Add a logical line, perhaps over some physical ones."""
        words = text.split(" ")
        for index in range(1, len(words)):
            if self.chance(0.1):
                words[index] = "\n" + self.between() + self.random.choice((" ", "  ", "\t", " \t ")) + words[index]
        text = " ".join(words)
        if self.chance(0.03):
            at = self.random.randint(0, len(text))
            text = text[:at] + "\n" + self.between() + self.random.choice((" ", "\t", "")) + text[at:]
        if self.chance(0.03):
            text += self.random.choice((" ", "\t", " \\", " # c", "#c"))
        if self.chance(0.01):
            text = self.random.choice((" ", "\t", "#", ",", "=")) + text
        self.lines.append(text)
        if self.chance(0.12):
            self.lines.append(self.random.choice(("", "# c", "  ", "\t# c", "#", "  # x = y", "\f", "\v ")))

    def value(self) -> str:
        parts = []
        for _ in range(self.random.choice((0, 1, 1, 2, 2, 3))):
            kind = self.random.random()
            parts.append(self.random.choice(BROKEN if kind < 0.012 else EXPANSIONS if kind < 0.45 else WORDS))
        if self.chance(0.02):
            parts.insert(self.random.randint(0, len(parts)), self.random.choice(RARE))
        return self.random.choice((" ", " ", ", ", "", "  ", "\t")).join(parts)

    def name(self) -> str:
        if self.chance(0.3):
            return self.random.choice(OWN)
        return self.random.choice(_known(self.version) if self.chance(0.12) else OFTEN)

    def assignment(self) -> None:
        name, value = self.name(), self.value()
        if name == "compatibility_level":
            value = self.random.choice(("0", "1", "2", "3.6", "3.7.1", "9999", "3", "3.11"))
        if name == "smtpd_restriction_classes":
            value = self.random.choice(("x", "x, y", "y z", "$x", "mua_client_restrictions"))
        if self.chance(0.006):
            self.logical(self.random.choice((f"{name}", f"{name} x", f"= {value}", f"{name} x = {value}", f"[{name}]")))
        self.logical(name + self.random.choice((" = ", " = ", " = ", "=", " =", "= ", "\t=\t", "  =  ")) + value)

    def service(self) -> None:
        """Add a line of master.cf."""
        flag = lambda: self.random.choice("--nnyy") if not self.chance(0.006) else self.random.choice(("Y", "x", "0"))  # noqa: E731
        kind = (
            self.random.choice(("inet", "unix", "unix", "fifo", "pass", "unix-dgram"))
            if not self.chance(0.005)
            else "tcp"
        )
        fields = [
            *(self.random.choice(SERVICES), kind, flag(), flag(), flag()),
            self.random.choice(("-", "-", "0", "60", "1000?"))
            if not self.chance(0.006)
            else self.random.choice(("5m", "?", "-1")),
            self.random.choice(("-", "-", "0", "1", "20"))
            if not self.chance(0.006)
            else self.random.choice(("-1", "x")),
            self.random.choice(PROGRAMS),
        ]
        if self.chance(0.006):
            fields.pop()
        text = self.random.choice((" ", " ", "  ", "\t")).join(fields)
        for _ in range(self.random.choice((0, 0, 1, 1, 2, 3))):
            text += " " + self.argument(fields[-1])
        self.logical(text)

    def argument(self, program: str) -> str:
        if program in ("pipe", "spawn") and self.chance(0.6):
            return self.random.choice(
                ("flags=F", "user=x", "argv=/bin/x ${recipient}", "argv=/x -o a=b", "{ a b }", "-o", "${x}")
            )
        name, value = self.name(), self.value()
        glued = re.sub(r"\s+", "", value)
        return self.random.choice(
            (
                *(
                    f"-o {name}={glued}",
                    f"-o {name}={glued}",
                    f"-o {name}={glued}",
                    f"-o{name}={glued}" if "o" not in name + glued else "-v",
                ),
                *(
                    f"-o {{{name}={value}}}",
                    f"-o {{ {name} = {value} }}",
                    f"-o {{{name} = {value}}}",
                    f"-vo {name}={glued}",
                ),
                *("-v", "-v", f"-o {name}={glued},reject", "-o {a=b} -v", "-n x" if self.chance(0.3) else "-v"),
                *(
                    (
                        f"-o {name} = {value}",
                        f"-o {name}={value}",
                        "-o",
                        f"-o {{{name} = {value}",
                        f"-o {{{name}={value}}} x",
                        "--",
                        "x",
                        "{ x }",
                        "-",
                        "-o x",
                        f"-o {name}={glued} # c",
                        "-o =x",
                        "-o {}",
                    )
                    if self.chance(0.25)
                    else ()
                ),
            )
        )


def sample(random: Random, version: str) -> Sample:
    """Return both files for a version."""
    main, master = Writer(random, version), Writer(random, version)
    for _ in range(random.randint(1, 7)):
        main.assignment()
    for _ in range(random.choice((0, 1, 1, 2, 3))):
        master.service()
    return Sample({"main.cf": ended(random, main.lines), "master.cf": ended(random, master.lines)})
