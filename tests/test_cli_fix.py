"""``--diff``, ``--fix`` and ``--unsafe-fixes`` as users meet them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from reports import validated

from auditor import cli, cli_fix
from auditor.fixing import rounds

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.change import Fix

MAIN = Path("etc/postfix/main.cf")
MASTER = Path("etc/postfix/master.cf")
BAD = "compatibility_level = 3.6\nmyhostname = mail.example.org\nsoft_bounce = yes\n"
LIST = "smtpd_relay_restrictions = permit_tls_clientcerts, reject_unauth_destination\n"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host whose Postfix bounces softly, as the working directory."""
    (tmp_path / "etc/postfix").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    MAIN.write_text(BAD)
    return tmp_path


def run(*arguments: str) -> int:
    return cli.run(["--select", "soft-bounce-on", *arguments, "etc"])


@pytest.mark.usefixtures("host")
def test_diff_shows_what_fix_would_write(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--diff") == 1
    out, err = capsys.readouterr()
    assert out == (
        "--- etc/postfix/main.cf\n"
        "+++ etc/postfix/main.cf\n"
        "@@ -1,3 +1,3 @@\n"
        " compatibility_level = 3.6\n"
        " myhostname = mail.example.org\n"
        "-soft_bounce = yes\n"
        "+soft_bounce = no\n"
    )
    assert err == "mailaudit: 1 finding would be mended\n"
    assert MAIN.read_text() == BAD


@pytest.mark.skipif(not shutil.which("patch"), reason="there is no patch")
@pytest.mark.parametrize("text", [BAD, BAD.rstrip(), BAD + "# the end\n\n", "\n" * 9 + BAD + "\n" * 9])
def test_patch_takes_the_diff(host: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    MAIN.write_text(text)
    assert run("--diff") == 1
    diff = capsys.readouterr().out
    subprocess.run(["patch", "-p0", "--posix"], input=diff, text=True, check=True, cwd=host, capture_output=True)
    assert MAIN.read_text() == text.replace("soft_bounce = yes", "soft_bounce = no")


@pytest.mark.usefixtures("host")
def test_fix_writes_and_reports_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--fix") == 0
    out, err = capsys.readouterr()
    assert "no findings" in out
    assert err == "mailaudit: changed etc/postfix/main.cf\nmailaudit: 1 finding mended\n"
    assert MAIN.read_text() == BAD.replace("yes", "no")
    assert run("--fix") == 0
    assert capsys.readouterr().err == "mailaudit: 0 findings mended\n"


@pytest.mark.usefixtures("host")
def test_nothing_to_mend_is_an_empty_diff(capsys: pytest.CaptureFixture[str]) -> None:
    MAIN.write_text(BAD.replace("yes", "no"))
    assert run("--diff") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("host")
def test_what_is_not_shown_is_not_mended(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--fix", "--severity", "critical") == 1
    assert cli.run(["--select", "debug-left-on", "--fix", "etc"]) == 0
    assert run("--write-baseline", "known.json") == 0
    assert run("--fix", "--baseline", "known.json") == 0
    MAIN.write_text(BAD.replace("soft", "# mailaudit: ignore[soft-bounce-on] it is new\nsoft"))
    assert run("--fix") == 0
    assert "soft_bounce = yes" in MAIN.read_text()
    assert "changed" not in capsys.readouterr().err


def certificates_unasked(unsafe: Callable[[Fix], Fix] | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a fix that needs consent: one of ask-ccert-missing."""
    from auditor.rules.postfix import ask_ccert_missing

    made = ask_ccert_missing.all_of
    if unsafe:
        monkeypatch.setattr(ask_ccert_missing, "all_of", lambda *fixes: unsafe(made(*fixes)))
    tls = "smtpd_tls_security_level = may\nsmtpd_tls_chain_files = /etc/ssl/mail.pem\n"
    MAIN.write_text(BAD + tls + LIST + "relay_clientcerts = inline:{AA:BB=alice}\nsmtpd_tls_CAfile =\n")
    MASTER.write_text("smtp inet n - y - - smtpd\nsubmission inet n - y - - smtpd\n")


@pytest.mark.usefixtures("host")
def test_fixes_that_need_consent(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    certificates_unasked(lambda fix: fix.unsafe(), monkeypatch)
    arguments = ["--select", "ask-ccert-missing", "etc"]
    assert cli.run([*arguments, "--fix"]) == 1
    err = capsys.readouterr().err
    assert err == "mailaudit: 0 findings mended\nmailaudit: 1 more may be mended with --unsafe-fixes\n"
    assert cli.run([*arguments]) == 1
    assert "; 1 may be mended by --unsafe-fixes." in capsys.readouterr().out.replace("\n", " ")
    assert cli.run([*arguments, "--fix", "--unsafe-fixes"]) == 0
    assert MASTER.read_text().endswith("submission inet n - y - - smtpd\n  -o smtpd_tls_ask_ccert=yes\n")


@pytest.mark.usefixtures("host")
def test_a_fix_that_does_not_hold_is_not_made_and_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "fault", lambda *_: "it would do harm")
    assert run("--fix") == 1
    assert "not mended: soft-bounce-on at etc/postfix/main.cf:3: it would do harm" in capsys.readouterr().err
    assert MAIN.read_text() == BAD
    assert run("--diff") == 1
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("host")
def test_reports_tell_of_fixes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 1
    assert "; 1 may be mended by --fix, --diff shows how." in capsys.readouterr().out.replace("\n", " ")
    assert run("--format", "json") == 1
    (finding,) = validated(capsys.readouterr().out)["findings"]
    assert finding["fix"] == {"safe": True, "title": "write `soft_bounce = no`"}
    assert run("--format", "sarif") == 1
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    assert result["properties"]["fix"] == {"safe": True, "title": "write `soft_bounce = no`"}


@pytest.mark.usefixtures("host")
def test_a_report_on_very_many_lines_tells_of_no_fixes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_fix, "MAX_LINES", 2)
    assert run("--format", "json") == 1
    assert [one["fix"] for one in validated(capsys.readouterr().out)["findings"]] == [None]
    assert run("--diff") == 1
    assert "+soft_bounce = no" in capsys.readouterr().out


@pytest.mark.usefixtures("host")
def test_secrets_are_hidden_in_the_diff(capsys: pytest.CaptureFixture[str]) -> None:
    MAIN.rename(MAIN.with_name("real.cf"))
    MAIN.symlink_to("real.cf")
    password = "lmtp_sasl_password_maps = inline:{example.org=user:geheim}\n"
    MAIN.write_text(password + BAD + password)
    assert run("--diff") == 1
    out = capsys.readouterr().out
    assert "-soft_bounce = yes" in out
    assert "geheim" not in out


@pytest.mark.usefixtures("host")
def test_control_characters_are_escaped_in_the_diff(capsys: pytest.CaptureFixture[str]) -> None:
    MAIN.write_bytes(BAD.encode() + b"# \x1b[31m\xff\n")
    assert run("--diff") == 1
    assert " # \\x1b[31m\\xff\n" in capsys.readouterr().out


@pytest.mark.usefixtures("host")
def test_bytes_that_are_no_utf8_are_kept() -> None:
    MAIN.write_bytes(BAD.encode() + b"# \x1b[31m\xff\r\n")
    assert run("--fix") == 0
    assert MAIN.read_bytes() == BAD.replace("yes", "no").encode() + b"# \x1b[31m\xff\r\n"


@pytest.mark.usefixtures("host")
def test_modes_are_shown_as_commands(capsys: pytest.CaptureFixture[str]) -> None:
    MAIN.write_text("smtp_sasl_password_maps = texthash:/etc/postfix/sasl passwd\nsmtp_sasl_auth_enable = yes\n")
    MAIN.write_text(MAIN.read_text().replace("sasl passwd", "sasl_passwd"))
    passwords = MAIN.with_name("sasl_passwd")
    passwords.write_text("[relay.example.net] user:geheim\n")
    passwords.chmod(0o644)
    arguments = ["--select", "sasl-passwd-readable", "--modes", "etc"]
    assert cli.run([*arguments, "--diff"]) == 1
    assert capsys.readouterr().out == "chmod 0640 etc/postfix/sasl_passwd\n"
    assert passwords.stat().st_mode & 0o777 == 0o644
    assert cli.run([*arguments, "--fix"]) == 0
    assert passwords.stat().st_mode & 0o777 == 0o640


@pytest.mark.usefixtures("host")
def test_a_file_that_cannot_be_written_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    os.link(MAIN, "other")
    assert run("--fix") == 2
    assert capsys.readouterr().err.startswith("mailaudit: etc/postfix/main.cf has another name (a hard link)")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--diff", "--fix"],
        ["--unsafe-fixes"],
        ["--fix", "--write-baseline", "known.json"],
        ["--diff", "--output", "etc/postfix/main.cf"],
    ],
)
@pytest.mark.usefixtures("host")
def test_options_that_exclude_each_other(arguments: list[str]) -> None:
    assert run(*arguments) == 2
    assert MAIN.read_text() == BAD


@pytest.mark.usefixtures("host")
def test_a_configuration_of_the_tree_cannot_have_files_written() -> None:
    Path("mailaudit.toml").write_text("fix = true\n")
    assert run() == 2
    assert MAIN.read_text() == BAD


@pytest.mark.usefixtures("host")
def test_each_host_is_mended(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        Path(name, "etc/postfix").mkdir(parents=True)
        Path(name, MAIN).write_text(BAD)
    assert cli.run(["--select", "soft-bounce-on", "--fix", "one", "two"]) == 0
    assert "2 findings mended" in capsys.readouterr().err
    assert all(Path(name, MAIN).read_text() == BAD.replace("yes", "no") for name in ("one", "two"))
