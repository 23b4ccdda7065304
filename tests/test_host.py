"""Reading below a root: nothing leads out of it, nothing that is no file is opened, nothing is too large."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from auditor.host import MAX_BYTES, Host, Mount, Reason, Unreadable


@pytest.fixture
def host(tmp_path: Path) -> Host:
    (tmp_path / "etc").mkdir()
    return Host((Mount("/", str(tmp_path)),))


def reason(host: Host, name: str) -> Reason | None:
    answer = host.read_text(name)
    return answer.reason if isinstance(answer, Unreadable) else None


def test_bytes_survive_being_text(host: Host, tmp_path: Path) -> None:
    data = bytes(range(256)) + "ä\r\n".encode()
    (tmp_path / "etc/x").write_bytes(data)
    file = host.read_text("/etc/x")
    assert not isinstance(file, Unreadable)
    assert file.text.encode("utf-8", "surrogateescape") == data
    assert file.path == str(tmp_path / "etc/x")


def test_no_symlink_leads_out(host: Host, tmp_path: Path) -> None:
    (tmp_path / "passwd").write_text("inside")
    (tmp_path / "etc/up").symlink_to("../../../../../../../../passwd")
    (tmp_path / "etc/absolute").symlink_to("/passwd")
    (tmp_path / "etc/folder").symlink_to("/etc/..")
    (tmp_path / "etc/outside").symlink_to("/proc/self/environ")
    for name in ("/etc/up", "/etc/absolute", "/etc/folder/passwd", "/../../passwd"):
        file = host.read_text(name)
        assert not isinstance(file, Unreadable), name
        assert file.text == "inside"
    assert reason(host, "/etc/outside") is Reason.MISSING


def test_symlinks_that_go_round_end(host: Host, tmp_path: Path) -> None:
    (tmp_path / "etc/a").symlink_to("b")
    (tmp_path / "etc/b").symlink_to("a")
    (tmp_path / "etc/c").symlink_to("c/c/c/c/c")
    assert reason(host, "/etc/a") is Reason.LOOP
    assert reason(host, "/etc/c") is Reason.LOOP


@pytest.mark.parametrize("kind", ["fifo", "socket", "folder", "device"])
def test_only_regular_files_are_opened(host: Host, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "etc" / kind
    match kind:
        case "fifo":
            os.mkfifo(path)
        case "socket":
            socket.socket(socket.AF_UNIX).bind(str(path))
        case "folder":
            path.mkdir()
        case "device":
            host = Host((Mount("/", "/"),))
            path = Path("/dev/zero")
    name = str(path) if kind == "device" else f"/etc/{kind}"
    began = time.monotonic()
    assert reason(host, name) is Reason.NOT_REGULAR
    assert time.monotonic() - began < 1


def test_a_file_over_the_cap_is_not_read(host: Host, tmp_path: Path) -> None:
    with (tmp_path / "etc/large").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert reason(host, "/etc/large") is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "name", ["/etc/nope", "/etc/x/y", "/etc/\0", "/etc/" + "n" * 300, "/" + "d/" * 5000, "", "/etc/\udcff"]
)
def test_names_that_lead_nowhere_are_an_answer(host: Host, tmp_path: Path, name: str) -> None:
    (tmp_path / "etc/x").write_text("")
    assert isinstance(host.read_text(name), Unreadable)
    assert isinstance(host.facts(name + "/y"), Unreadable)
    assert isinstance(host.entries(name + "/y"), Unreadable)


def test_each_file_is_read_once(host: Host, tmp_path: Path) -> None:
    (tmp_path / "etc/x").write_text("one")
    (tmp_path / "etc/y").symlink_to("x")
    first = host.read_text("/etc/x")
    (tmp_path / "etc/x").write_text("two")
    assert host.read_text("/etc/x") is first
    assert host.read_bytes("/etc/y") == b"one"


def test_without_a_root_only_the_mounts_are_there(tmp_path: Path) -> None:
    (tmp_path / "main.cf").write_text("x")
    (tmp_path / "link").symlink_to("/etc/passwd")
    (tmp_path / "back").symlink_to("/etc/postfix/main.cf")
    host = Host((Mount("/etc/postfix", str(tmp_path)),))
    assert not host.whole
    assert host.path("/etc/postfix/main.cf") == str(tmp_path / "main.cf")
    assert host.read_bytes("/etc/postfix/back") == b"x"
    assert host.read_bytes("/etc/../etc/postfix/main.cf") == b"x"
    assert reason(host, "/etc/postfix/link") is Reason.OUTSIDE
    assert reason(host, "/etc/passwd") is Reason.OUTSIDE


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("/etc/*.conf", ["10-a.conf", "B.conf", "a.conf"]),
        ("/etc/?.conf", ["B.conf", "a.conf"]),
        ("/etc/[a-z].conf", ["a.conf"]),
        ("/etc/[!a-z].conf", ["B.conf"]),
        ("/etc/{a,B}.conf", ["a.conf", "B.conf"]),
        ("/etc/.*", [".hidden"]),
        ("/etc/\\a.conf", ["a.conf"]),
        ("/etc/[", ["["]),
        ("/etc/**.conf", ["10-a.conf", "B.conf", "a.conf"]),
        ("/etc/*a*o*f", ["10-a.conf", "a.conf"]),
        ("/etc/none*", []),
        ("/*/a.conf", ["a.conf"]),
    ],
)
def test_glob_finds_what_the_shell_does(host: Host, tmp_path: Path, pattern: str, found: list[str]) -> None:
    for name in ("10-a.conf", "B.conf", "a.conf", ".hidden", "["):
        (tmp_path / "etc" / name).write_text("")
    assert host.glob(pattern) == [f"/etc/{name}" for name in found]


@pytest.mark.parametrize(
    "pattern",
    ["*a" * 60 + "b", "{a,b}" * 60, "{" * 5000, "[" * 5000, "{a" * 2000 + "}" * 2000, "*" * 5000, "{a,b}" * 100_000],
)
def test_glob_takes_no_time_for_hostile_patterns(host: Host, tmp_path: Path, pattern: str) -> None:
    (tmp_path / "etc" / ("a" * 200)).write_text("")
    began = time.process_time()
    host.glob("/etc/" + pattern)
    assert time.process_time() - began < 2


def test_directories_of_symlinks_count(host: Host, tmp_path: Path) -> None:
    (tmp_path / "etc/ssl").mkdir()
    (tmp_path / "srv").mkdir()
    (tmp_path / "srv/key").write_text("")
    (tmp_path / "etc/ssl/key").symlink_to("/srv/key")
    assert [fact.name for fact in host.directories("/etc/ssl/key")] == ["/", "/etc", "/etc/ssl", "/srv"]


def test_accounts_come_from_the_host_itself(host: Host, tmp_path: Path) -> None:
    (tmp_path / "etc/passwd").write_text("vmail:x:5000:5000::/:/bin/false\nbroken\nhuge:x:99999999999:1::/:\n")
    (tmp_path / "etc/group").write_text("vmail:x:5000:dovecot\nssl-cert:x:106:\n")
    assert list(host.users) == [5000]
    assert host.groups[5000].members == ("dovecot", "vmail")
    assert host.groups[106].members == ()
