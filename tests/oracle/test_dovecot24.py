"""Dovecot 2.4 as mailaudit reads it, against doveconf 2.4.1 and 2.4.5."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from dovecot24_exceptions import TEXTS, TREES
from generated_dovecot import half_quoted

from auditor.dovecot.configuration import Configuration, Scope
from auditor.dovecot.v24 import interpret
from auditor.dovecot.v24_secrets import HIDDEN
from auditor.host import Host, Mount, Unreadable
from auditor.text import escaped

REPOSITORY = Path(__file__).parents[2]
SHARED = REPOSITORY.parent / "shared"
VERSIONS = {"trixie": "2.4.1", "sid": "2.4.5"}
WITHOUT_HEADER = (
    "foo \\\n# c\nbar {\n}",
    "foo \\\nbar\nHEADER",
    "foo \\\n\nHEADER",
    "foo\nHEADER",
    "!include \\\n # c\nb0.conf\nHEADER",
    "\\\nHEADER",
    "dovecot_config_version = \\\n2.4.1\ndovecot_storage_version = 2.4.1",
    "dovecot_config_version \\\n\n= 2.4.1\ndovecot_storage_version = 2.4.1",
    "dovecot_config_version = \\\nx\ndovecot_storage_version = 2.4.1",
    "dovecot_storage_version = 2.4.1 \\\n\nHEADER",
    "foo \\\n",
)
"""Whole files; HEADER stands for the two versions."""
TEXT_FILE = REPOSITORY / "tests/data/dovecot24-texts.txt"
BODIES = TEXT_FILE.read_text("utf-8").removesuffix("\n").split("\n---\n")


def _trees() -> dict[str, Path]:
    found = {
        main.parents[2].name: main.parent
        for main in sorted(SHARED.glob("corpus/*/etc/dovecot/dovecot.conf"))
        if "dovecot_config_version" in main.read_text("utf-8", "replace")
    }
    for suite in VERSIONS:
        tree = SHARED / "peer-tests/oracle-debian-trees" / suite / "dovecot"
        if tree.exists():
            found[f"debian-{suite}"] = tree
    return found


SHARED_TREES = _trees()
CASES = sorted(SHARED.glob("peer-tests/oracle-dovecot24/*/t.conf"))
needs_shared = pytest.mark.skipif(not SHARED_TREES, reason="../shared, which holds the corpus, is not here")


MORE_HIDDEN = re.compile(r"/fields/password$|^auth_policy/server_api_header$")
"""What doveconf shows and mailaudit does not: a password among a passdb's fields, an HTTP header that authorises."""


def read(folder: Path, suite: str, oracle: Any) -> Configuration:
    """Read a tree as it lies in the chroot, with the files that Debian's packages put beside it."""
    packaged = Path(oracle.BASE) / suite / "usr/share/dovecot"
    host = Host((Mount("/etc/dovecot", str(folder)), Mount("/usr/share/dovecot", str(packaged))))
    main = host.read_text("/etc/dovecot/dovecot.conf")
    assert not isinstance(main, Unreadable)
    return interpret(host, main, VERSIONS[suite], "option")


def shown(configuration: Configuration, wanted: dict[str, str], scope: Scope | None = None) -> dict[str, str]:
    """What settings() has; for what only mailaudit hides or only doveconf escapes, the wanted value stands in."""
    found = {name: setting.value for name, setting in configuration.settings(scope).items()}
    for name in found:
        if MORE_HIDDEN.search(name) and name in wanted:
            assert found[name] == HIDDEN
            found[name] = wanted[name]
        elif half_quoted(found[name]) == wanted.get(name):
            found[name] = wanted[name]
    return found


def refusal(errors: list[str]) -> tuple[int | None, str]:
    """The line that doveconf names, if any, and its words."""
    fatal = next((error for error in errors if "Fatal" in error or "Panic" in error), errors[0] if errors else "")
    frame = r"doveconf: (?:Fatal|Panic|Error): (?:Error in configuration file \S+?(?: line (\d+))?: )?(.*)"
    match = re.match(frame, fatal)
    assert match, errors
    return (int(match[1]) if match[1] else None), match[2]


def compare(oracle: Any, suite: str, folder: Path) -> None:
    status, output, errors, _ = oracle.dovecot_check(suite, folder)
    configuration = read(folder, suite, oracle)
    problems = configuration.problems
    if status:
        line, words = refusal(errors)
        assert problems, errors
        first = problems[0]
        assert line is None or first.span.line <= line <= first.span.end_line, (line, str(first.span), errors)
        # A Panic has the words without the setting's name. Of what is wrong when all is read doveconf tells everything.
        told = [escaped(words), *(escaped(error) for error in errors if line is None)]
        assert any(one.endswith(first.message) or first.message.endswith(f": {one}") for one in told)
        return
    if problems:
        # doveconf -n does not look at services nor at what variables name; the daemon and doveconf -x do.
        _, _, errors, _ = oracle.dovecot_check(suite, folder, ("-x", "-n"))
        assert any(problems[0].message in escaped(error) for error in errors), (problems[0].message, errors)
        return
    wanted = oracle.parse_tree(output)
    found = shown(configuration, wanted)
    assert found == wanted
    assert list(found) == list(wanted)


@needs_shared
@pytest.mark.parametrize("suite", VERSIONS)
@pytest.mark.parametrize("name", SHARED_TREES)
def test_trees(name: str, suite: str, oracle: Any) -> None:
    reason = TREES.get((name, suite)) or TREES.get((name, "*"))
    if reason:
        read(SHARED_TREES[name], suite, oracle).settings()
        pytest.skip(reason)
    compare(oracle, suite, SHARED_TREES[name])


@needs_shared
@pytest.mark.parametrize("suite", VERSIONS)
@pytest.mark.parametrize("name", SHARED_TREES)
def test_trees_for_one_protocol(name: str, suite: str, oracle: Any) -> None:
    reason = TREES.get((name, suite)) or TREES.get((name, "*"))
    if reason:
        pytest.skip(reason)
    status, output, _, _ = oracle.dovecot_check(suite, SHARED_TREES[name], filter={"protocol": "imap"})
    if status:
        pytest.skip("refused, as test_trees has it")
    wanted = oracle.parse_tree(output)
    assert shown(read(SHARED_TREES[name], suite, oracle), wanted, Scope(protocol="imap")) == wanted


@needs_shared
@pytest.mark.parametrize("suite", VERSIONS)
@pytest.mark.parametrize("case", CASES, ids=[case.parent.name for case in CASES])
def test_cases(case: Path, suite: str, oracle: Any, tmp_path: Path) -> None:
    shutil.copy(case, tmp_path / "dovecot.conf")
    if (case.parent / "sub.conf").exists():
        shutil.copy(case.parent / "sub.conf", tmp_path)
    compare(oracle, suite, tmp_path)


@pytest.mark.parametrize("suite", VERSIONS)
def test_a_group_in_a_filter_that_matches(suite: str, oracle: Any, tmp_path: Path) -> None:
    body = "local :: {\n protocol imap {\n  @mailbox_defaults = english\n }\n}\n"
    (tmp_path / "dovecot.conf").write_text(_header(suite) + body, "utf-8")
    status, output, errors, _ = oracle.dovecot_check(suite, tmp_path, filter={"protocol": "imap"})
    if suite == "trixie":
        assert any("assertion failed: (array_is_empty(&src_filter->include_groups))" in error for error in errors)
        return
    assert not status
    wanted = oracle.parse_tree(output)
    assert shown(read(tmp_path, suite, oracle), wanted, Scope(protocol="imap")) == wanted


@pytest.mark.parametrize("suite", VERSIONS)
@pytest.mark.parametrize("text", WITHOUT_HEADER)
def test_headers(text: str, suite: str, oracle: Any, tmp_path: Path) -> None:
    (tmp_path / "dovecot.conf").write_text(text.replace("HEADER", _header(suite)), "utf-8")
    compare(oracle, suite, tmp_path)


def _header(suite: str) -> str:
    version = VERSIONS[suite]
    return f"dovecot_config_version = {version}\ndovecot_storage_version = {version}\n"


@pytest.mark.parametrize("suite", VERSIONS)
@pytest.mark.parametrize("body", BODIES)
def test_texts(body: str, suite: str, oracle: Any, tmp_path: Path) -> None:
    header = _header(suite)
    (tmp_path / "dovecot.conf").write_text(f"{header}{body}\n", "utf-8")
    reason = TEXTS.get((body, suite)) or TEXTS.get((body, "*"))
    if reason:
        read(tmp_path, suite, oracle).settings()
        pytest.skip(reason)
    compare(oracle, suite, tmp_path)
