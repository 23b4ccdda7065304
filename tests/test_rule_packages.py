"""Rule packages: the example installed from its folder, and packages that are broken."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from auditor import api, testing
from auditor.rule import PostfixRule

REPOSITORY = Path(__file__).parents[1]
EXAMPLE = REPOSITORY / "examples/rule-package"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the example package is installed, without a network."""
    # Looking for pip with find_spec makes the setuptools of other tests trip over its distutils.
    if {"pip", "setuptools"} - {distribution.name for distribution in distributions()}:
        pytest.skip("needs pip and setuptools")
    folder = tmp_path_factory.mktemp("site")
    source = folder / "source"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--target", str(folder / "installed")]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(source)], check=True)
    return folder / "installed"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "etc/postfix").mkdir(parents=True)
    (tmp_path / "etc/postfix/main.cf").write_text("compatibility_level = 3.6\nrelayhost = [mx.example.net]\n")
    (tmp_path / "etc/postfix/master.cf").write_text("smtp unix - - y - - smtp\n")
    return tmp_path


def mailaudit(site: Path, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join((str(site), str(REPOSITORY)))
    command = [sys.executable, "-m", "auditor", *arguments]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, cwd=site.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stderr
    return done


def test_its_rule_is_one_like_others(site: Path, tree: Path) -> None:
    assert "relayhost-not-ours" in mailaudit(site, "rules").stdout
    listed = json.loads(mailaudit(site, "rules", "--format", "json").stdout)
    assert {one["name"]: one["package"] for one in listed}["relayhost-not-ours"] == "house-rules"
    assert {one["package"] for one in listed} == {"mailaudit", "house-rules"}
    explained = mailaudit(site, "explain", "relayhost-not-ours").stdout
    assert "From the rule package house-rules" in explained
    assert "Why it matters" in explained

    only = ("--select", "relayhost-not-ours")
    report = json.loads(mailaudit(site, str(tree), *only, "--format", "json", status=1).stdout)
    (finding,) = report["findings"]
    assert (finding["rule"], finding["locations"][0]["line"]) == ("relayhost-not-ours", 2)
    (run,) = json.loads(mailaudit(site, str(tree), *only, "--format", "sarif", status=1).stdout)["runs"]
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert "house" in rules["relayhost-not-ours"]["properties"]["tags"]
    assert [one["ruleId"] for one in run["results"]] == ["relayhost-not-ours"]


def test_it_can_be_selected_suppressed_and_required(site: Path, tree: Path) -> None:
    only = ("--select", "relayhost-not-ours,suppression-unused")
    mailaudit(site, str(tree), *only, "--ignore", "relayhost-not-ours")
    (tree / "mailaudit.toml").write_text('rule-packages = ["House_Rules"]\n[severities]\nrelayhost-not-ours = "info"\n')
    mailaudit(site, str(tree), *only)
    (tree / "mailaudit.toml").write_text('rule-packages = ["other-rules"]\n')
    assert "'other-rules'" in mailaudit(site, str(tree), status=2).stderr
    (tree / "mailaudit.toml").unlink()
    main = tree / "etc/postfix/main.cf"
    main.write_text(main.read_text().replace("relayhost", "# mailaudit: ignore[relayhost-not-ours] a test\nrelayhost"))
    mailaudit(site, str(tree), *only)


def test_its_own_tests_pass(site: Path) -> None:
    path = os.pathsep.join((str(site), str(REPOSITORY)))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(EXAMPLE), "tests"]
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_ADDOPTS": ""}
    done = subprocess.run(command, env=environment, cwd=EXAMPLE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("raise KeyError('hunter2')\n", "importing the rule package theirs failed with KeyError at theirs.py:1"),
        ("from auditor.api import *\nclass X(HostRule):\n name = 'Bad Name'\n severity = Severity.LOW\n", "lower case"),
        ("from auditor.api import *\nclass X(HostRule):\n name = 'x-y'\n", "X has no severity"),
        (
            "from auditor.api import *\nclass X(HostRule):\n name = 'syntax-error'\n severity = Severity.LOW\n",
            "the name syntax-error, which another rule has",
        ),
    ],
)
def test_a_broken_package_hides_nothing(tmp_path: Path, tree: Path, module: str, words: str) -> None:
    site = tmp_path / "site"
    (site / "theirs-1.0.dist-info").mkdir(parents=True)
    (site / "theirs-1.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (site / "theirs-1.0.dist-info/entry_points.txt").write_text("[mailaudit.rules]\nt = theirs\n")
    (site / "theirs.py").write_text(module)
    (tree / "etc/postfix/main.cf").write_text("broken\n")
    done = mailaudit(site, str(tree), "--format", "json", "--select", "syntax-error", status=3)
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert "hunter2" not in done.stderr + done.stdout
    report = json.loads(done.stdout)
    assert [one["rule"] for one in report["findings"]] == ["syntax-error"]
    assert [one["internal"] for one in report["errors"]] == [True]


def test_what_the_interface_offers() -> None:
    """A name that leaves this list breaks rule packages: docs/versions.md says when it may."""
    assert set(api.__all__) >= {
        "AccessRule",
        "AuditedHost",
        "Confidence",
        "Dovecot",
        "DovecotRule",
        "DovecotSettingRule",
        "Finding",
        "HostRule",
        "NotChecked",
        "Postfix",
        "PostfixRule",
        "PostfixSettingRule",
        "Severity",
    }
    assert [name for name in api.__all__ if not hasattr(api, name)] == []
    assert set(testing.__all__) == {"Outcome", "check_documentation", "run"}


def test_the_helper_says_what_is_wrong() -> None:
    class Raises(PostfixRule):
        """It raises."""

        name = "it-raises"
        severity = api.Severity.LOW

        def check(self, postfix):
            raise KeyError

    with pytest.raises(AssertionError, match="KeyError"):
        testing.run(Raises, {"etc/postfix/main.cf": "a = b\n"})
    with pytest.raises(AssertionError, match="nothing to audit"):
        testing.run(Raises, {"etc/hosts": ""})
    with pytest.raises(AssertionError, match="needs a summary"):
        testing.check_documentation(Raises)


def test_a_secret_in_a_rule_about_a_setting_is_hidden() -> None:
    class Named(api.PostfixSettingRule):
        """A rule."""

        name = "named"
        severity = api.Severity.LOW
        parameters = ("mysql_password",)
        wrong = staticmethod(api.is_set)
        message = "{setting}"
        advice = ""

    files = {
        "etc/postfix/main.cf": "mysql_password = hunter2\n",
        "etc/postfix/master.cf": "smtp inet n - y - - smtpd\n",
    }
    assert [one.message for one in testing.run(Named, files).findings] == ["`mysql_password = # hidden`"]
