"""The command line as users and scripts meet it: options, streams, exit status."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest
from reports import validated

from auditor import __version__, audit, cli, rule
from auditor.finding import Confidence, Finding, Location, NotChecked, Severity
from auditor.rule import HostRule

REPOSITORY = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "auditor"]
CLEAN = [
    "compatibility_level = 3.6",
    "mydestination = example.org",
    "smtpd_tls_security_level = may",
    "smtpd_tls_chain_files = /etc/ssl/mail.pem",
    "smtp_tls_security_level = may",
]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host with a Postfix that has nothing to find, as the working directory."""
    (tmp_path / "etc/postfix").mkdir(parents=True)
    (tmp_path / "etc/postfix/main.cf").write_text("\n".join(CLEAN) + "\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def one_rule(monkeypatch: pytest.MonkeyPatch, severity: Severity = Severity.MEDIUM, *, gap: bool = False) -> None:
    """Have one rule only, which finds something, or says that it could not check something."""

    class Fake(HostRule):
        """Something is wrong."""

        name = "fake-rule"

        def check(self, subject):
            if gap:
                yield NotChecked("a thing", "a reason", (self.name,))
                return
            location = Location.of(subject.postfix[0].configuration.main_file.span(0, 5), primary=True)
            yield Finding(self.name, severity, Confidence.HIGH, "it is wrong", (location,))

    Fake.severity = severity
    monkeypatch.setattr(rule, "discover", lambda: [Fake])


def run(*arguments: str) -> int:
    return cli.run(arguments)


@pytest.mark.parametrize(
    ("severity", "arguments", "status"),
    [
        (Severity.MEDIUM, [], 1),
        (Severity.INFO, [], 0),
        (Severity.INFO, ["--fail-on", "info"], 1),
        (Severity.MEDIUM, ["--fail-on", "high"], 0),
        (Severity.MEDIUM, ["--severity", "high"], 1),
        (Severity.CRITICAL, ["--exit-zero"], 0),
        (Severity.CRITICAL, ["--ignore", "fake-rule"], 0),
        (Severity.CRITICAL, ["--select", "fake-rule"], 1),
    ],
)
def test_findings_decide_the_status(
    host: Path, monkeypatch: pytest.MonkeyPatch, severity: Severity, arguments: list[str], status: int
) -> None:
    one_rule(monkeypatch, severity)
    assert run("etc", *arguments) == status


@pytest.mark.parametrize(("arguments", "status"), [([], 0), (["--select", "fake-rule"], 1)])
def test_a_rule_that_is_off_runs_when_it_is_selected(
    host: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], status: int
) -> None:
    one_rule(monkeypatch)
    monkeypatch.setattr(rule.discover()[0], "off_because", "distributions patch it")
    assert run("etc", *arguments) == status


def test_the_list_of_rules_says_why_one_is_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one_rule(monkeypatch)
    monkeypatch.setattr(rule.discover()[0], "off_because", "distributions patch it")
    run("rules")
    assert "Off by default: distributions patch it." in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(("arguments", "status"), [([], 0), (["--strict"], 1), (["--strict", "--exit-zero"], 0)])
def test_strict_fails_on_what_was_not_checked(
    host: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], status: int
) -> None:
    one_rule(monkeypatch, gap=True)
    assert run("etc", *arguments) == status


def test_what_is_hidden_is_counted(
    host: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one_rule(monkeypatch, Severity.INFO)
    run("etc")
    out = capsys.readouterr().out
    assert "fake-rule" not in out
    assert "1 of them below low and not shown" in " ".join(out.split())


def test_a_rule_that_raises_hides_no_other(
    host: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one_rule(monkeypatch)
    (good,) = rule.discover()

    class Broken(HostRule):
        """It raises."""

        name = "broken-rule"
        severity = Severity.LOW

        def check(self, subject):
            yield self.not_checked("a thing", "a reason")
            raise KeyError("hunter2")

    monkeypatch.setattr(rule, "discover", lambda: [Broken, good])
    assert run("etc", "--format", "json") == 3
    out, err = capsys.readouterr()
    report = validated(out)
    assert [finding["rule"] for finding in report["findings"]] == ["fake-rule"]
    assert ["broken-rule"] in [entry["rules"] for entry in report["not_checked"]]
    (error,) = report["errors"]
    assert (error["rule"], error["internal"]) == ("broken-rule", True)
    assert "KeyError at test_cli.py:" in error["message"]
    assert "broken-rule" in err
    assert "hunter2" not in out + err
    assert "Traceback" not in err


@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit])
def test_the_user_can_stop_a_rule(host: Path, monkeypatch: pytest.MonkeyPatch, raised: type[BaseException]) -> None:
    one_rule(monkeypatch)
    (fake,) = rule.discover()
    monkeypatch.setattr(fake, "check", lambda *_: (_ for _ in ()).throw(raised()))
    if raised is KeyboardInterrupt:
        assert run("etc") == 130
    else:
        with pytest.raises(SystemExit):
            run("etc")


def test_an_error_of_our_own_is_one_line(
    host: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "audit", lambda *_, **__: {}["hunter2"])
    assert run("etc") == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("mailaudit: internal error: mailaudit failed with KeyError at test_cli.py:")
    assert err.count("\n") == 1
    assert "hunter2" not in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--nope"], "--nope"),
        (["--format", "xml"], "xml"),
        (["--severity", "bad"], "bad"),
        (["--select", "passdb-empty-pasword"], "did you mean 'passdb-empty-password'"),
        (["--ignore", "qqqqqqqq"], "qqqqqqqq"),
        (["--now", "yesterday"], "yesterday"),
        (["--dovecot-version", "new"], "new"),
        (["--postfix-version", "3.7-x"], "3.7-x"),
        (["--root", "nowhere"], "nowhere"),
        (["nowhere"], "nowhere: no such file"),
        (["etc/\x1b[31m\nx"], "x1b[31m\\x0ax: no such"),
        (["--no-color", "rules"], "./rules"),
        (["explain"], "RULE"),
        (["explain", "nope"], "nope"),
        (["why", "suppression-unused", "etc"], "about what other rules find"),
        (["settings", "etc", "--filter", "port=1"], "protocol, local"),
        (["settings", "nowhere"], "nowhere"),
        (["--output", "no/such/folder/x"], "no/such/folder/x"),
        (["--output", "etc/postfix/main.cf"], "is audited"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(
    host: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    before = [] if arguments[0] in (*cli.SUBCOMMANDS, "--no-color") else ["etc"]
    assert run(*before, *arguments) == 2
    err = capsys.readouterr().err
    assert words in err
    assert err.startswith("mailaudit: ")
    assert err.count("\n") == 1
    assert "\x1b" not in err


def test_a_missing_path_hides_no_other(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("nowhere", "etc", "--format", "json") == 2
    report = validated(capsys.readouterr().out)
    assert [one["config_directory"] for one in report["hosts"][0]["postfix"]] == ["etc/postfix"]
    assert [(error["path"], error["internal"]) for error in report["errors"]] == [("nowhere", False)]


@pytest.mark.parametrize(
    "arguments", [["empty"], ["empty", "--format", "json"], ["settings", "empty"], ["--root", "empty"]]
)
def test_nothing_to_audit_is_status_4_and_one_line(
    host: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    (host / "empty").mkdir()
    assert run(*arguments) == 4
    out, err = capsys.readouterr()
    assert err.count("\n") == 1
    assert "no Dovecot or Postfix configuration found" in err
    if "json" in arguments:
        validated(out)


def test_without_a_path_it_is_etc(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--root", str(host), "--format", "json") == 0
    (found,) = validated(capsys.readouterr().out)["hosts"]
    assert found["root"] == str(host)
    assert run("--output", os.devnull) in (0, 1, 2, 4), "the /etc of this machine, whatever it holds"


def test_a_path_with_the_name_of_a_sub_command(host: Path) -> None:
    (host / "rules/etc").mkdir(parents=True)
    (host / "rules/etc/dovecot.conf").write_text("dovecot_config_version = 2.4.1\ndovecot_storage_version = 2.4.1\n")
    assert run("./rules", "--exit-zero") == 0


def test_options_may_follow_paths_and_json_goes_to_a_file(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("etc", "--format=json", "--output", "report.json") == 0
    assert capsys.readouterr().out == ""
    assert validated((host / "report.json").read_text())["tool"] == {"name": "mailaudit", "version": __version__}


def test_the_versions_given_are_used(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("etc", "--postfix-version", "3.4.1", "--format", "json")
    (instance,) = validated(capsys.readouterr().out)["hosts"][0]["postfix"]
    assert (instance["version"], instance["version_from"]) == ("3.4.1", "option")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2030-02-03", "2030-02-03T00:00:00+00:00"),
        ("2030-02-03T04:05:06Z", "2030-02-03T04:05:06+00:00"),
        ("2030-02-03T04:05:06+02:00", "2030-02-03T02:05:06+00:00"),
    ],
)
def test_now_is_in_utc(host: Path, monkeypatch: pytest.MonkeyPatch, text: str, moment: str) -> None:
    seen = []
    real = audit.audit
    monkeypatch.setattr(audit, "audit", lambda *args, **kwargs: (seen.append(kwargs["now"]), real(*args, **kwargs))[1])
    run("etc", "--now", text)
    assert [one.isoformat() for one in seen] == [moment]


def test_rules_are_listed_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("rules") == 0
    assert "syntax-error" in capsys.readouterr().out
    assert run("explain", "syntax-error") == 0
    explained = capsys.readouterr().out
    expected = ("Severity: high", "Tags: refused", "Proved on: Dovecot 2.3.19", *rule.SECTIONS)
    assert [word for word in expected if word not in explained] == []
    assert max(map(len, explained.splitlines())) <= 80
    assert run("rules", "--format", "json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in listed] == [one.name for one in rule.discover()]


@pytest.mark.parametrize("command", [[], ["explain"], ["rules"], ["settings"]])
def test_help(capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    assert run(*command, "--help") == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Usage: {' '.join(['mailaudit', *command])} ")


def started(
    *arguments: str, stdout: IO[bytes] | int = subprocess.PIPE, environment: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **(environment or {})},
    )


def test_a_reader_that_goes_away_is_no_error(host: Path) -> None:
    """As in ``mailaudit /etc | head -1``, with more to say than a pipe holds."""
    (host / "etc/postfix/master.cf").write_text("broken\n" * 3000)
    process = started("etc")
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(30) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_one_line(host: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        process = started("etc", stdout=full)
        _, err = process.communicate(timeout=30)
    assert err == b"mailaudit: cannot write the report: no space left on device\n"
    assert process.returncode == 2


def test_output_in_an_encoding_that_lacks_a_character(host: Path) -> None:
    (host / "etc/postfix/main.cf").write_text("äöü€ = \udcff\n", errors="surrogateescape")
    process = started("settings", "etc", environment={"PYTHONIOENCODING": "ascii"})
    _, err = process.communicate(timeout=30)
    assert b"Traceback" not in err
    assert process.returncode in (0, 1)


def test_interrupted(host: Path) -> None:
    # Who starts the tests in the background has them ignore it.
    code = "import signal, time, auditor.cli as c\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    code += "c.audit_command.callback = lambda **_: (signal.raise_signal(signal.SIGINT), time.sleep(30))\n"
    code += "import sys; sys.argv = ['mailaudit']; c.main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=REPOSITORY, check=False, timeout=30)
    assert done.returncode == 128 + signal.SIGINT
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "coloured"),
    [
        ([], {}, True),
        (["--no-color"], {}, False),
        ([], {"NO_COLOR": "1"}, False),
        ([], {"NO_COLOR": ""}, True),
        ([], {"TERM": "dumb"}, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(
    host: Path, arguments: list[str], environment: dict[str, str], coloured: bool
) -> None:
    (host / "etc/postfix/master.cf").write_text("broken\n")
    ours, theirs = pty.openpty()
    clean = {"TERM": "xterm-256color", "NO_COLOR": "", "COLUMNS": "100"} | environment
    process = started("etc", *arguments, stdout=theirs, environment=clean)
    os.close(theirs)
    out = b""
    while True:
        try:
            out += (got := os.read(ours, 65536))
        except OSError:
            break
        if not got:
            break
    assert process.wait(30) == 1
    os.close(ours)
    assert (b"\x1b[" in out) is coloured
    assert b"syntax-error" in out


def test_json_has_no_raw_control_characters(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (host / "etc/postfix/master.cf").write_text("br\x7foken\x1b[31m \u202e\n")
    assert run("etc", "--format", "json") == 1
    out = capsys.readouterr().out
    assert out.isascii()
    assert not [char for char in out if ord(char) < 0x20 and char != "\n"]
    assert "\x7f" not in out
    assert validated(out)["findings"]
