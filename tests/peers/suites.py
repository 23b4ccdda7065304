"""The peers' tests, suite by suite, as cases that mailaudit's readers are put through."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import augeas
import postconf
import pytest

from auditor.dovecot import v23_values, v24_values
from auditor.dovecot.configuration import Configuration
from auditor.dovecot.read import read_dovecot
from auditor.dovecot.v23_table import Definition, Type
from auditor.host import Host, Mount
from auditor.postfix.expansion import Expander, ExpansionError, Features, compare_levels
from auditor.postfix.read import read_postfix
from auditor.postfix.start_checks import is_hostname
from auditor.syntax.dovecot_variables import variables_error
from auditor.syntax.postfix_lines import braced, logical_lines, words
from auditor.text import SourceFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PEERS: Final = Path(__file__).parents[2] / "../shared/peer-tests"
SPACE: Final = " \t\r\n"


class Case(NamedTuple):
    """One case: ``suite/name``, and what asserts that mailaudit agrees."""

    name: str
    check: Callable[[], None]


def cases() -> Iterator[Case]:
    """Yield every case of every suite that is here."""
    for suite in SUITES:
        yield from suite()


def _loaded(path: str) -> Any:
    file = PEERS / path
    return json.loads(file.read_text()) if file.is_file() else []


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "surrogateescape")


# Postfix


def readlline() -> Iterator[Case]:
    """The first logical line of a text, and its number."""
    for folder in sorted((PEERS / "postfix-readlline").glob("case*/")):
        yield Case(f"postfix-readlline/{folder.name}", partial(_readlline, folder))


def _readlline(folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text())
    lines = list(logical_lines(SourceFile("/t", "t", _text(folder / "input"))))
    # C programs see the text up to the first NUL only; the peers' expectations hold the whole buffer.
    first = expected["first_logical_line"].split("\\0")[0].split("\0")[0]
    assert (lines[0].text if lines else "") == first
    if lines:
        assert lines[0].number == expected["first_line"]


def mystrtok() -> Iterator[Case]:
    """Splitting at white space, outside braces for the ``q`` form."""
    for function, rows in (_loaded("postfix-mystrtok/cases.json") or {}).items():
        for number, row in enumerate(rows):
            yield Case(f"postfix-mystrtok/{function}/{number}", partial(_mystrtok, row))


def _mystrtok(row: dict[str, Any]) -> None:
    assert [word.text for word in words(row["input"], SPACE)] == row["tokens"]


def mac_expand() -> Iterator[Case]:
    """``$`` expansion; the peers' test program adds an operator suffix and a function of its own."""
    features = Features(
        {"length": lambda left, right: len(left) - len(right)}, {"test_named_fn": lambda text: f"-=oO{text}Oo=-"}
    )
    for number, row in enumerate(_loaded("postfix-mac_expand/cases.json")):
        yield Case(f"postfix-mac_expand/{number}", partial(_expanded, row, features))
    levels = Features({"level": compare_levels}, {})
    for number, row in enumerate(_loaded("postfix-compat_level_expand/cases.json")):
        yield Case(f"postfix-compat_level_expand/{number}", partial(_expanded, row, levels))


def _expanded(row: dict[str, Any], features: Features) -> None:
    expander = Expander(row["attrs"].get, features, recursive=False)
    if row["error"]:
        with pytest.raises(ExpansionError) as caught:
            expander.expand(row["expr"])
        assert any(str(caught.value) in warning for warning in row["warnings"]), caught.value
        return
    expansion = expander.expand(row["expr"])
    assert (expansion.text, bool(expansion.undefined)) == (row["result"], row["undef"])


def mail_parm_split() -> Iterator[Case]:
    """Lists with elements in braces."""
    for number, row in enumerate(_loaded("postfix-mail_parm_split/cases.json")):
        yield Case(f"postfix-mail_parm_split/{number}", partial(_parm_split, row))


def _parm_split(row: dict[str, Any]) -> None:
    inside = [(word.text, braced(word) if word.text.startswith("{") else None) for word in words(row["input"])]
    assert [one.text if one else text for text, one in inside] == row["output"]
    errors = [one.error for _, one in inside if one and one.error]
    assert len(errors) == len(row["warnings"])
    assert all(error in warning for error, warning in zip(errors, row["warnings"], strict=True))


def postconf_cases() -> Iterator[Case]:
    """What postconf shows of two files."""
    for file in sorted((PEERS / "postfix-postconf").glob("*/expected.json")):
        yield Case(f"postfix-postconf/{file.parent.name}", partial(_postconf, file))


def _postconf(file: Path) -> None:
    case = json.loads(file.read_text())
    (run,) = case["runs"]
    host = Host((Mount("/etc/postfix", str(file.parent / "run0")),))
    configuration = read_postfix(host, "/etc/postfix", "3.11.7")
    expected = re.sub(r"\n +", " ", case["expected_output"])
    if "fatal:" in expected:
        assert configuration.problems
        return
    lines = [re.sub(" +", " ", line).rstrip() for line in expected.splitlines() if "./postconf: " not in line]
    found = postconf.printed(configuration, postconf.Request.of(run["args"]))
    # Some recipes pipe all that postconf prints through grep.
    wanted = re.search(r"\| *grep (\w+)", " ".join(case["recipe"]))
    found = [line for line in found if not wanted or wanted[1] in line]
    assert [line for line in found if not line.startswith("config_directory =")] == [
        line for line in lines if line and not line.startswith("config_directory =")
    ]


def raw() -> Iterator[Case]:
    """Host names; of the other files the reasons are in not_applicable.py."""
    for folder in sorted((PEERS / "postfix-raw").glob("*/")):
        for file in sorted(folder.glob("*.ref")):
            name = f"postfix-raw/{folder.name}/{file.name}"
            if file.name == "valid_hostname.ref":
                parts = re.split(r'testing: "(.*)"', _text(file))[1:]
                for text, said in zip(parts[::2], parts[1::2], strict=True):
                    yield Case(f"{name}/{text}", partial(_hostname, text, said))
            elif file.name == "mail_conf_time.ref":
                for line in _text(file).splitlines():
                    yield Case(f"postfix-time/{line}", partial(_postfix_time, line))
            else:
                yield Case(name, lambda: None)


def _hostname(text: str, said: str) -> None:
    assert is_hostname(text) == ("warning: valid_hostname:" not in said)


def _postfix_time(line: str) -> None:
    number, unit, seconds = re.fullmatch(r"(\d+) (\w+) = (\d+)", line).groups()  # type: ignore[union-attr]
    with TemporaryDirectory() as folder:
        Path(folder, "main.cf").write_text(f"maximal_backoff_time = {number}{unit[0]}\nqueue_run_delay = {seconds}s\n")
        configuration = read_postfix(Host((Mount("/p", folder),)), "/p", "3.11.7")
        assert not configuration.problems


# Dovecot


def config_parser() -> Iterator[Case]:
    """Values with ``$`` references, before and after the daemon expands them; heredocs."""
    for folder in sorted((PEERS / "dovecot-config-parser").glob("main-*/")):
        expected = json.loads((folder / "expected.json").read_text())
        for form in ("expanded", "unexpanded"):
            for key, value in expected[form].items():
                if key in REAL_KEYS:
                    name = f"dovecot-config-parser/{folder.name}/{key}/{form}"
                    yield Case(name, partial(_config_value, folder, key, form, value))
    for folder in sorted((PEERS / "dovecot-config-parser").glob("heredoc-*/")):
        yield Case(f"dovecot-config-parser/{folder.name}", partial(_heredoc, folder))


REAL_KEYS: Final = {
    "key": "login_greeting",
    "key2": "mail_server_comment",
    "key3": "mail_server_admin",
    "key4": "hostname",
    "key5": "instance_name",
    "pop3_deleted_flag": "pop3_deleted_flag",
    "env_key": "auth_anonymous_username",
    "env_key2": "auth_username_chars",
    "env_key3": "auth_krb5_keytab",
    "env_key4": "auth_gssapi_hostname",
    "env_key5": "auth_winbind_helper_path",
}
"""Settings of type STR in place of those of the test's own schema."""


def _dovecot(folder: Path, version: str, directory: str) -> Configuration:
    text = re.sub(r"\b(?:env_)?key\d?\b", lambda match: REAL_KEYS[match[0]], _text(folder / "input.conf"))
    text = re.sub("(?m)^protocols.*\n|^dovecot_storage_version.*\n", "", text)
    text = re.sub("(?m)^dovecot_config_version.*\n", rf"\g<0>dovecot_storage_version = {version}\n", text)
    Path(directory, "dovecot.conf").write_text(text)
    configuration = read_dovecot(Host((Mount("/d", directory),)), "/d/dovecot.conf", version, "")
    assert isinstance(configuration, Configuration)
    return configuration


def _config_value(folder: Path, key: str, form: str, value: str) -> None:
    version = folder.name.removeprefix("main-").replace("master", "2.4.5")
    with TemporaryDirectory() as directory:
        configuration = _dovecot(folder, version, directory)
        name = REAL_KEYS[key]
        setting = configuration.get(name) if form == "expanded" else configuration.settings().get(name)
        found = setting.value if setting else ""
        renamed = re.sub(r"(?:(?<=\$)|(?<=\$SET:))(?:env_)?key\d?\b", lambda match: REAL_KEYS[match[0]], value)
        assert found == renamed


def _heredoc(folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text())
    with TemporaryDirectory() as directory:
        configuration = _dovecot(folder, "2.4.5", directory)
        assert bool(configuration.problems) == expected["error"]
        setting = configuration.get(REAL_KEYS["key"])
        assert expected["error"] or (setting and setting.value == expected["key"])


def values() -> Iterator[Case]:
    """Boolean lists, times and sizes; the syntax of variables."""
    for number, row in enumerate(_loaded("dovecot-values/boollist-2.4.4.json")):
        yield Case(f"dovecot-values/boollist/{number}", partial(_elements, row))
    parsed = _loaded("dovecot-values/str-parse-2.4.4.json") or {}
    for function, kinds in parsed.items():
        for kind, rows in kinds.items():
            for row in rows:
                yield Case(f"dovecot-values/{function}/{kind}/{row['input']}", partial(_number, kind, function, row))
    for number, row in enumerate(_loaded("dovecot-values/var-expand-2.4.4.json")):
        is_syntax = row["ret"] < 0 and re.match("expecting|Premature|Invalid UTF-8", row["out"])
        group = "var-syntax" if row["ret"] == 0 or is_syntax else "var-expand"
        yield Case(f"dovecot-values/{group}/{number}", partial(_variables, row))


def _elements(row: dict[str, Any]) -> None:
    if "error" not in row:
        assert v24_values.elements(row["value"]) == row["items"]
        return
    with pytest.raises(v24_values.ValueRefusedError) as caught:
        v24_values.elements(row["value"])
    assert row["error"] in str(caught.value)


def _number(kind: str, function: str, row: dict[str, Any]) -> None:
    is_time = function.endswith("interval")
    parse = partial(v24_values.seconds, milliseconds=kind.startswith("msecs")) if is_time else v24_values.size
    if not row.get("error"):
        assert parse(row["input"]) == row["value"]
        return
    with pytest.raises(v24_values.ValueRefusedError):
        parse(row["input"])
    with pytest.raises(v23_values.InvalidValueError):
        v23_values.canonical(
            Definition("x", Type.TIME_MSECS if kind.startswith("msecs") else Type.TIME if is_time else Type.SIZE),
            row["input"],
        )


def _variables(row: dict[str, Any]) -> None:
    text = row["in"].encode("latin-1").decode("utf-8", "surrogateescape")
    assert bool(variables_error(text, strict=True)) == (row["ret"] < 0)


def augeas_cases() -> Iterator[Case]:
    """Augeas' texts parse to the same keys and values."""
    for folder in sorted(PEERS.glob("augeas-*/case*/")):
        case = json.loads((folder / "expected.json").read_text())
        if "tree" in case:
            lens = folder.parent.name.removeprefix("augeas-")
            yield Case(f"{folder.parent.name}/{folder.name}/tree", partial(_augeas, lens, case))
        else:
            yield Case(f"{folder.parent.name}/{folder.name}", lambda: None)


def _augeas(lens: str, case: dict[str, Any]) -> None:
    with TemporaryDirectory() as folder:
        found = augeas.pairs(lens, case["input"], Path(folder))
    wanted = augeas.expected(lens, case["tree"])
    assert augeas.comparable(lens, found) == augeas.comparable(lens, wanted)


SUITES: Final = (
    *(readlline, mystrtok, mac_expand, mail_parm_split, postconf_cases, raw),
    *(config_parser, values, augeas_cases),
)
