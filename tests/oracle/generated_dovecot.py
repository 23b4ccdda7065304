"""Whether mailaudit and doveconf say the same of random configurations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import generated_daemons
from strategies_dovecot import MAIN, Sample, sample

from auditor.dovecot.configuration import Scope
from auditor.dovecot.read import read_dovecot
from auditor.dovecot.v23 import Configuration23
from auditor.dovecot.v23_blocks import merged
from auditor.dovecot.v23_filters import Filter
from auditor.dovecot.v24_secrets import HIDDEN
from auditor.host import Host, Mount, Unreadable
from auditor.text import escaped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from generated_daemons import Answer

    from auditor.dovecot.configuration import Configuration
    from auditor.finding import Problem

VERSIONS: Final = {"bullseye": "2.3.13", "bookworm": "2.3.19.1", "trixie": "2.4.1", "sid": "2.4.5"}
OLDER: Final = ("bullseye", "bookworm")
"""Suites with Dovecot 2.3."""
NO_FILE: Final = re.compile(r"Can't open file|: read\(|: open\(")
"""What doveconf says of the files behind ``<``, which it opens only when it expands values."""
REFERENCE: Final = re.compile(r"^(?:only doveconf refuses|doveconf, line \w+): [^;]*\$(?!SET)\w")
IMAP: Final = Scope("imap")
ONLY_EXPANDED: Final = ("Unknown variable: ", "Invalid variable: ")
"""What doveconf 2.3 says only when it expands values (-x), as it does for the daemon."""
OF_VALUES: Final = ("Invalid ", "Unknown service type")
"""How doveconf begins what it says of a value that ``$ENV:`` stands in; the environment of the daemon is not known."""
SIGNALLED: Final = 128
"""The shell gives higher numbers for what a signal ended; doveconf divides by zero at ``group_by = a:linear:1:2:0``."""
__all__ = ["VERSIONS", "differences", "sample"]


def differences(oracle: Any, suite: str, samples: Sequence[Sample]) -> list[tuple[str, str, int]]:
    """Return for each sample how both differ, empty when they agree; what doveconf did; settings compared."""
    with generated_daemons.folder() as root:
        configurations = [_written(root, number, one, suite) for number, one in enumerate(samples)]
        commands = [
            _commands(number, one, suite, configuration)
            for number, (one, configuration) in enumerate(zip(samples, configurations, strict=True))
        ]
        answers = generated_daemons.ask(oracle, suite, root, commands)
        found = [
            _compared(configuration, one, told)
            for configuration, one, told in zip(configurations, samples, answers, strict=True)
        ]
        # doveconf -n checks a reference as text; the daemon and doveconf -x check what it comes to.
        unexpanded = [number for number, (difference, *_) in enumerate(found) if REFERENCE.search(difference)]
        if unexpanded and suite in OLDER:
            again = [
                [_command(number, None, suite, "-x -n")] if number in unexpanded else [] for number in range(len(found))
            ]
            for number, told in enumerate(generated_daemons.ask(oracle, suite, root, again)):
                if told:
                    found[number] = _reference(configurations[number], told[0], found[number])
    doubtful = [number for number, (difference, outcome, _) in enumerate(found) if difference and outcome == "refused"]
    if doubtful and suite not in OLDER:
        for_the_daemon = _for_the_daemon(oracle, suite, [samples[number] for number in doubtful])
        for number, difference in zip(doubtful, for_the_daemon, strict=True):
            found[number] = difference, "refused" if difference else "refused by doveconf -n alone", 0
    return found


def _for_the_daemon(oracle: Any, suite: str, samples: Sequence[Sample]) -> list[str]:
    """Return for each sample how both differ when doveconf reads for the daemon, empty when they agree.

    It opens files then, which are not there, and asks its environment: a sample with some of both is asked about again
    without the lines that name them.
    """
    found = _expanded(oracle, suite, samples)
    again = [number for number, (difference, words) in enumerate(found) if difference or NO_FILE.search(words)]
    shorter = [_without_what_is_elsewhere(samples[number]) for number in again]
    if again:
        for number, one in zip(again, _expanded(oracle, suite, shorter), strict=True):
            found[number] = one
    return [difference for difference, _ in found]


def _without_what_is_elsewhere(one: Sample) -> Sample:
    elsewhere = re.compile(rb"=\s*<|\w_?file\w*\s*=|\$ENV:")
    return Sample({name: [line for line in lines if not elsewhere.search(line)] for name, lines in one.files.items()})


def _expanded(oracle: Any, suite: str, samples: Sequence[Sample]) -> list[tuple[str, str]]:
    """Return how both differ when doveconf reads for the daemon, and what it says.

    ``-F -C`` is what the master process runs at its start; what the master checks itself is told by ``-x -n``.
    """
    with generated_daemons.folder() as root:
        configurations = [_written(root, number, one, suite) for number, one in enumerate(samples)]
        commands = [
            [_command(number, None, suite, "-F -C true"), _command(number, None, suite, "-x -n")]
            for number in range(len(samples))
        ]
        found = []
        answers = generated_daemons.ask(oracle, suite, root, commands)
        for configuration, told in zip(configurations, answers, strict=True):
            last = told[-1] if configuration.problems else told[0]
            only_here = f"only mailaudit refuses: {_first_problem(configuration)}" if configuration.problems else ""
            difference = _refused(configuration, last)[0] if last.status else only_here
            found.append((difference, last.errors))
        return found


def _commands(number: int, one: Sample, suite: str, configuration: Configuration) -> list[str]:
    if _first_problem(configuration).startswith(ONLY_EXPANDED):
        return [_command(number, None, suite, "-x -n")]
    if configuration.problems:
        # doveconf -n does not look at services nor at what variables name; the daemon and doveconf -x do.
        return [_command(number, None, suite), _command(number, None, suite, "-x -n")]
    return [_command(number, scope, suite) for scope in _scopes(one)]


def _written(root: Path, number: int, one: Sample, suite: str) -> Configuration:
    folder = root / str(number)
    folder.mkdir()
    for name, lines in one.files.items():
        (folder / name).write_bytes(b"".join(lines))
    return _read(folder, number, suite)


def _reference(configuration: Configuration, answer: Answer, before: tuple[str, str, int]) -> tuple[str, str, int]:
    """Compare what the daemon says where ``doveconf -n`` looked at the text of a reference."""
    if not answer.status:
        return ("" if not configuration.problems else before[0]), "loaded", 0
    if NO_FILE.search(answer.errors):
        return "", "refused", 0
    return _refused(configuration, answer)


def _read(folder: Path, number: int, suite: str) -> Configuration:
    name = f"{generated_daemons.AT}/{number}"
    configuration = read_dovecot(Host((Mount(name, str(folder)),)), f"{name}/{MAIN}", VERSIONS[suite], "dpkg")
    assert not isinstance(configuration, Unreadable)
    return configuration


def _first_problem(configuration: Configuration) -> str:
    return configuration.problems[0].message if configuration.problems else ""


def _scopes(one: Sample) -> list[Scope | None]:
    """Return the scopes to ask about; that of a protocol where one is named."""
    with_protocol = any(b"protocol" in line for lines in one.files.values() for line in lines)
    return [None, *([IMAP] if with_protocol else []), *([one.scope] if one.scope else [])]


def _command(number: int, scope: Scope | None, suite: str, options: str = "-n") -> str:
    arguments = ""
    if scope:
        name = "lname" if suite in OLDER else "local_name"
        pairs = (
            ("protocol", scope.protocol),
            ("local", scope.local),
            ("remote", scope.remote),
            (name, scope.local_name),
        )
        arguments = "".join(f" -f {key}={value}" for key, value in pairs if value)
    return f"exec doveconf -c {generated_daemons.AT}/{number}/{MAIN} {options}{arguments}"


def _compared(configuration: Configuration, one: Sample, answers: list[Answer]) -> tuple[str, str, int]:
    if answers[0].status:
        return _refused(configuration, answers[0])
    if configuration.problems:
        message = _first_problem(configuration)
        told = answers[-1]
        same = told.status and (message in escaped(told.errors) or NO_FILE.search(told.errors))
        return ("" if same else f"only mailaudit refuses: {message}"), "refused by the daemon", 0
    count = 0
    for scope, answer in zip(_scopes(one), answers, strict=True):
        difference = _settings(configuration, scope, answer)
        if difference:
            return f"{scope or ''} {difference}", "loaded", count
        count += len(configuration.settings(scope))
    return "", "loaded", count


def _refused(configuration: Configuration, answer: Answer) -> tuple[str, str, int]:
    problems = configuration.problems
    if answer.status > SIGNALLED and "doveconf: " not in answer.errors:
        return ("" if problems else f"only doveconf crashes: {answer.errors}"), "refused", 0
    line, words = refusal(answer.errors)
    if _first_problem(configuration).startswith(ONLY_EXPANDED) and NO_FILE.search(words):
        return "", "refused", 0
    alike = [_is_alike(one, line, words, answer.errors) for one in problems]
    if not any(alike):
        if words.startswith(OF_VALUES) and any("$ENV:" in file.text for file in configuration.files):
            return f"the environment decides: {words}", "refused", 0
        if not problems:
            return f"only doveconf refuses: {words}", "refused", 0
        first = problems[0]
        return f"doveconf, line {line}: {words}; mailaudit {first.span}: {first.message}", "refused", 0
    return "", "refused" if alike[0] else "refused, with others before", 0


def _is_alike(problem: Problem, line: int | None, words: str, errors: str) -> bool:
    if words.startswith("Service #"):
        # The number counts the built-in services in the order in which Dovecot's Makefile lists them.
        return re.sub("#[0-9]+", "", problem.message) == re.sub("#[0-9]+", "", words)
    # doveconf shows a password that it refuses, mailaudit does not.
    message = re.escape(problem.message).replace(re.escape(HIDDEN), ".*")
    if line is not None:
        return problem.span.line <= line <= problem.span.end_line and bool(re.search(message + r"\Z", escaped(words)))
    # A Panic has the words without the setting's name, and a line of the source. Of what is wrong when all is read
    # doveconf tells everything, and the first again.
    if problem.message.endswith(escaped(words)) or "Panic" in problem.message:
        return True
    return any(re.search(message + r"\Z", escaped(one)) for one in errors.split("\n"))


def refusal(errors: str) -> tuple[int | None, str]:
    """The line that doveconf names, if any, and its words."""
    found = [one for one in errors.split("\n") if re.match(r"doveconf: (?:Fatal|Panic|Error): ", one)]
    assert found, errors
    fatal = next((one for one in found if re.match("doveconf: (?:Fatal|Panic)", one)), found[0])
    frame = r"doveconf: (?:Fatal|Panic|Error): (?:Error in configuration file \S+?(?: line (\d+))?: )?(.*)"
    match = re.match(frame, fatal, re.DOTALL)
    assert match, errors
    # Of a file that it has not begun to read, doveconf names line 0.
    return (int(match[1]) if match[1] not in (None, "0") else None), match[2]


def _settings(configuration: Configuration, scope: Scope | None, answer: Answer) -> str:
    """Return where the settings of both differ, or nothing."""
    if isinstance(configuration, Configuration23) and scope:
        conflict = merged(configuration.layers, Filter.of(scope))[1]
        if answer.status or conflict:
            expected = conflict.message if conflict else "none"
            return "" if expected in escaped(answer.errors) else f"conflict {expected}: {answer.errors}"
    if answer.status:
        return f"doveconf refuses a filter: {answer.errors}"
    wanted = printed(answer.out, quoted_keys=configuration.dialect == "2.4")
    found = {name: one.value for name, one in configuration.settings(scope).items()}
    for name in [*wanted, *found]:
        if name not in found:
            return f"only doveconf has {name!r} = {wanted[name]!r}"
        if name not in wanted:
            return f"only mailaudit has {name!r} = {found[name]!r}"
        if wanted[name] != found[name] and found[name] != HIDDEN and not same_value(wanted[name], found[name]):
            return f"{name!r} is {wanted[name]!r} for doveconf, {found[name]!r} for mailaudit"
    return "" if list(found) == list(wanted) else "another order"


def same_value(wanted: str, found: str) -> bool:
    """Whether a value is printed so (``value_need_quote`` and ``str_escape``, src/config/doveconf.c)."""
    if wanted == f'"{found}"' or " ".join(dict.fromkeys(wanted.split(" "))) == found:
        # doveconf 2.4 prints the words of a boolean list as often as they stand there, and some of them in quotes.
        return True
    return wanted in (f'"{re.sub(special, replacement, found)}"' for special, replacement in _ESCAPES) or (
        wanted == half_quoted(found)
    )


def half_quoted(value: str) -> str:
    """Return how doveconf 2.4 prints a value in which it looked for secrets: escaped, but without the quotes.

    ``hide_secrets_from_value`` in src/config/doveconf.c, where a word such as ``key`` begins in a value with ``#``.
    """
    return re.sub(_ESCAPES[0][0], _ESCAPES[0][1], value) if "#" in value or value != value.strip() else value


_ESCAPES = ((r"([\\\"'])", r"\\\1"), (r"([\\\"])", r"\\\1"))
_SETTING = re.compile(r' *("(?:\\.|[^"\\])*"|[^ =]*) = ?(.*)', re.DOTALL)


def printed(text: str, *, quoted_keys: bool) -> Mapping[str, str]:
    """Return what doveconf prints by joined names; values as they are printed. 2.4 puts some keys in quotes."""
    found: dict[str, str] = {}
    stack: list[str] = []
    seen: dict[str, int] = {}
    for line in text.split("\n"):
        if line.strip(" ") == "}":
            stack.pop()
        elif setting := _SETTING.match(line):
            key = setting[1][1:-1] if quoted_keys and re.fullmatch('".*"', setting[1], re.DOTALL) else setting[1]
            found["".join(stack) + key] = setting[2]
        elif line.endswith(" {"):
            name = line.strip(" ")[:-2].replace('"', "")
            path = "".join(stack) + name
            if name in ("passdb", "userdb", "namespace"):
                seen[path] = seen.get(path, -1) + 1
                name += f"#{seen[path]}"
            stack.append(name + "/")
            found["".join(stack)] = "{}"
        # Where a value has a broken variable, doveconf 2.4 prints signs of it before one of its comments.
        elif line and not line.lstrip("\\{").startswith("# "):
            found[f"not understood: {line}"] = ""
    return found
