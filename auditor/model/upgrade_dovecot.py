"""What an upgrade of Dovecot changes.

What the new version refuses is what its interpreter says of the lines, each for itself (``auditor.dovecot.v24_older``);
what it reads differently without a word is found by holding what the lines mean to both versions side by side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.dovecot.v24_conversion import conversion
from auditor.dovecot.v24_databases import external_file, external_settings, opens, pairs_of
from auditor.dovecot.v24_differences import Difference, difference, gone_service
from auditor.dovecot.v24_headers import header_advice
from auditor.dovecot.v24_older import place_of
from auditor.finding import NotChecked, Severity
from auditor.host import Unreadable
from auditor.model.upgrade import Break, Upgrade, and_so, divided, line_of
from auditor.model.upgrade_values import changed_defaults, changed_filters, changed_values
from auditor.syntax.dovecot import Kind, parse, statements
from auditor.text import enumerated, escaped, shortened

if TYPE_CHECKING:
    from auditor.dovecot.configuration import Configuration
    from auditor.dovecot.v24_older import Older, OldLine
    from auditor.finding import Problem
    from auditor.host import Host
    from auditor.model.upgrade import Line

PACKAGED: Final = "/usr/share/"
"""Files below it belong to packages, which replace them."""
_HEADER: Final = ("dovecot_config_version", "dovecot_storage_version")


def dovecot_upgrade(configuration: Configuration, host: Host) -> Upgrade:
    """Return what changes when files that are written for an older version are read by the one of a configuration."""
    older = configuration.older
    if older is None:
        return Upgrade(problems=configuration.problems)
    upgrade = Upgrade()
    # What must come first has no line of its own: it is named at whatever stands there.
    headers = [problem for problem in configuration.problems if older.lines and _header_of(problem)]
    others = [problem for problem in configuration.problems if not (older.lines and _header_of(problem))]
    new, upgrade.problems = divided(others, older.configuration.problems)
    new += headers
    packaged = [problem for problem in new if problem.span.file.name.startswith(PACKAGED)]
    if packaged:
        what = f"files of the package below {PACKAGED}, such as {escaped(packaged[0].span.file.path)}"
        why = f"the package of Dovecot {configuration.version} brings its own"
        upgrade.not_checked.append(NotChecked(what, why))
    refused = [problem for problem in new if not problem.span.file.name.startswith(PACKAGED)]
    if configuration.dialect == older.configuration.dialect:
        upgrade.breaks += [_refusal(configuration, problem) for problem in refused]
        upgrade.breaks += changed_values(configuration, older.configuration, {line_of(one.span) for one in new})
        return upgrade
    judge = _Judge(configuration, older, host, upgrade)
    judge.lines(refused)
    for found in changed_filters(configuration, older.configuration):
        if isinstance(found, NotChecked):
            upgrade.not_checked.append(found)
        else:
            upgrade.breaks.append(found)
    upgrade.breaks += changed_defaults(configuration, older)
    return upgrade


def _header_of(problem: Problem) -> str:
    """Return the setting that must be there, of a problem that is about it and no line."""
    return next((name for name in _HEADER if name in problem.message and "must be" in problem.message), "")


def _refusal(configuration: Configuration, problem: Problem) -> Break:
    message = f"Dovecot {configuration.version} does not start with this: {problem.message}"
    return Break(problem.message, problem.span, message, problem.advice, refused=True, because=tuple(problem.related))


class _Judge:
    """Judges the lines of files that are written for another dialect."""

    def __init__(self, configuration: Configuration, older: Older, host: Host, upgrade: Upgrade) -> None:
        self._configuration = configuration
        self._older = older
        self._host = host
        self._upgrade = upgrade
        self._version = configuration.version
        self._refused_lines = {line_of(problem.span) for problem in configuration.problems}

    def lines(self, problems: list[Problem]) -> None:
        """Note one break for each line that is refused or read differently."""
        breaks: dict[Line | str, Break] = {}
        for problem in problems:
            key = _header_of(problem) or line_of(problem.span)
            if key not in breaks and not self._follows(problem):
                breaks[key] = self._refused(problem)
        for line in self._older.lines.values():
            statement = line.statement
            key = line_of(statement.span)
            if key in breaks or statement.kind is Kind.CLOSE or statement.file.name.startswith(PACKAGED):
                continue
            found = difference(line, self._version)
            if found:
                breaks[key] = self._read_differently(line, found)
        for section in self._older.sections.values():
            advice = gone_service(section)
            if advice and line_of(section.statement.span) not in breaks:
                message = f"Dovecot {self._version} has no service {escaped(section.statement.name)}: {advice}"
                breaks[line_of(section.statement.span)] = Break(
                    f"service {section.statement.name}",
                    section.statement.span,
                    message,
                    "remove the block",
                    severity=Severity.INFO,
                )
        self._upgrade.breaks += breaks.values()

    def _follows(self, problem: Problem) -> bool:
        """Whether a section lacks what it needs only because the line that gave it is refused."""
        line = self._older.lines.get(place_of(problem.span))
        if line is None or line.statement.kind is not Kind.CLOSE or line.inside is None:
            return False
        return any(line_of(one.statement.span) in self._refused_lines for one in line.inside.lines)

    def _refused(self, problem: Problem) -> Break:
        header = _header_of(problem)
        if header:
            return self._missing_header(header, problem)
        place = place_of(problem.span)
        section = self._older.sections.get(place)
        if section:
            message = f"Dovecot {self._version} does not start with this: {problem.message}"
            taken = [one for one in section.lines if line_of(one.statement.span) not in self._refused_lines]
            advice = header_advice(section, taken) or problem.advice
            return Break(section.kind, problem.span, message, advice, refused=True)
        line = self._older.lines.get(place)
        return self._refused_line(line, problem) if line else _refusal(self._configuration, problem)

    def _missing_header(self, name: str, problem: Problem) -> Break:
        number = ".".join(self._version.split(".")[:3])
        where = "as the first line of the main file, before any other setting" if name == _HEADER[0] else "below it"
        message = f"Dovecot {self._version} does not start without {name}, which 2.3 does not know"
        advice = f"write `{name} = {number}` {where}"
        return Break(name, problem.span, message, advice, refused=True)

    def _refused_line(self, line: OldLine, problem: Problem) -> Break:
        key = line.statement.key
        name = shortened(escaped(key), 60)
        found = conversion(line)
        also = difference(line, self._version)
        advice, message = problem.advice, f"Dovecot {self._version} does not start with this: {problem.message}"
        if found:
            said = self._what(name, found.new, gone=found.gone)
            message = f"Dovecot {self._version} does not start with {name}: {said}"
            advice = and_so([found.advice, self._external(line)])
        elif also:
            advice = also.advice
        severity = Severity.HIGH
        if any(opens(line, field) for field, _ in pairs_of(line.statement.value)):
            message += "; nopassword, which changes nothing here in 2.3, lets every password in there"
            severity = Severity.CRITICAL
        return Break(key, problem.span, message, advice, refused=True, severity=severity)

    @staticmethod
    def _what(name: str, new: tuple[str, ...], *, gone: bool) -> str:
        if not new:
            return "2.4.0 took it away" if gone else "since 2.4.0 its parts are settings of their own"
        if new == (name,):
            return "since 2.4.0 it is written in another way"
        if len(new) == 1:
            return f"since 2.4.0 it is {new[0]}"
        return f"since 2.4.0 there are {enumerated(new)}"

    def _external(self, line: OldLine) -> str:
        """Return what the settings of the ``.conf.ext`` file are that a line names; note a file that cannot be read."""
        name = external_file(line)
        if not name:
            return ""
        file = self._host.read_text(name)
        if isinstance(file, Unreadable):
            self._upgrade.not_checked.append(
                NotChecked(f"{escaped(file.path)} (args at {line.statement.span})", file.why)
            )
            return ""
        keys = [one.key for one in statements(parse(file, "2.3", self._version)) if one.kind in _SETTINGS]
        driver = line.inside.value("driver") if line.inside else ""
        return escaped(external_settings(driver, keys))

    def _read_differently(self, line: OldLine, found: Difference) -> Break:
        name = shortened(escaped(line.statement.key), 60)
        message = f"Dovecot {self._version} reads {name} differently, without a word: {found.what}"
        return Break(line.statement.key, line.statement.span, message, found.advice, severity=found.severity)


_SETTINGS: Final = (Kind.SETTING, Kind.FILE, Kind.VARIABLE)
