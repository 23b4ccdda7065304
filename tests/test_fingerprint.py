"""What findings are known by: neither lines, nor layout, nor the way to the host count."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from cases import NOW

from auditor.audit import audit
from auditor.discover import discover
from auditor.finding import Severity
from auditor.fingerprint import told_apart, with_fingerprint
from auditor.host import Host, Mount
from auditor.rule import HostRule
from auditor.rule import discover as all_rules
from auditor.text import Origin, SourceFile

ARTICLE = Path(__file__).parents[1] / "examples/article"
MAIN = SourceFile("/etc/dovecot/dovecot.conf", "etc/dovecot/dovecot.conf", "!include x.conf\n")
FILE = SourceFile("/etc/dovecot/x.conf", "etc/dovecot/x.conf", "a = b\nc = d\n")
HOST = Host((Mount("/", "."),))


class Example(HostRule):
    """A summary."""

    name = "example-rule"
    severity = Severity.HIGH


def known_by(at: object, message: str = "m", subject: str = "a") -> str:
    return with_fingerprint(Example().finding(at, message, subject=subject), HOST).fingerprint


def test_they_survive_moved_lines_and_tell_findings_apart() -> None:
    moved = SourceFile(FILE.name, "/elsewhere/x.conf", "\n\n# more\n  a =  b\n")
    start = moved.text.index("a =")
    one = known_by(FILE.span(0, 5))
    assert known_by(moved.span(start, start + 6), "other words") == one
    others = [known_by(FILE.span(6, 11)), known_by(FILE.span(0, 5), subject="b"), known_by(MAIN.span(0, 5))]
    assert len({one, *others}) == 4


def test_the_file_is_the_one_on_the_host() -> None:
    places = {
        FILE.span(0, 5): FILE.name,
        "etc/ssl/key.pem": "/etc/ssl/key.pem",
        Origin(default_of="2.4.1"): "built-in default",
    }
    for place, name in places.items():
        assert with_fingerprint(Example().finding(place, "m"), HOST).file == name


def test_a_secret_does_not_count() -> None:
    one, other = (SourceFile(FILE.name, FILE.path, f"x_password = {secret}\n") for secret in ("hunter2", "hunter3"))
    assert known_by(one.span(0, 20)) == known_by(other.span(0, 20))
    assert known_by(one.span(0, 20)) != known_by(SourceFile(FILE.name, FILE.path, "y_password = hunter2\n").span(0, 20))


def test_alike_findings_get_their_own() -> None:
    twins = SourceFile(FILE.name, FILE.path, "passdb {\n}\npassdb {\n}\n")
    found = [with_fingerprint(Example().finding(twins.span(at, at + 10), "m"), HOST) for at in (0, 11)]
    assert found[0].fingerprint == found[1].fingerprint
    first, second = told_apart(found)
    assert first.fingerprint == found[0].fingerprint != second.fingerprint
    assert list(told_apart(found)) == [first, second]


def test_where_a_section_began_does_not_count(tmp_path: Path) -> None:
    def of(text: str) -> list[str]:
        (tmp_path / "etc/dovecot").mkdir(parents=True, exist_ok=True)
        (tmp_path / "etc/dovecot/dovecot.conf").write_text(text)
        return [one for name, one in fingerprints(str(tmp_path)) if name == "syntax-error"]

    assert len(of("protocol imap {\n")) == 1
    assert of("protocol imap {\n") == of("# one line more\nprotocol imap {\n")


def fingerprints(path: str) -> list[tuple[str, str]]:
    result = audit(discover([path], modes=False), all_rules(), now=NOW)
    return sorted((finding.rule, finding.fingerprint) for finding in result.findings)


def test_the_way_to_the_host_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = tmp_path / "host"
    shutil.copytree(ARTICLE, host)
    expected = fingerprints(str(host))
    assert len(expected) > 2
    assert len({one for _, one in expected}) == len(expected)
    monkeypatch.chdir(host)
    for path in (".", "./etc", "etc", "../host/etc", str(ARTICLE)):
        assert fingerprints(path) == expected, path
    monkeypatch.chdir(host / "etc/postfix")
    for path in ("..", "../../etc", os.path.relpath(ARTICLE)):
        assert fingerprints(path) == expected, path


@pytest.mark.parametrize(
    ("mounts", "name"),
    [
        ((Mount("/", "."),), "/etc/ssl/key.pem"),
        ((Mount("/", "/"),), "/etc/ssl/key.pem"),
        ((Mount("/", "/mnt/image"),), "/etc/ssl/key.pem"),
        ((Mount("/", "./image/"),), "/etc/ssl/key.pem"),
        ((Mount("/", "../.."),), "/"),
        ((Mount("/etc/dovecot", "conf"), Mount("/etc/postfix", "conf/postfix")), "/etc/postfix/main.cf"),
        ((Mount("/etc/dovecot", "."),), "/etc/dovecot/x"),
        ((Mount("/etc/dovecot", "conf"),), "/etc/dovecot"),
    ],
)
def test_a_host_knows_the_names_of_its_paths(mounts: tuple[Mount, ...], name: str) -> None:
    host = Host(mounts)
    assert host.name(host.path(name)) == name


def test_a_path_outside_the_host_is_its_own_name() -> None:
    assert Host((Mount("/etc/dovecot", "."),)).name("/etc/ssl/key.pem") == "/etc/ssl/key.pem"
