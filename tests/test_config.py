"""mailaudit.toml: where it is found, what it says, and what it must not."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
from cases import Case
from jsonschema import Draft202012Validator
from reports import validated

from auditor import cli
from auditor.config import ConfigError, find, load, problems, schema

if TYPE_CHECKING:
    from collections.abc import Sequence

MAIN_CF = """\
compatibility_level = 3.6
smtpd_tls_req_ccert = yes
smtpd_tls_security_level = may
smtpd_tls_chain_files = /etc/ssl/mail.pem
smtpd_tls_protocols = >=TLSv1.2
smtpd_helo_required = yes
disable_vrfy_command = yes
"""
RULE = "req-ccert-ignored"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository ``repo`` with a host ``repo/host`` that has a finding, as the working directory."""
    top = tmp_path / "repo"
    (top / "host/etc/postfix").mkdir(parents=True)
    (top / ".git").mkdir()
    (top / "host/etc/postfix/main.cf").write_text(MAIN_CF)
    (top / "host/etc/postfix/master.cf").write_text("smtp inet n - y - - smtpd\n")
    monkeypatch.chdir(top)
    return top / "host"


def report(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    status = cli.run([*arguments, "--format", "json"])
    out, err = capsys.readouterr()
    assert err == ""
    return {**validated(out), "status": status}


def rules_of(found: dict[str, Any]) -> set[str]:
    return {finding["rule"] for finding in found["findings"]}


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("mailaudit.toml", "host/etc"),
        ("host/mailaudit.toml", "host/etc"),
        ("host/etc/mailaudit.toml", "host"),
        ("host/etc/mailaudit.toml", "host/etc/postfix/main.cf"),
        ("host/etc/postfix/mailaudit.toml", "host/etc/postfix"),
    ],
)
def test_it_is_found_beside_the_tree_and_above_it(
    host: Path, capsys: pytest.CaptureFixture[str], file: str, path: str
) -> None:
    (host.parent / file).write_text(f'ignore = ["{RULE}"]\n')
    found = report(capsys, path)
    inside = file == "host/etc/mailaudit.toml" and path == "host"
    assert (RULE in rules_of(found), found["config"]) == ((True, None) if inside else (False, file))


def test_the_nearest_counts_and_a_project_file_as_well(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (host.parent / "mailaudit.toml").write_text(f'ignore = ["{RULE}"]\n')
    (host / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert report(capsys, "host")["config"] == "mailaudit.toml"
    (host / "pyproject.toml").write_text("[tool.mailaudit]\nexit-zero = true\n")
    found = report(capsys, "host")
    assert (found["config"], found["status"], RULE in rules_of(found)) == ("host/pyproject.toml", 0, True)
    (host / "pyproject.toml").write_text("it is not ours to read")
    assert report(capsys, "host")["config"] == "mailaudit.toml"


def test_nothing_above_the_repository_counts(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (host.parents[1] / "mailaudit.toml").write_text(f'ignore = ["{RULE}"]\n')
    assert report(capsys, "host")["config"] is None


@pytest.mark.parametrize(("tree", "found"), [("a/etc/postfix", "a"), ("a/postfix", "a"), ("a/b/postfix", None)])
def test_without_a_repository_it_lies_beside_the_tree(tmp_path: Path, tree: str, found: str | None) -> None:
    (tmp_path / tree).mkdir(parents=True)
    (tmp_path / "a/mailaudit.toml").write_text("strict = true\n")
    config = find([str(tmp_path / tree)])
    assert (config and config.path) == (str(tmp_path / "a/mailaudit.toml") if found else None)


def test_options_on_the_command_line_win(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (host / "mailaudit.toml").write_text(
        f'ignore = ["{RULE}"]\nseverity = "info"\nfail-on = "critical"\npostfix-version = "3.5.0"\nexit-zero = true\n'
    )
    assert report(capsys, "host")["hosts"][0]["postfix"][0]["version"] == "3.5.0"
    found = report(capsys, "host", "--ignore", "syntax-error", "--postfix-version", "3.9.0")
    assert RULE in rules_of(found)
    assert found["hosts"][0]["postfix"][0]["version"] == "3.9.0"
    assert report(capsys, "host", "--ignore", "syntax-error", "--fail-on", "low", "--no-exit-zero")["status"] == 1
    assert report(capsys, "host", "--no-config")["status"] == 1


def test_severities_are_the_users(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (host / "mailaudit.toml").write_text(f'select = ["{RULE}"]\n[severities]\n{RULE} = "info"\n')
    found = report(capsys, "host")
    assert (found["status"], found["summary"]["info"]) == (0, 1)


def test_the_days_before_an_expiry_are_the_users(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = Case(Path(__file__).parent / "rules/crl-expires-soon/bad-three-days-23")
    case.materialise(tmp_path)
    arguments = (str(tmp_path), "--now", "2026-11-22T12:00:00Z", "--no-modes")
    for notice, expected in ((2, False), (3, True)):
        (tmp_path / "mailaudit.toml").write_text(f"[assume]\ndays-before-expiry = {notice}\n")
        assert ("crl-expires-soon" in rules_of(report(capsys, *arguments))) is expected


@pytest.mark.parametrize("dialect", ["23", "24", "pf"])
def test_the_names_of_the_server_are_the_users(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], dialect: str
) -> None:
    """The default certificate is for mail.example.org, and none is chosen by the name mx.example.net."""
    Case(Path(__file__).parent / f"rules/server-name-mismatch/ok-own-name-{dialect}").materialise(tmp_path)
    arguments = (str(tmp_path), "--now", "2026-11-22T12:00:00Z", "--no-modes")
    for name, expected in (("mail.example.org", False), ("mx.example.net", True)):
        (tmp_path / "mailaudit.toml").write_text(f'[assume]\nserver-names = ["{name}"]\n')
        found = report(capsys, *arguments)
        assert ("server-name-mismatch" in rules_of(found)) is expected
        messages = [one["message"] for one in found["findings"] if one["rule"] == "server-name-mismatch"]
        assert all(name in message for message in messages)


def test_a_named_file_says_what_to_audit(host: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (host / "audit.toml").write_text('paths = ["etc"]\nroot = "."\n')
    found = report(capsys, "--config", "host/audit.toml")
    assert [one["config_directory"] for one in found["hosts"][0]["postfix"]] == ["host/etc/postfix"]
    assert found["hosts"][0]["root"] == "host"


def test_settings_are_read_as_they_are_audited(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (host / "mailaudit.toml").write_text('postfix-version = "3.5.0"\nformat = "json"\n')
    assert cli.run(["settings", "host"]) == 0
    assert json.loads(capsys.readouterr().out)["postfix"][0]["version"] == "3.5.0"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('fail_on = "low"', "unknown key 'fail_on'; did you mean 'fail-on'?"),
        ("qqqq = 1", "unknown key 'qqqq'"),
        ('severity = "hihg"', "did you mean 'high'?"),
        ("strict = 1", "strict must be true or false"),
        ('select = "syntax-error"', "select must be a list"),
        ("select = [1]", "each element of select must be a text in quotes"),
        ("[assume]\ndays_before_expiry = 3", "unknown key 'assume.days_before_expiry'; did you mean"),
        ("[assume]\ndays-before-expiry = -1", "from 0 to 3650"),
        ("[assume]\ndays-before-expiry = true", "a whole number"),
        ('[severities]\nsyntax-eror = "low"', "did you mean 'syntax-error'?"),
        ('[severities]\nsyntax-error = "bad"', "severities.syntax-error must be one of critical"),
        ('ignore = ["nope-nope"]', "nope-nope"),
        ('rule-packages = ["House_Rules"]', "the rule package 'House_Rules' that host/mailaudit.toml names"),
        ('dovecot-version = "new"', "new"),
        ("a = = b", "line 1"),
        ('"\\u001b[31m" = 1', "x1b[31m"),
        ("strict = \udcff", "utf-8"),
    ],
)
def test_what_is_wrong_is_one_line_and_status_2(
    host: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    (host / "mailaudit.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert cli.run(["host"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert err.startswith("mailaudit: ")
    assert err.count("\n") == 1
    assert "\x1b" not in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--config", "nowhere.toml"], "nowhere.toml: no such file"),
        (["--config", "host"], "host: is a directory"),
        (["--config", "pyproject.toml"], "no [tool.mailaudit]"),
        (["--config", "fifo"], "not a regular file"),
        (["--config", "pyproject.toml", "--no-config"], "exclude each other"),
    ],
)
def test_a_named_file_must_be_there(
    host: Path, capsys: pytest.CaptureFixture[str], arguments: Sequence[str], words: str
) -> None:
    (host.parent / "pyproject.toml").write_text("[project]\n")
    os.mkfifo(host.parent / "fifo")
    assert cli.run(["host", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_two_configurations_are_one_too_many(host: Path) -> None:
    for name in ("one", "two"):
        (host / name / "etc/postfix").mkdir(parents=True)
        (host / name / "mailaudit.toml").write_text("strict = true\n")
    with pytest.raises(ConfigError, match="--config"):
        find([str(host / "one"), str(host / "two")])
    assert find([str(host / "one"), str(host / "one/etc")])


def test_the_schema_is_valid_and_says_what_the_reader_does() -> None:
    Draft202012Validator.check_schema(schema())
    samples = ({}, {"strict": True}, {"strict": 1}, {"x": 1}, {"assume": {"days-before-expiry": 3651}}, {"select": [1]})
    for sample in samples:
        assert Draft202012Validator(schema()).is_valid(sample) is (list(problems(sample, schema())) == []), sample


def test_every_key_is_an_option_with_the_same_choices() -> None:
    options = {
        name: option
        for option in cli.audit_command.params
        for opt in (*option.opts, *option.secondary_opts)
        if (name := opt.removeprefix("--"))
    }
    tables = {"paths", "severities", "assume", "rule-packages"}
    for key, rules in schema()["properties"].items():
        if key in tables:
            continue
        option = options[key]
        if isinstance(option.type, click.Choice):
            # A plug-in's status is not for a file to change.
            assert rules["enum"] == [one for one in option.type.choices if one != "nagios"], key
        assert (rules["type"] == "boolean") is bool(getattr(option, "is_flag", False)), key
    not_for_files = {"output", "now", "version", "no-color", "config", "no-config", "write-baseline", "update-baseline"}
    not_for_files |= {"diff", "fix", "unsafe-fixes"}
    negative = {opt.removeprefix("--") for option in options.values() for opt in option.secondary_opts}
    assert set(options) - set(schema()["properties"]) == not_for_files | negative


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mailaudit.toml"
    file.write_text("#" * (1 << 20) + "\n#")
    with pytest.raises(ConfigError, match="1 MiB"):
        load(str(file))
