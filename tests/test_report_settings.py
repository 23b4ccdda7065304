"""``mailaudit settings``: effective values and origins, alike as text and as JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from auditor import cli

REPOSITORY = Path(__file__).parents[1]

DOVECOT = """\
protocols = imap pop3
mail_debug = yes
passdb {
  driver = passwd-file
  args = /etc/dovecot/users
}
passdb {
  driver = pam
}
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0660
  }
}
protocol imap {
  mail_debug = no
}
!include conf.d/*.conf
"""
MAIN = "myhostname = mail.example.org\nmydestination = $myhostname,\n  localhost\nrelay_password = hunter2\n"
MASTER = "smtp inet n - y - - smtpd\n  -o smtpd_tls_ask_ccert=yes\n"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in {
        "dovecot/dovecot.conf": DOVECOT,
        "dovecot/conf.d/10-ssl.conf": "ssl = required\nssl_key_password = hunter2\n",
        "postfix/main.cf": MAIN,
        "postfix/master.cf": MASTER,
    }.items():
        path = tmp_path / "etc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert cli.run(["settings", "--format", "json", *arguments]) == 0
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    return data


def test_dovecots_settings_have_values_and_origins(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (dovecot,) = settings(capsys, "etc")["dovecot"]
    found = dovecot["settings"]
    assert dovecot["main_file"] == "etc/dovecot/dovecot.conf"
    assert found["passdb#0/driver"] == {"value": "passwd-file", "origin": "etc/dovecot/dovecot.conf:4"}
    assert found["passdb#1/driver"]["value"] == "pam"
    assert found["service auth/unix_listener /var/spool/postfix/private/auth/mode"]["value"] == "0660"
    assert found["ssl"] == {"value": "required", "origin": "etc/dovecot/conf.d/10-ssl.conf:1"}
    assert found["protocol imap/mail_debug"]["value"] == "no"
    assert found["mail_debug"]["value"] == "yes"
    assert "hunter2" not in json.dumps(dovecot)


def test_a_filter_chooses_what_a_connection_sees(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (seen,) = settings(capsys, "etc", "--filter", "protocol=imap")["dovecot"]
    (other,) = settings(capsys, "etc", "--filter", "protocol=pop3", "--filter", "local=192.0.2.1")["dovecot"]
    assert seen["settings"].get("mail_debug", {"value": "no"})["value"] == "no"
    assert other["settings"]["mail_debug"]["value"] == "yes"


def test_defaults_are_added_with_their_version(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = settings(capsys, "etc", "--defaults", "--dovecot-version", "2.3.19", "--postfix-version", "3.7.11")
    found = data["dovecot"][0]["settings"]
    assert found["auth_mechanisms"] == {"value": "plain", "origin": "default 2.3.19"}
    parameters = data["postfix"][0]["parameters"]
    assert parameters["smtpd_tls_ask_ccert"] == {"value": "no", "expanded": "no", "origin": "default 3.7.11"}


def test_postfix_parameters_and_services(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (postfix,) = settings(capsys, "etc")["postfix"]
    assert postfix["config_directory"] == "etc/postfix"
    assert postfix["parameters"]["mydestination"] == {
        "value": "$myhostname, localhost",
        "expanded": "mail.example.org, localhost",
        "origin": "etc/postfix/main.cf:2",
    }
    (service,) = postfix["services"]
    assert service["options"] == {"smtpd_tls_ask_ccert": "yes"}
    assert (service["service"], service["type"], service["chroot"], service["origin"]) == (
        "smtp",
        "inet",
        "y",
        "etc/postfix/master.cf:1",
    )


def test_the_text_reads_like_doveconf_and_postconf(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["settings", "etc"]) == 0
    text = capsys.readouterr().out
    plain = re.sub(r"  # \S+(?: \S+)?$", "", text, flags=re.MULTILINE)
    assert "passdb {\n  args = /etc/dovecot/users\n  driver = passwd-file\n}\n" in plain
    assert "service auth {\n  unix_listener /var/spool/postfix/private/auth {\n    mode = 0660\n  }\n}\n" in plain
    assert "protocol imap {\n  mail_debug = no\n}\n" in plain
    assert "ssl = required  # etc/dovecot/conf.d/10-ssl.conf:1\n" in text
    assert "mydestination = $myhostname, localhost  # etc/postfix/main.cf:2\n" in text
    assert re.search(r"^smtp +inet +n +- +y +- +- +smtpd -o smtpd_tls_ask_ccert=yes$", plain, re.MULTILINE)
    assert "hunter2" not in text


@pytest.mark.parametrize("example", ["article", "sound", "sound-2.4"])
def test_text_and_json_say_the_same(example: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(REPOSITORY / "examples" / example)
    (dovecot,) = settings(capsys, path)["dovecot"]
    assert cli.run(["settings", path]) == 0
    text = capsys.readouterr().out
    lines = {line.strip() for line in text.splitlines()}
    for name, setting in dovecot["settings"].items():
        if not name.endswith("/"):
            last, value = name.rpartition("/")[2], setting["value"]
            shown = f'"{value}"' if value != value.strip() else value
            assert f"{last} = {shown}  # {setting['origin']}" in lines
    assert len(dovecot["settings"]) > 20
