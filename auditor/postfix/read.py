"""From the two files of a ``config_directory`` to its effective configuration."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from auditor.finding import NotChecked, Problem, ProblemKind
from auditor.host import Unreadable
from auditor.postfix.configuration import Configuration, Scope
from auditor.postfix.defaults import newest_version, version_numbers
from auditor.postfix.problems import ValueChecks, argument_problems, field_problems
from auditor.postfix.relay_guard import class_problems
from auditor.postfix.secrets import commented_out, has_contents, is_secret, looks_secret, names_passwords
from auditor.postfix.services import is_disabled, services_of
from auditor.postfix.used import service_parameter_defaults
from auditor.syntax.postfix import Assignment, Refused, ServiceLine, parameters, parse_main, parse_master, services
from auditor.syntax.postfix_expansion import ExpansionError
from auditor.syntax.postfix_lines import words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.host import Host
    from auditor.text import SourceFile

MAX_LINES: Final = 200_000
"""Lines of a file that are read."""
LOOPBACK_NETWORKS: Final = "127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128"
"""What ``mynetworks`` holds at least where it is not set: the loopback networks (postconf(5), mynetworks_style)."""


def read_postfix(
    host: Host, directory: str, version: str | None, version_from: str = "", *, debian: bool = False
) -> Configuration:
    """Return what main.cf and master.cf of a directory mean for a version of Postfix.

    ``directory`` is its name on the host. Without a version the newest that is known is assumed. A file that is not
    there or cannot be read is not checked. ``debian`` says that the packages are Debian's where ``version_from`` does
    not.
    """
    directory = posixpath.normpath(directory)
    configuration = Configuration(
        config_directory=directory,
        path=host.path(directory),
        version=version or newest_version(),
        version_from=version_from if version else "assumed",
        is_debian=debian or version_from == "dpkg",
        main_file=None,
        master_file=None,
    )
    configuration.main_file = _read(host, configuration, "main.cf")
    configuration.master_file = _read(host, configuration, "master.cf")
    if configuration.main_file:
        _read_main(configuration, configuration.main_file)
    elif configuration.master_file:
        why = "main.cf is not read, and without it no program of Postfix starts"
        configuration.not_checked.append(NotChecked(f"the services of {configuration.master_file.path}", why))
    configuration.host_values = _host_values(host, configuration)
    lines = _read_master(configuration, configuration.master_file) if configuration.master_file else []
    configuration.services = services_of(
        lines, configuration.get("master_service_disable").effective, version_numbers(configuration.version)
    )
    configuration.service_defaults = service_parameter_defaults(configuration.services)
    _hide_secrets(configuration)
    for name in configuration.assignments:
        configuration.parameters[name] = configuration.get(name)
    _check(configuration, lines)
    return configuration


def _read(host: Host, configuration: Configuration, name: str) -> SourceFile | None:
    file = host.read_text(f"{configuration.config_directory}/{name}")
    if isinstance(file, Unreadable):
        configuration.not_checked.append(NotChecked(file.path, file.why))
        return None
    if file.text.count("\n") > MAX_LINES:
        configuration.not_checked.append(NotChecked(file.path, f"it has more than {MAX_LINES} lines"))
        return None
    configuration.files.append(file)
    return file


def _read_main(configuration: Configuration, file: SourceFile) -> None:
    for found in parameters(parse_main(file)):
        if isinstance(found, Assignment):
            configuration.assignments.pop(found.name.value, None)
            _hide_secret(found)
            configuration.assignments[found.name.value] = found
        else:
            configuration.problems.append(_syntax_problem(found))


def _read_master(configuration: Configuration, file: SourceFile) -> list[ServiceLine]:
    lines: list[ServiceLine] = []
    for found in services(parse_master(file)):
        if isinstance(found, ServiceLine):
            lines.append(found)
            for setting in found.settings:
                _hide_secret(setting)
        else:
            configuration.problems.append(_syntax_problem(found))
    return lines


def _hide_secret(found: Assignment) -> None:
    """Mark a value that is a secret by itself, be it that a later one of the same name counts."""
    if is_secret(found.name.value, found.value.value):
        span = found.value.span
        span.file.mark_secret(span.start, span.end)


def _syntax_problem(refused: Refused) -> Problem:
    name = next(words(refused.span.text), None)
    if name and looks_secret(name.text):
        refused.span.file.mark_secret(refused.span.start + name.end, refused.span.end)
    return Problem(ProblemKind.SYNTAX_ERROR, refused.message, refused.span)


def _host_values(host: Host, configuration: Configuration) -> dict[str, str]:
    """Return the defaults that depend on the host: its name, as far as ``/etc/hostname`` tells it, and its networks.

    Source: ``check_myhostname``, ``check_mydomainname`` and ``mynetworks`` of ``src/global``.
    """
    file = host.read_text("/etc/hostname")
    name = "" if isinstance(file, Unreadable) else file.text.strip()
    name = name if name and len(name.split()) == 1 else "localhost"
    set_domain, set_name = (_main_value(configuration, one) for one in ("mydomain", "myhostname"))
    hostname = name if "." in name else f"{name}.{'localdomain' if set_domain is None else set_domain}"
    _, dot, domain = (hostname if set_name is None else set_name).partition(".")
    return {
        "config_directory": configuration.config_directory,
        "myhostname": hostname,
        "mydomain": domain if dot else "localdomain",
        "mynetworks": LOOPBACK_NETWORKS,
    }


def _main_value(configuration: Configuration, name: str) -> str | None:
    """Return what main.cf sets a parameter to, the host's own values not known yet; None where it does not set it."""
    if name not in configuration.assignments:
        return None
    return Scope(configuration, None).get(name).effective


def _hide_secrets(configuration: Configuration) -> None:
    """Mark the secrets in the files, those behind parameters that password maps are made of included."""
    for service in (None, *configuration.services):
        scope = configuration.scope(service)
        own = service.options if service else configuration.assignments
        for name in filter(names_passwords, own):
            try:
                used = scope.expand(name).used
            except ExpansionError:
                continue
            configuration.secret_names.update(one for one in used if has_contents(scope.raw(one) or ""))
    for service in (None, *configuration.services):
        scope = configuration.scope(service)
        for name in service.options if service else configuration.assignments:
            assignment = scope.assignment(name)
            if assignment and scope.is_secret(name):
                span = assignment.value.span
                span.file.mark_secret(span.start, span.end)
    for file in configuration.files:
        for start, end in commented_out(file.text):
            file.mark_secret(start, end)


def _check(configuration: Configuration, lines: Iterable[ServiceLine]) -> None:
    checks = ValueChecks(configuration)
    problems = configuration.problems
    problems += checks.main_problems()
    disabled = [word.text for word in words(configuration.get("master_service_disable").effective)]
    for line in lines:
        enabled = not is_disabled(f"{line.fields[0].value}/{line.fields[1].value}", disabled)
        problems += field_problems(line, enabled=enabled)
        if enabled:
            problems += argument_problems(line)
    problems += checks.option_problems()
    problems += class_problems(configuration)
    order = {file: number for number, file in enumerate(configuration.files)}
    problems.sort(key=lambda problem: (order.get(problem.span.file, 0), problem.span.start))
    for name in checks.too_large():
        configuration.not_checked.append(NotChecked(f"the value of {name}", "it expands to more than can be followed"))
