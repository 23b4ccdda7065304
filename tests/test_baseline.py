"""Baselines: what is known does not fail, what is new does, and what is gone is named."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from reports import validated

from auditor import cli

if TYPE_CHECKING:
    from pathlib import Path

MAIN = "compatibility_level = 3.6\nsmtpd_tls_req_ccert = yes\n"
UNKNOWN = "nope\n"
ONLY = ("--select", "req-ccert-ignored,syntax-error")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "etc/postfix").mkdir(parents=True)
    (tmp_path / "etc/postfix/main.cf").write_text(MAIN)
    (tmp_path / "etc/postfix/master.cf").write_text("smtp inet n - y - - smtpd\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def report(host: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*arguments: str) -> tuple[int, list[str], dict[str, Any]]:
        only = () if "--select" in arguments else ONLY
        status = cli.run(["etc", "--format", "json", *only, *arguments])
        out, err = capsys.readouterr()
        assert err == ""
        found = validated(out)
        return status, [finding["rule"] for finding in found["findings"]], found

    return run


def test_the_way_of_a_baseline(host: Path, report: Any) -> None:
    main = host / "etc/postfix/main.cf"
    assert report("--write-baseline", "known.json")[:2] == (0, [])
    assert report("--baseline", "known.json")[:2] == (0, [])

    main.write_text("# a line more\n" + MAIN + UNKNOWN)
    status, rules, found = report("--baseline", "known.json")
    assert (status, rules) == (1, ["syntax-error"])
    assert [one["rule"] for one in found["suppressed"]] == ["req-ccert-ignored"]
    assert "known.json" in found["suppressed"][0]["suppression"]["reason"]

    main.write_text(MAIN.replace("yes", "no") + UNKNOWN)
    before = (host / "known.json").read_text()
    status, rules, found = report("--baseline", "known.json")
    assert (status, rules) == (1, ["syntax-error"])
    assert [(one["rule"], one["file"]) for one in found["baseline"]["gone"]] == [
        ("req-ccert-ignored", "/etc/postfix/main.cf")
    ]
    assert (host / "known.json").read_text() == before

    assert report("--baseline", "known.json", "--update-baseline")[0] == 1
    assert json.loads((host / "known.json").read_text())["findings"] == []
    assert report("--baseline", "known.json")[2]["baseline"]["gone"] == []


def test_one_more_of_the_same_is_new(host: Path, report: Any) -> None:
    (host / "etc/postfix/main.cf").write_text("nope\nx = y\nnope\n")
    report("--write-baseline", "known.json")
    assert len(json.loads((host / "known.json").read_text())["findings"]) == 2
    (host / "etc/postfix/main.cf").write_text("nope\nnope\nx = y\nnope\n")
    assert report("--baseline", "known.json")[:2] == (1, ["syntax-error"])
    (host / "etc/postfix/main.cf").write_text("nope\nx = y\n")
    status, _, found = report("--baseline", "known.json")
    assert (status, len(found["baseline"]["gone"])) == (0, 1)


def test_what_was_not_looked_at_is_not_gone(host: Path, report: Any) -> None:
    report("--write-baseline", "known.json")
    before = (host / "known.json").read_text()
    assert report("--baseline", "known.json", "--update-baseline", "--select", "syntax-error")[0] == 0
    assert (host / "known.json").read_text() == before


def test_the_file_changes_little_and_names_no_line(host: Path, report: Any) -> None:
    report("--write-baseline", "known.json")
    before = (host / "known.json").read_text()
    data = json.loads(before)
    assert data["tool"]["name"] == "mailaudit"
    assert set(data["findings"][0]) == {"rule", "file", "fingerprint"}
    (host / "etc/postfix/main.cf").write_text("\n\n" + MAIN)
    report("--write-baseline", "known.json")
    assert (host / "known.json").read_text() == before


def test_the_configuration_may_name_it(host: Path, report: Any) -> None:
    (host / "known").mkdir()
    report("--write-baseline", "known/known.json")
    (host / "mailaudit.toml").write_text('baseline = "known/known.json"\n')
    assert report()[:2] == (0, [])


def test_people_see_it(host: Path, report: Any, capsys: pytest.CaptureFixture[str]) -> None:
    report("--write-baseline", "known.json")
    assert cli.run(["etc", *ONLY, "--baseline", "known.json"]) == 0
    assert "1 known from the baseline" in capsys.readouterr().out
    (host / "etc/postfix/main.cf").write_text(MAIN.replace("yes", "no"))
    assert cli.run(["etc", *ONLY, "--baseline", "known.json"]) == 0
    out = capsys.readouterr().out
    assert "No longer found" in out
    assert "[req-ccert-ignored] /etc/postfix/main.cf" in out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "no such file"),
        ("", "no baseline"),
        ("[]", "no baseline"),
        ('{"findings": [1], "fingerprint_version": "1"}', "no baseline"),
        ("[" * 100_000, "no baseline"),
        ('{"findings": [], "fingerprint_version": "0"}', "write it anew"),
        ('{"findings": [{"rule": 1, "file": 2, "fingerprint": 3}], "fingerprint_version": "1"}', "write it anew"),
    ],
)
def test_a_file_that_is_none(host: Path, capsys: pytest.CaptureFixture[str], text: str | None, words: str) -> None:
    if text is not None:
        (host / "known.json").write_text(text)
    assert cli.run(["etc", *ONLY, "--baseline", "known.json"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), words in err) == ("", 1, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--update-baseline"], "needs --baseline"),
        (["--update-baseline", "--baseline", "x", "--write-baseline", "y"], "no --write-baseline"),
        (["--write-baseline", "etc/postfix/main.cf"], "is audited"),
        (["--write-baseline", "no/folder/x"], "cannot write"),
    ],
)
def test_wrong_usage(host: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    assert cli.run(["etc", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert (host / "etc/postfix/main.cf").read_text() == MAIN


def test_files_are_written_as_a_whole(host: Path, report: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader sees the old file or the new one; mode and symlink stay."""
    real, link = host / "real.json", host / "link.json"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to("real.json")
    with real.open() as reader:
        assert report("--write-baseline", "link.json")[0] == 0
        assert reader.read() == "old"
    assert link.is_symlink()
    assert json.loads(real.read_text())["findings"]
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in host.iterdir()) == ["etc", "link.json", "real.json"]

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    before = real.read_text()
    monkeypatch.setattr(os, "fsync", full)
    assert cli.run(["etc", "--write-baseline", "link.json"]) == 2
    assert real.read_text() == before
    assert sorted(path.name for path in host.iterdir()) == ["etc", "link.json", "real.json"]
