"""Places in main.cf and master.cf that Postfix refuses: its programs end on them when they start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.finding import Problem, ProblemKind
from auditor.postfix.configuration import OF_THE_PROCESS
from auditor.postfix.defaults import Kind, version_numbers
from auditor.postfix.expansion import TooLargeError
from auditor.postfix.start_checks import START_CHECKS, start_refusal
from auditor.postfix.values import (
    TLS_LEVELS,
    compatibility_level_refusal,
    refusal,
    shortened,
    tls_level_refusal,
)
from auditor.syntax.postfix_expansion import ExpansionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.postfix.configuration import Configuration, Scope, Service
    from auditor.postfix.defaults import Known
    from auditor.syntax.postfix import Assignment, ServiceLine, Text

SERVICE_TYPES: Final = ("unix", "fifo", "inet", "pass", "unix-dgram")
"""``pcf_valid_master_types``, ``src/postconf/postconf_master.c``."""
PROGRAMS_WITHOUT_ARGUMENTS: Final = frozenset(
    {
        *("anvil", "bounce", "cleanup", "discard", "dnsblog", "error", "flush", "local", "oqmgr", "pickup", "postlogd"),
        *("proxymap", "qmgr", "qmqpd", "scache", "showq", "smtpd", "tlsmgr", "tlsproxy", "trivial-rewrite", "verify"),
        "virtual",
    }
)
"""Programs that end with ``unexpected command-line argument`` (src/*/*.c)."""
USUAL_PROGRAMS: Final = frozenset(
    {
        *("anvil", "bounce", "cleanup", "discard", "error", "flush", "lmtp", "local", "pickup", "proxymap", "qmgr"),
        *("scache", "showq", "smtp", "smtpd", "tlsmgr", "trivial-rewrite", "verify", "virtual"),
    }
)
"""Programs of the master.cf that Postfix installs; they stand for those in use where there is no master.cf."""
MAX_READERS: Final = 300
"""Services for which the values of main.cf are checked."""
_TLS_PREFIXES: Final = {"smtpd": "smtpd", "smtp": "smtp", "lmtp": "lmtp"}
_OF_THE_FIELD: Final = ("service", "type", "private", "unprivileged", "chroot", "wakeup", "process_limit", "command")


def field_problems(line: ServiceLine, *, enabled: bool) -> Iterator[Problem]:
    """Yield what is wrong with the fields of a service.

    Source: ``pcf_check_master_entry`` of ``src/postconf/postconf_master.c``, ``get_master_ent`` of
    ``src/master/master_ent.c``. The master does not look at a service that is switched off.
    """
    service_type, private, *_ = line.fields[1:]
    if service_type.value not in SERVICE_TYPES:
        yield _invalid_field("type", service_type)
    for name, field in zip(_OF_THE_FIELD[2:5], line.fields[2:5], strict=True):
        if field.value not in ("y", "n", "-"):
            yield _invalid_field(name, field)
    if enabled and service_type.value == "inet" and private.value in ("y", "-"):
        yield _syntax("inet service cannot be private", private)
    for name, field in zip(_OF_THE_FIELD[5:7], line.fields[5:7], strict=True):
        number = field.value.removesuffix("?") if name == "wakeup" else field.value
        if number != "-" and not (number.isascii() and number.isdigit()):
            yield _invalid_field(name, field)


def argument_problems(line: ServiceLine) -> Iterator[Problem]:
    """Yield the arguments that the program of a service ends on."""
    for refused in line.refused:
        yield Problem(ProblemKind.SYNTAX_ERROR, refused.message, refused.span)
    program = line.fields[7].value.rpartition("/")[2]
    stray = line.arguments[line.first_argument :]
    if stray and stray[0].value != "--" and program in PROGRAMS_WITHOUT_ARGUMENTS:
        advice = ""
        if any(argument.value == "=" for argument in stray):
            advice = "write -o name=value without white space around the equals sign, or -o { name = value }"
        elif line.settings:
            advice = "a value with white space needs braces: -o { name = value }"
        yield Problem(
            ProblemKind.SYNTAX_ERROR,
            f"unexpected command-line argument: {shortened(stray[0].value)}",
            stray[0].span,
            advice,
        )


def _invalid_field(name: str, field: Text) -> Problem:
    return _syntax(f'invalid {name} field "{shortened(field.value)}"', field)


def _syntax(message: str, text: Text) -> Problem:
    return Problem(ProblemKind.SYNTAX_ERROR, message, text.span)


class ValueChecks:
    """Checks the values of one configuration: those of main.cf once, those of ``-o`` for their service."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._services = [service for service in configuration.services if service.enabled]
        self._readers = self._different_services()
        self._reading: dict[tuple[str, ...], list[Service | None]] = {}
        self._is_process_named = any(
            own in assignment.value.value for assignment in configuration.assignments.values() for own in OF_THE_PROCESS
        )
        self._version = version_numbers(configuration.version)

    def main_problems(self) -> Iterator[Problem]:
        """Yield the values of main.cf that a program refuses."""
        for name, assignment in self._configuration.assignments.items():
            yield from self._problems(name, assignment, None)

    def option_problems(self) -> Iterator[Problem]:
        """Yield the values of options that the program of their service refuses."""
        for service in self._services:
            for name, option in service.options.items():
                if option.assignment:
                    yield from self._problems(name, option.assignment, service)

    def too_large(self) -> list[str]:
        """Return the parameters of main.cf that come to more than is followed."""
        return [name for name in self._configuration.assignments if isinstance(self._error(name, None), TooLargeError)]

    def _different_services(self) -> list[Service]:
        """Return the services that may see main.cf differently: each with options, and one without of each program."""
        plain = {service.program: service for service in self._services if not service.options}
        return [*plain.values(), *(service for service in self._services if service.options)][:MAX_READERS]

    def _deciding(self, name: str, known: Known, value: str) -> list[Service | None]:
        """Return the services that may judge a value of main.cf differently; None stands for every program."""
        special = _is_special(name)
        if not special and known.takes_any_text:
            return []
        programs = ("*",) if special else known.programs
        if programs not in self._reading:
            self._reading[programs] = [one for one in (None, *self._readers) if self._reads(one, programs)]
        reading = self._reading[programs]
        found = [one for one in reading if one is None or not one.options or name not in one.options]
        if name in TLS_LEVELS or (self._is_process_named and (special or "$" in value)):
            return found
        if not special and "$" not in value:
            return found[:1]
        # Without options all services see the same.
        alike = [one for one in found if one is None or not one.options]
        return [*alike[:1], *(one for one in found if one is not None and one.options)]

    def _error(self, name: str, service: Service | None) -> ExpansionError | None:
        scope = self._configuration.scope(service)
        if scope.get(name).expanded is not None:
            return None
        try:
            scope.expand(name)
        except ExpansionError as error:
            return error
        return None

    def _problems(self, name: str, assignment: Assignment, service: Service | None) -> Iterator[Problem]:
        known = self._configuration.defaults.known(name)
        if known is None:
            return
        error = self._error(name, service)
        if error is not None:
            if not isinstance(error, TooLargeError):
                secret = self._configuration.scope(service).is_secret(name)
                what = "macro processing error" if secret else f"macro processing error: {shortened(str(error))}"
                yield Problem(ProblemKind.SYNTAX_ERROR, what, assignment.value.span)
            return
        for reader in [service] if service else self._deciding(name, known, assignment.value.value):
            message = self._refusal(name, known, reader)
            if message is not None:
                if self._configuration.scope(reader).get(name).secret:
                    message = f"bad value of {name}"
                yield Problem(
                    ProblemKind.INVALID_VALUE, message, assignment.value.span, _advice(assignment, known.kind)
                )
                return

    def _refusal(self, name: str, known: Known, service: Service | None) -> str | None:
        """Return what the program of a service says when it ends on a parameter, or None when it takes it."""
        # Most services do not read most parameters: what is not read need not be expanded.
        if service and not (_is_special(name) or self._reads(service, known.programs)):
            return None
        scope = self._configuration.scope(service)
        value = scope.get(name).expanded
        if value is None:
            return None
        if name == "compatibility_level":
            return compatibility_level_refusal(value, self._version) if service is None else None
        if name in TLS_LEVELS:
            overridden = name == "smtpd_tls_security_level" and scope.get("smtpd_tls_wrappermode").effective == "yes"
            reads = self._reads(service, TLS_LEVELS[name][:1])
            return tls_level_refusal(name, value) if reads and not overridden else None
        message = refusal(name, value, known, self._configuration.defaults.get(name) or "")
        return message or start_refusal(name, scope)

    def _reads(self, service: Service | None, programs: tuple[str, ...]) -> bool:
        """Whether the program of a service reads what some programs read."""
        if "*" in programs:
            return True
        if service is None:
            return self._configuration.master_file is None and bool(USUAL_PROGRAMS.intersection(programs))
        if service.program in programs:
            return True
        return "TLS" in programs and _uses_tls(self._configuration.scope(service), service.program)


def _is_special(name: str) -> bool:
    """Whether a parameter is judged by more than its type, or by all programs."""
    return name == "compatibility_level" or name in TLS_LEVELS or name in START_CHECKS


def _advice(assignment: Assignment, kind: Kind) -> str:
    if "#" in assignment.value.value:
        return "Postfix knows no comments behind a value: give the comment a line of its own"
    return "write yes or no" if kind in (Kind.BOOLEAN, Kind.BOOLEAN_EXPRESSION) else ""


def _uses_tls(scope: Scope, program: str) -> bool:
    """Whether a program starts TLS, and so reads the parameters of ``src/tls/tls_misc.c``."""
    prefix = _TLS_PREFIXES.get(program)
    if prefix is None:
        return False
    level = scope.get(f"{prefix}_tls_security_level").effective.lower()
    switches = (f"{prefix}_use_tls", f"{prefix}_enforce_tls", f"{prefix}_tls_wrappermode")
    on = any(scope.get(name).effective.lower() == "yes" for name in (switches[2:] if level else switches))
    return on or level not in ("", "none")
