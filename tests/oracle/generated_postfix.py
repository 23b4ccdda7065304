"""Whether mailaudit and postconf say the same of random configurations."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, Any, Final

import generated_daemons
from strategies_postfix import sample

from auditor.finding import ProblemKind
from auditor.host import Host, Mount
from auditor.postfix.read import read_postfix
from auditor.postfix.shown import parameters_shown, squeezed
from auditor.postfix.start_checks import START_CHECKS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from generated_daemons import Answer
    from strategies_dovecot import Sample

    from auditor.postfix.configuration import Configuration

VERSIONS: Final = {"bullseye": "3.5.25", "bookworm": "3.7.11", "trixie": "3.10.13", "sid": "3.11.7"}
OPTIONS: Final = ("-n", "-M", "-P", "-nx")
AT_ONCE: Final = 100
"""Postfix's programs sleep for a second before they refuse a file."""
OF_THE_PROCESS: Final = frozenset({"debugger_command"})
"""Parameters that hold the number of the postconf process that prints them."""
ONLY_POSTCONF: Final = "only postconf refuses"
OF_THE_MASTER: Final = frozenset({"service_throttle_time"})
"""Parameters of every installation that only the master process reads."""
NO_NAME: Final = re.compile(r"parameter (?:myhostname|mydomain): bad parameter value")
OF_THE_HOST: Final = re.compile(
    r"host not found|no local interface|cannot open file|open /etc|unknown (?:user|group) name|has (?:privileged|same)|"
    r"specify the same user|have the same (?:user|group) ID"
)
"""What depends on the users, the addresses and the files of the host."""
__all__ = ["VERSIONS", "differences", "sample"]


def differences(oracle: Any, suite: str, samples: Sequence[Sample]) -> list[tuple[str, str, int]]:
    """Return for each sample how both differ, empty when they agree; what postconf did; settings compared."""
    with generated_daemons.folder() as root:
        commands = []
        for number, one in enumerate(samples):
            (root / str(number)).mkdir()
            for name, lines in one.files.items():
                (root / f"{number}/{name}").write_bytes(b"".join(lines))
            ask = f"echo @@; postconf -c {generated_daemons.AT}/{number} $option || exit"
            commands.append([f"for option in {' '.join(OPTIONS)}; do {ask}; done", _program(number)])
        answers = generated_daemons.ask(oracle, suite, root, commands, at_once=AT_ONCE)
        (root / "etc").mkdir()
        (root / "etc/hostname").write_text(socket.gethostname())
        found = [_compared(root, number, suite, answers[number]) for number in range(len(samples))]
        # Where postconf alone refuses, what the daemons do counts.
        alone = [number for number, (difference, *_) in enumerate(found) if difference.startswith(ONLY_POSTCONF)]
        if alone:
            again = [[_program(number)] if number in alone else [] for number in range(len(samples))]
            for number, told in enumerate(generated_daemons.ask(oracle, suite, root, again, at_once=AT_ONCE)):
                if told and not told[0].status:
                    found[number] = "", "refused by postconf alone", 0
        return found


def _program(number: int) -> str:
    """Return a command that reads main.cf as every daemon does when it starts (``mail_params_init``)."""
    return f"postmap -c {generated_daemons.AT}/{number} -q x static:x"


def _compared(root: Path, number: int, suite: str, answers: Sequence[Answer]) -> tuple[str, str, int]:
    name = f"{generated_daemons.AT}/{number}"
    host = Host((Mount(name, str(root / str(number))), Mount("/etc", str(root / "etc"))))
    configuration = read_postfix(host, name, VERSIONS[suite], "dpkg")
    answer = answers[0]
    if answer.status:
        return _refused(configuration, answer)
    of_main = [
        one
        for one in configuration.problems
        if one.kind is ProblemKind.SYNTAX_ERROR and one.span.file is configuration.main_file
    ]
    if of_main:
        return f"only mailaudit refuses: {of_main[0].message}", "loaded", 0
    started = _started(configuration, answers[1])
    difference, outcome, count = _settings(configuration, dict(zip(OPTIONS, answer.out.split("@@\n")[1:], strict=True)))
    if difference and not started and NO_NAME.search(answers[1].errors):
        # postconf computes mydomain of such a name before it knows other defaults.
        return "", "refused by the daemon", 0
    return started or difference, outcome, count


def _refused(configuration: Configuration, answer: Answer) -> tuple[str, str, int]:
    """Compare with what postconf refuses."""
    problems = configuration.problems
    fatal = next((line for line in answer.errors.split("\n") if "fatal:" in line), answer.errors)
    line = re.search(r", line (\d+)|: line (\d+)", fatal)
    if "Segmentation fault" in answer.errors:
        return "", "postconf crashes", 0
    if "macro processing error" in fatal and _only_postconf_expands(configuration):
        return "", "refused by postconf alone", 0
    if not problems and OF_THE_HOST.search(fatal):
        return "", "refused for the host", 0
    if not problems:
        return f"{ONLY_POSTCONF}: {fatal}", "refused", 0
    if line and int(line[1] or line[2]) not in [problem.span.line for problem in problems]:
        return f"{fatal}; mailaudit: {problems[0].span} {problems[0].message}", "refused", 0
    return "", "refused", 0


def _started(configuration: Configuration, answer: Answer) -> str:
    """Return how what a program says when it starts differs from what mailaudit says of the values of main.cf."""
    fatal = next((line for line in answer.errors.split("\n") if "fatal:" in line), "")
    found = [one for one in configuration.problems if one.span.file is configuration.main_file]
    if fatal:
        return "" if found or OF_THE_HOST.search(fatal) else f"only the daemons refuse: {fatal}"
    if any(service.options for service in configuration.services):
        # What is found may count for a service with options only.
        return ""
    spans = {assignment.value.span: name for name, assignment in configuration.assignments.items()}
    for problem in found:
        name = spans.get(problem.span, "")
        known = configuration.defaults.known(name)
        if name in START_CHECKS or (known and known.programs == ("*",) and name not in OF_THE_MASTER):
            return f"only mailaudit refuses: {problem.message}"
    return ""


def _only_postconf_expands(configuration: Configuration) -> bool:
    """Whether a parameter that no program of Postfix reads cannot be expanded; postconf looks at all of them."""
    scopes = [configuration.scope(), *map(configuration.scope, configuration.services)]
    return any(
        configuration.defaults.known(name) is None and scope.get(name).expanded is None
        for scope in scopes
        for name in (
            *configuration.assignments,
            *(one for service in configuration.services for one in service.options),
        )
    )


def _settings(configuration: Configuration, printed: dict[str, str]) -> tuple[str, str, int]:
    shown = parameters_shown(configuration)
    left_out = OF_THE_PROCESS | ({"config_directory"} - set(configuration.assignments))
    count = 0
    for option, values in (
        ("-n", {name: one.value for name, one in shown.items()}),
        ("-nx", {name: one.expanded for name, one in shown.items()}),
    ):
        expected = pairs(printed[option])
        for name in left_out:
            values.pop(name, None)
            expected.pop(name, None)
        if values != expected or list(values) != list(expected):
            return f"{option}: {_first(expected, values)}", "loaded", count
        count += len(values)
    rows = [re.split(" +", line, maxsplit=7) for line in printed["-M"].split("\n") if line]
    services = [
        [one.service, one.type, one.private, one.unpriv, one.chroot, one.wakeup, one.maxproc, one.command]
        for one in configuration.services
    ]
    if services != rows:
        return f"-M: postconf {rows}, mailaudit {services}", "loaded", count
    # postconf keeps the options of two services of one name and type together.
    options = {
        f"{service.service}/{service.type}/{option.name}": squeezed(option.value)
        for service in configuration.services
        for option in service.options.values()
    }
    expected = pairs(printed["-P"])
    if options != expected:
        return f"-P: {_first(expected, options)}", "loaded", count
    return "", "loaded", count + len(options) + 8 * len(services)


def _first(expected: dict[str, str], found: dict[str, Any]) -> str:
    for name in [*expected, *found]:
        if expected.get(name) != found.get(name):
            return f"{name!r} is {expected.get(name)!r} for postconf, {found.get(name)!r} for mailaudit"
    return "another order"


def pairs(text: str) -> dict[str, str]:
    """Return what postconf prints, by names."""
    lines = (line.partition(" =") for line in text.split("\n") if " =" in line)
    return {name: value.removeprefix(" ") for name, _, value in lines}
