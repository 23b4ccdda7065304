"""Small random Dovecot configurations, weighted towards what breaks parsers.

Everything is drawn from one ``random.Random``, so that a seed gives the same configuration again. Nothing in them
depends on the host: no names for DNS, no users, no files outside the folder.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Final

import strategies_dovecot_words as words

from auditor.dovecot.v23_table import table_for
from auditor.dovecot.v24_schema import schema_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from auditor.dovecot.configuration import Scope

MAIN: Final = "dovecot.conf"


@dataclass(slots=True)
class Sample:
    """One configuration: its files by name, each as physical lines with their ends, and a scope to ask about."""

    files: dict[str, list[bytes]]
    scope: Scope | None = None


@dataclass(slots=True)
class Writer:
    """Writes one configuration, logical line after logical line."""

    random: Random
    version: str
    lines: list[str] = field(default_factory=list)
    others: dict[str, list[str]] = field(default_factory=dict)
    depth: int = 0

    @property
    def modern(self) -> bool:
        """Whether it is 2.4."""
        return self.version.startswith("2.4")

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def line(self, text: str) -> None:
        """Add a logical line: indented, perhaps with a comment, perhaps broken by backslashes."""
        if self.chance(0.06):
            text = self.continued(text)
        indent = self.random.choice(("", " ", "  ", "\t", "  " * min(self.depth, 3)))
        comment = (
            self.random.choice((" # c", " # it's", "#c", ' # "', " #", "\t# }", " # \\")) if self.chance(0.06) else ""
        )
        blanks = self.random.choice((" ", "\t", "  ")) if self.chance(0.05) else ""
        self.lines.append(indent + text + comment + blanks)
        if self.chance(0.04):
            self.lines.append(
                self.random.choice(("", "  ", "# c", "  # c \\", "\t", "#", "# '", "\f" if self.modern else ""))
            )

    def continued(self, text: str) -> str:
        """Break a text at one or two places."""
        for _ in range(self.random.randint(1, 2)):
            # Mostly where the break is a blank, not in the middle of a key.
            at = self.random.randint(text.find("=") + 1 if self.chance(0.8) else 0, len(text))
            if "=" not in text and self.chance(0.8):
                at = max(text.find(" "), 0)
            joint = self.random.choice((" \\\n", "\\\n", " \\\n  ", "\\ \n", " \\ # c\n", "\\\n\t", "\\\\\n"))
            if self.chance(0.12):
                joint += self.random.choice(("\n", "# c\n", "  \n", " # c\n"))
            text = text[:at] + joint + text[at:]
        return text

    def free_text(self) -> str:
        """Return a value of any kind, perhaps in quotes."""
        parts = [
            self.random.choice(words.FRAGMENTS if self.chance(0.25) else words.WORDS)
            for _ in range(self.random.randint(0, 3))
        ]
        if self.chance(0.03):
            parts.insert(self.random.randint(0, len(parts)), self.random.choice(words.RARE))
        text = self.random.choice(("", " ", " ", "  ")).join(parts)
        if self.chance(0.2):
            quote = self.random.choice('""\'')
            text = quote + text + quote
        elif self.chance(0.06):
            text = self.random.choice(("</etc/x", "< x", "<a.pem", "</a b", "<", "<<EOF", "'</x'"))
        return text

    def list_text(self) -> str:
        words = [
            self.random.choice(("plain", "login", "quota", "acl", '"c d"', "x", "!y", '"e\\"f"'))
            for _ in range(self.random.randint(0, 3))
        ]
        return self.random.choice((" ", " ", ", ", ",", "  ")).join(words)

    def value(self, kind: str, choices: tuple[str, ...] = ()) -> str:
        """Return a value for a type."""
        if kind == "ENUM":
            return (
                self.random.choice(choices)
                if choices and not self.chance(0.02)
                else self.random.choice(("x", "Yes", ""))
            )
        if kind == "BOOLLIST" and self.chance(0.8):
            return self.list_text()
        known = words.VALUES.get(kind)
        if known is None or self.chance(0.01):
            return self.free_text()
        return self.random.choice(known[self.chance(0.02)])

    def assignment(self, key: str, value: str) -> None:
        equals = self.random.choice((" = ", " = ", " = ", "=", " =", "= ", "\t=\t", "  =  "))
        if self.modern and self.chance(0.03):
            key = f'"{key}"'
        self.line(f"{key}{equals}{value}")

    def opened(self, kind: str, name: str = "") -> None:
        blank = self.random.choice((" ", " ", " ", "\t", "  "))
        brace = self.random.choice(("{ # c", "{#", "", "{ x", " {", "\t{")) if self.chance(0.015) else "{"
        self.line(kind + (blank + name if name else "") + ("" if self.chance(0.01) else blank) + brace)
        self.depth += 1

    def closed(self) -> None:
        self.depth -= 1
        if self.chance(0.008):
            return
        self.line(self.random.choice(("}", "}", "}", "}", "} # c", "} x", "}}")) if self.chance(0.03) else "}")

    def elsewhere(self, write: Callable[[], None]) -> None:
        """Have something written into a file of its own that is included here."""
        name = f"{self.random.choice('abc')}{len(self.others)}.conf"
        kept, self.lines = self.lines, []
        write()
        inside, self.lines = self.lines, kept
        if self.chance(0.15) and len(inside) > 1:
            # A section opens in one file and closes in another.
            cut = self.random.randint(0, len(inside))
            inside, rest = inside[:cut], inside[cut:]
        else:
            rest = []
        self.others[name] = inside
        pattern = self.random.choice(
            (
                name,
                name,
                name,
                f"./{name}",
                f"{name[0]}*.conf",
                f"{{{name},{name}}}",
                f'"{name}"',
                f"[{name[0]}]{name[1:]}",
            )
        )
        self.line(f"{self.random.choice(('!include', '!include', '!include_try'))} {pattern}")
        self.lines += rest


def _is_elsewhere(name: str) -> bool:
    """Whether a setting of 2.4 belongs to a plugin that is not installed where the daemons are asked."""
    return name.startswith(words.NOT_INSTALLED)


@cache
def _types(version: str) -> dict[str, dict[str, tuple[str, tuple[str, ...]]]]:
    """Return the types and choices of the keys of each section."""
    if version.startswith("2.4"):
        settings = schema_of(version).settings.items()
        return {"": {name: (one.type.value, one.choices) for name, one in settings if not _is_elsewhere(name)}}
    return {
        section.rpartition("/")[2]: {name: (one.type.value, one.choices) for name, one in keys.items()}
        for section, keys in table_for(version, debian=True).sections.items()
    }


class Statements(Writer):
    """Writes statements of both dialects, nested to a small depth."""

    def setting(self, section: str = "") -> None:
        """Assign to one of the keys of a section, or to any key at all."""
        types = _types(self.version)
        inside = (words.IN_24 if self.modern else words.INSIDE).get(section)
        often = words.OFTEN_24 if self.modern else words.OFTEN_23
        every = types["" if self.modern else section] if self.modern or section in types else types[""]
        key = self.random.choice(inside or often)
        if self.chance(0.08):
            key = self.random.choice(list(every))
        elif self.chance(0.02):
            key = self.random.choice((*often, "nosuch", "Mail_debug", "", "passdb", "a/b", "}", "x{", "plugin"))
        kind, choices = self._type(section, key)
        self.assignment(key, self.value(kind, choices))

    def _type(self, section: str, key: str) -> tuple[str, tuple[str, ...]]:
        types = _types(self.version)
        if not self.modern:
            return types.get(section, types[""]).get(key, ("STR", ()))
        return types[""].get(f"{section}_{key}", types[""].get(key, ("STR", ())))

    def path(self) -> None:
        """Assign by the path of a key."""
        kind = self.random.choice(
            ("service", "service", "namespace", "plugin", "mail_plugins" if self.modern else "plugin", "dict")
        )
        inside = (words.IN_24 if self.modern else words.INSIDE).get(kind, ("x",))
        key = self.random.choice(inside)
        name = self.random.choice(words.BLOCK_NAMES.get(kind, ("",)))
        path = "/".join(part for part in (kind, name, key) if part)
        if kind == "service" and self.chance(0.4):
            child = self.random.choice(words.CHILDREN["service"])
            key = self.random.choice(words.INSIDE[child])
            path = f"service/{name}/{child}/{self.random.choice(words.BLOCK_NAMES[child])}/{key}"
            kind = child
        self.assignment(path, self.value(*self._type(kind, key)))

    def block(self, kind: str, level: int = 0) -> None:
        """Write a block, with keys and blocks inside."""
        names = words.BLOCK_NAMES.get(kind, ("",))
        name = self.random.choice(names if not self.modern else [one or "x" for one in names])
        if self.chance(0.03):
            name = self.random.choice(("", '""', '"x y"', "a b", "__x", '"a', "x\\"))
        self.opened(kind, name)
        self.inside(kind, level)
        self.closed()

    def inside(self, kind: str, level: int) -> None:
        children = (words.CHILDREN_24 if self.modern else words.CHILDREN).get(kind, ())
        if kind in ("passdb", "userdb") and not self.modern and self.chance(0.9):
            self.assignment("driver", self.random.choice(("pam", "passwd-file", "static", "ldap", "sql")))
        for _ in range(self.random.randint(0, 3)):
            if children and self.chance(0.3) and level < 3:
                child = self.random.choice(children)
                if child in ("fields", "fts_autoindex"):
                    self.pairs(child)
                else:
                    self.block(child, level + 1)
            else:
                self.setting(kind)

    def pairs(self, name: str) -> None:
        """Write a string list or a boolean list as a block."""
        self.opened(name)
        for _ in range(self.random.randint(0, 3)):
            key = self.random.choice(
                (
                    "a",
                    "quota",
                    "x",
                    "nopassword",
                    "a/b" if self.modern or self.chance(0.1) else "a",
                    "acl",
                    "plain",
                    "user",
                    '"a b"',
                    '"@x"',
                    "a:default",
                )
            )
            self.assignment(
                key, self.random.choice(("yes", "no", "x", "", "y")) if self.chance(0.8) else self.free_text()
            )
        self.closed()

    def connection(self, level: int = 0) -> None:
        """Write a filter, perhaps with filters inside."""
        kinds = ("local", "local_name", "remote", "protocol")
        kind = self.random.choice(kinds if level == 0 else kinds[min(level, 3) - self.chance(0.1) :])
        name = self.random.choice({"protocol": words.PROTOCOLS, "local_name": words.NAMES}.get(kind, words.NETS))
        self.opened(kind, name)
        for _ in range(self.random.randint(0, 3)):
            if level < 3 and self.chance(0.25):
                self.connection(kinds.index(kind) + 1)
            else:
                self.statement(level + 1)
        self.closed()

    def named(self) -> None:
        """Write a named filter of 2.4 as a block, or a list as one."""
        if self.chance(0.4):
            self.pairs(self.random.choice(words.LISTS_24))
            return
        kind = self.random.choice(("ssl_server", "ssl_client", "auth_policy", "lda", "passdb_ldap", "layout_fs"))
        self.opened(kind, "x" if self.chance(0.02) else "")
        self.inside(kind, 1)
        self.closed()

    def group(self) -> None:
        """Define a group of 2.4, or use one."""
        label = self.random.choice(("@a", "@b", "@mailbox_defaults"))
        name = self.random.choice(("one", "two", "english"))
        if self.chance(0.5):
            self.opened(self.random.choice((f"group {label}", f"group  {label}", f"group\t{label}")), name)
            for _ in range(self.random.randint(0, 3)):
                self.statement(1)
            self.closed()
        else:
            self.assignment(label, name)

    def statement(self, level: int = 0) -> None:
        """Write any statement."""
        what = self.random.random()
        if what < 0.45:
            self.setting()
        elif what < 0.5:
            self.path()
        elif what < 0.62 and level < 2:
            self.connection(level)
        elif what < 0.85:
            kinds = ("service", "passdb", "userdb", "namespace", "service", "namespace")
            rare = ("metric", "event_exporter", "mysql", "quota", "language", "mailbox", "fs")
            self.block(self.random.choice(rare if self.chance(0.1 if self.modern else 0.02) else kinds), level)
        elif what < 0.95:
            if self.modern:
                self.named()
            else:
                self.pairs(self.random.choice(("plugin", "plugin", "plugin", "dict")))
        elif self.modern and what < 0.98:
            self.group()
        elif what < 0.99 and len(self.others) < 3:
            self.elsewhere(partial(self.statement, level))
        else:
            text = self.free_text()
            self.line(text if self.chance(0.1) else f"login_greeting = {text}")


def sample(random: Random, version: str) -> Sample:
    """Return a configuration for a version."""
    writer = Statements(random, version)
    for _ in range(random.randint(1, 6)):
        writer.statement()
    lines = writer.lines
    if version.startswith("2.4"):
        config = random.choice((version, version, version, "2.4.0", "2.4.1")) if version != "2.4.1" else "2.4.1"
        header = [f"dovecot_config_version = {config}", f"dovecot_storage_version = {version}"]
        lines = (header if not writer.chance(0.01) else [*lines[:1], *header]) + lines
    scope = random.choice(words.SCOPES) if writer.chance(0.35) else None
    return Sample(
        {MAIN: ended(random, lines)} | {name: ended(random, one) for name, one in writer.others.items()}, scope
    )


def ended(random: Random, lines: list[str]) -> list[bytes]:
    """Return physical lines with their ends, as one of the systems that people edit on leaves them."""
    text = "".join(line + "\n" for line in lines)
    ends = random.random()
    if ends < 0.06:
        text = text.replace("\n", "\r\n")
    elif ends < 0.12:
        text = text.removesuffix("\n")
    if random.random() < 0.004:
        text = "\ufeff" + text
    return re.findall(rb"[^\n]*\n|[^\n]+", text.encode("utf-8", "surrogateescape"))
