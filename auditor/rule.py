"""What a rule is, and how rules are found.

A rule is one class in one file. Its docstring is its documentation: a summary line, then the paragraphs that begin
with ``What:``, ``Why it matters:``, ``How to mend it:``, ``When to ignore it:`` and ``Sources:``. It sees the model,
never text, trees or files, and yields findings; what it cannot decide it yields as not checked.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Generic, NamedTuple, TypeVar

from auditor.access.dovecot import DovecotAccess
from auditor.access.table import Access
from auditor.failure import Failure, internal_error
from auditor.finding import Confidence, Finding, Location, NotChecked, Severity
from auditor.model import AuditedHost, Dovecot, Postfix
from auditor.model.exposure import Exposure, Openness
from auditor.suppressions import Suppressions
from auditor.text import Origin, Span

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from importlib.metadata import EntryPoint

    from auditor.change import Fix
    from auditor.finding import Problem
    from auditor.host import Unreadable
    from auditor.model.files import TrustUse

Subject = TypeVar("Subject", Dovecot, Postfix, AuditedHost, DovecotAccess, Access, Suppressions)
Place = Span | Origin | str
Because = tuple[Place, str]

GROUP = "mailaudit.rules"
"""The entry-point group of packages that add rules."""
NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
SECTIONS = ("What", "Why it matters", "How to mend it", "When to ignore it", "Sources")
"""The paragraphs of a rule's docstring, in their order."""

_LINE_NUMBER = re.compile(r":\d+(?=\)$)")
"""In ``(section started at FILE:LINE)``."""

_PLACEHOLDER = re.compile(
    r"\{\{.*?\}\}|\{%.*?%\}|<%.*?%>|@@?[A-Z][A-Z0-9_]+@|%%?[A-Z][A-Z0-9_]+%|<[A-Z][A-Z0-9_]*>|\{[A-Z][A-Z0-9_]+\}"
    r"|\b(?!TLS_|ECDHE_|DHE_)(?:__[A-Z]|[A-Z]+_[A-Z])[A-Z0-9_]*\b|\$\{?[A-Z][A-Z0-9_]+"
)
"""What Jinja, ERB, autoconf, shells and scripts with sed fill in; no name of a setting is written in capitals."""
TEMPLATE = "this looks like a template's placeholder: audit the file that is made from it"


class Rule(Generic[Subject]):
    """One thing that can be wrong, looked for in one kind of subject."""

    name: ClassVar[str]
    severity: ClassVar[Severity]
    """The worst that the rule reports; a finding may be milder."""
    confidence: ClassVar[Confidence] = Confidence.HIGH
    product: ClassVar[str]
    """``dovecot``, ``postfix`` or ``both``."""
    versions: ClassVar[str] = "all"
    tags: ClassVar[tuple[str, ...]] = ()
    off_because: ClassVar[str] = ""
    """Why the rule runs only when it is selected by name; empty for one that always runs."""

    def check(self, subject: Subject) -> Iterator[Finding | NotChecked]:
        """Yield what is wrong with the subject, and what could not be decided."""
        raise NotImplementedError

    def finding(
        self,
        at: Place,
        message: str,
        *,
        because: Iterable[Because] = (),
        advice: str = "",
        label: str = "",
        severity: Severity | None = None,
        confidence: Confidence | None = None,
        subject: str = "",
        tags: tuple[str, ...] | None = None,
        fix: Fix | None = None,
    ) -> Finding:
        """Return a finding at a place; ``because`` holds the other places that make it so, each with its label.

        A place that is a built-in default has no text: its label goes into the report without a frame. ``tags`` stand
        for those of the rule.
        """
        places = [_location(at, label, primary=True), *(_location(place, why) for place, why in because)]
        return Finding(
            rule=self.name,
            severity=severity or self.severity,
            confidence=confidence or self.confidence,
            message=message,
            locations=tuple(dict.fromkeys(places)),
            advice=advice,
            tags=self.tags if tags is None else tags,
            subject=subject,
            fix=fix,
        )

    def not_checked(self, what: str, why: str) -> NotChecked:
        """Return the statement that this rule could not decide something, and why."""
        return NotChecked(what, why, (self.name,))


class DovecotRule(Rule[Dovecot]):
    """A rule about one Dovecot instance."""

    product = "dovecot"


class PostfixRule(Rule[Postfix]):
    """A rule about one Postfix instance."""

    product = "postfix"


class HostRule(Rule[AuditedHost]):
    """A rule about a host as a whole: files, or both products together."""

    product = "both"

    def refused(self, what: str, problem: Problem, *, advice: str = "", fix: Fix | None = None) -> Finding:
        """Return the finding for a place that a daemon refuses: ``what`` it refuses, and why in its own words.

        ``advice`` is for a problem that brings none; of a template it is said that it looks like one.
        """
        return self.finding(
            problem.span,
            f"{what}: {problem.message}",
            because=problem.related,
            advice=problem.advice or advice or (TEMPLATE if _PLACEHOLDER.search(problem.span.text) else ""),
            subject=_LINE_NUMBER.sub("", problem.message),
            fix=fix,
        )

    def unknown_readers(self, host: AuditedHost) -> Iterator[NotChecked]:
        """Yield the key files of which this rule needed to know who can read them, and could not."""
        if host.key_files and not host.host.modes_known:
            yield self.not_checked(
                "modes and owners of private key files",
                "modes mean nothing in a git working tree (--modes has them judged all the same)",
            )
        for unreadable in host.unread_keys:
            yield self.not_checked(unreadable.path, unreadable.why)

    def exposed(
        self,
        host: AuditedHost,
        name: str,
        what: str,
        at: Origin,
        *,
        because: Iterable[Because] = (),
        fix: Fix | None = None,
    ) -> Iterator[Finding | NotChecked]:
        """Yield that a file with a secret (``what``) is open to others, or why that is not known; nothing if it is not.

        The finding is milder where only a directory keeps others out. ``fix`` takes others' rights on the file away.
        """
        found = host.exposures.of(name)
        if isinstance(found, str):
            yield self.not_checked(f"who can read {name}", found)
        if isinstance(found, Exposure):
            yield self.finding(
                at,
                f"{found.how}, {what}",
                because=because,
                advice=found.advice,
                severity=Severity.MEDIUM if found.by is Openness.DIRECTORY else self.severity,
                subject=name,
                fix=None if found.by is Openness.COMMITTED else fix,
            )

    def unread_certificates(self, host: AuditedHost) -> Iterator[NotChecked]:
        """Yield the files of server certificates that could not be read."""
        for unread in host.unread_certificates:
            yield self.not_checked(f"{unread.use.name} ({unread.use.setting} at {unread.use.origin})", unread.why)

    def unread(self, files: Iterable[tuple[TrustUse, Unreadable]]) -> Iterator[NotChecked]:
        """Yield that files which this rule needed could not be read, each with the setting that names it."""
        for use, unreadable in files:
            yield self.not_checked(f"{unreadable.path} ({use.file.setting} at {use.file.origin})", unreadable.why)


class AccessRule(Rule[Access]):
    """A rule about who can get into a host, and how."""

    product = "both"


class DovecotAccessRule(Rule[DovecotAccess]):
    """A rule about who can get into one Dovecot instance, and how."""

    product = "dovecot"


class SuppressionRule(Rule[Suppressions]):
    """A rule about the suppressions of a host; it runs after all others."""

    product = "both"


AnyRule = DovecotRule | PostfixRule | HostRule | AccessRule | DovecotAccessRule | SuppressionRule


def _location(place: Place, label: str = "", *, primary: bool = False) -> Location:
    if isinstance(place, Origin):
        if place.span is None:
            return Location(str(place), None, label, primary, default_of=place.default_of)
        return Location(place.span.file.path, place.span, label, primary, via=place.via)
    return Location.of(place, label, primary=primary)


def documentation(rule: type[AnyRule]) -> dict[str, str]:
    """Return the parts of a rule's docstring: ``Summary`` and those of ``SECTIONS``."""
    text = inspect.cleandoc(rule.__doc__ or "")
    parts = re.split(rf"(?m)^({'|'.join(SECTIONS)}):\s*", text)
    found = {"Summary": parts[0].strip()}
    found.update({parts[at]: parts[at + 1].strip() for at in range(1, len(parts) - 1, 2)})
    return found


class RulePackage(NamedTuple):
    """What an installed distribution adds: its name, its rules, and what keeps rules of it from being used."""

    name: str
    rules: tuple[type[AnyRule], ...]
    errors: tuple[Failure, ...] = ()


def _modules(name: str) -> Iterator[str]:
    """Yield the name of a module, or of a package and of all modules in it."""
    yield name
    module = importlib.import_module(name)
    if hasattr(module, "__path__"):
        yield from (info.name for info in pkgutil.walk_packages(module.__path__, name + ".") if not info.ispkg)


def _defined_in(module_name: str) -> Iterator[type[AnyRule]]:
    module = importlib.import_module(module_name)
    for _, member in sorted(vars(module).items()):
        is_own = isinstance(member, type) and member.__module__ == module_name
        if is_own and issubclass(member, AnyRule) and hasattr(member, "name"):
            yield member


@cache
def _own_rules() -> dict[str, type[AnyRule]]:
    return {rule.name: rule for module in _modules("auditor.rules") for rule in _defined_in(module)}


@cache
def rule_packages() -> tuple[RulePackage, ...]:
    """Return what the distributions of the entry-point group ``mailaudit.rules`` add, by their names.

    A package that cannot be imported, and a rule that is not one or whose name is taken, are errors of the package.
    """
    if not any(_may_have_rules(Path(folder)) for folder in sys.path):
        return ()
    from importlib.metadata import entry_points

    taken = set(_own_rules())
    found: list[RulePackage] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: (_distribution(point), point.name)):
        name = _distribution(point)
        rules: list[type[AnyRule]] = []
        errors: list[Failure] = []
        try:
            for rule in [one for module in _modules(point.module) for one in _defined_in(module)]:
                wrong = _wrong_with(rule, taken)
                if wrong:
                    errors.append(Failure(f"rule package {name}: {rule.__name__} {wrong}", internal=True))
                else:
                    taken.add(rule.name)
                    rules.append(rule)
        except Exception as error:
            errors.append(internal_error(error, f"importing the rule package {name}"))
        found.append(RulePackage(name, tuple(rules), tuple(errors)))
    return tuple(found)


def _may_have_rules(folder: Path) -> bool:
    """Whether a distribution in a folder has entry points of the group, or distributions may lie in an archive.

    ``importlib.metadata`` takes as long to import as all rules together.
    """
    lists = folder.glob("*-[iI][nN][fF][oO]/entry_points.txt")
    return folder.is_file() or any(GROUP.encode() in one.read_bytes() for one in lists)


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist else point.module


def _wrong_with(rule: type[AnyRule], taken: Collection[str]) -> str:
    if not isinstance(rule.name, str) or not NAME.fullmatch(rule.name):
        return "has a name that is not in lower case with hyphens"
    if not isinstance(getattr(rule, "severity", None), Severity):
        return "has no severity"
    return f"has the name {rule.name}, which another rule has" if rule.name in taken else ""


def discover() -> list[type[AnyRule]]:
    """Return every rule: those of ``auditor.rules``, and those of the rule packages that are installed."""
    found = dict(_own_rules())
    found.update({rule.name: rule for package in rule_packages() for rule in package.rules})
    return sorted(found.values(), key=lambda rule: rule.name)
