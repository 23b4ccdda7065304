"""Includes; each answer was given by doveconf 2.3.19.1 (SYNTAX-FACTS §1, DOVECOT-SYNTAX §4)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from auditor.dovecot.includes import MAX_INCLUDES, Reader
from auditor.host import Host, Mount, Reason
from auditor.text import SourceFile

if TYPE_CHECKING:
    from pathlib import Path


def read(root: Path, files: dict[str, str]) -> tuple[Reader, list[tuple[str, str]]]:
    for name, text in files.items():
        (root / "etc/dovecot" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "etc/dovecot" / name).write_text(text)
    return read_tree(root)


def read_tree(root: Path, mount: str = "/") -> tuple[Reader, list[tuple[str, str]]]:
    host = Host((Mount(mount, str(root)),))
    main = host.read_text("/etc/dovecot/dovecot.conf")
    assert isinstance(main, SourceFile)
    reader = Reader(host, "2.3", "2.3.19")
    return reader, [(one.statement.key or one.statement.kind.value, one.statement.value) for one in reader.read(main)]


def messages(reader: Reader) -> list[str]:
    return [problem.message for problem in reader.problems]


def test_glob_order_is_bytewise_and_dotfiles_are_skipped(tmp_path: Path) -> None:
    names = ["9-a.conf", "10-b.conf", "a.conf", "B.conf", ".c.conf", "d.txt"]
    main = {"dovecot.conf": "!include conf.d/*.conf\nx = y\n"}
    _, seen = read(tmp_path, main | {f"conf.d/{name}": f"k = {name}\n" for name in names})
    assert [value for _, value in seen] == ["conf.d/*.conf", "10-b.conf", "9-a.conf", "B.conf", "a.conf", "y"]


def test_relative_to_the_including_file(tmp_path: Path) -> None:
    files = {"dovecot.conf": "!include sub/a.conf\n", "sub/a.conf": "!include b.conf\n", "sub/b.conf": "k = v\n"}
    reader, seen = read(tmp_path, files)
    assert seen[-1] == ("k", "v")
    assert [file.name for file in reader.files] == [f"/etc/dovecot/{name}" for name in files]


def test_via_names_the_includes(tmp_path: Path) -> None:
    read(tmp_path, {"dovecot.conf": "\n!include a.conf\n", "a.conf": "!include b.conf\n", "b.conf": "k = v\n"})
    host = Host((Mount("/", str(tmp_path)),))
    main = host.read_text("/etc/dovecot/dovecot.conf")
    assert isinstance(main, SourceFile)
    origin = list(Reader(host, "2.3", "2.3.19").read(main))[-1].origin
    assert [(span.file.name, span.line) for span in origin.via] == [
        ("/etc/dovecot/dovecot.conf", 2),
        ("/etc/dovecot/a.conf", 1),
    ]


@pytest.mark.parametrize("pattern", ["none.conf", "conf.d/*.conf", '"a.conf"', "a.conf b.conf", "../dovecot/none.conf"])
def test_no_matches(tmp_path: Path, pattern: str) -> None:
    reader, seen = read(tmp_path, {"dovecot.conf": f"!include {pattern}\nx = y\n", "a.conf": "", "b.conf": ""})
    assert messages(reader) == ["No matches"]
    assert seen[-1] == ("x", "y")


def test_try_without_match_is_silent(tmp_path: Path) -> None:
    """The file that ``!include_try`` names may be missing (claim: wiki 35)."""
    reader, _ = read(tmp_path, {"dovecot.conf": "!include_try none.conf\n!include_try conf.d/*\n"})
    assert not reader.problems
    assert not reader.not_checked


def test_directory_is_silent(tmp_path: Path) -> None:
    reader, _ = read(tmp_path, {"dovecot.conf": "!include conf.d\n!include .\n", "conf.d/x": "k"})
    assert not reader.problems
    assert not reader.not_checked


@pytest.mark.parametrize("directive", ["!include", "!include_try"])
def test_loop(tmp_path: Path, directive: str) -> None:
    files = {"dovecot.conf": f"{directive} a.conf\nx = y\n", "a.conf": f"k = v\n{directive} a.conf\n"}
    reader, seen = read(tmp_path, files)
    assert messages(reader) == ["Recursive include file: /etc/dovecot/a.conf"]
    assert seen[-1] == ("x", "y")


@pytest.mark.parametrize("longer", ["./", "./" * 50])
@pytest.mark.parametrize(("directive", "expected"), [("!include", ["No matches"]), ("!include_try", [])])
def test_loop_by_growing_names(tmp_path: Path, directive: str, expected: list[str], longer: str) -> None:
    """The daemon reads ``./././a.conf`` again until no name may be longer (doveconf 2.3.19.1)."""
    files = {"dovecot.conf": "!include a.conf\nx = y\n", "a.conf": f"k = v\n{directive} {longer}a.conf\n"}
    reader, seen = read(tmp_path, files)
    assert messages(reader) == expected
    assert not reader.not_checked
    assert seen.count(("k", "v")) == 1 + (4095 - len("/etc/dovecot/a.conf")) // len(longer)
    assert [file.name for file in reader.files] == ["/etc/dovecot/dovecot.conf", "/etc/dovecot/a.conf"]


def test_the_last_of_several_names_of_one_file(tmp_path: Path) -> None:
    """Files that one pattern opens are each read under their own name, and closed one by one."""
    files = {"dovecot.conf": "!include {a,./a}.conf\n!include a.conf\nx = y\n", "a.conf": "k = v\n"}
    reader, seen = read(tmp_path, files)
    assert not reader.problems
    assert [value for key, value in seen if key == "k"] == ["v"] * 3
    assert seen[-1] == ("x", "y")


def test_twice_in_sequence_is_fine(tmp_path: Path) -> None:
    reader, seen = read(tmp_path, {"dovecot.conf": "!include a.conf\n!include a.conf\n", "a.conf": "k = v\n"})
    assert not reader.problems
    assert seen.count(("k", "v")) == 2
    assert len(reader.files) == 2


def test_twice_by_one_pattern_is_a_loop(tmp_path: Path) -> None:
    files = {"dovecot.conf": "!include {a,a}.conf\n", "a.conf": "k = v\n"}
    reader, _ = read(tmp_path, files)
    assert messages(reader) == ["Recursive include file: /etc/dovecot/a.conf"]


def test_text_pending_at_the_end_goes_on_in_the_next_file(tmp_path: Path) -> None:
    """DOVECOT-SYNTAX §1: the pending text is glued to the next line, the next file's or the includer's."""
    files = {"dovecot.conf": "!include a.conf\nmail_home = /h\n", "a.conf": "mail_path = a \\\n"}
    _, seen = read(tmp_path, files)
    assert seen[1:] == [("mail_path", "a mail_home = /h")]
    files = {"dovecot.conf": "!include {a,b}.conf\n", "a.conf": "k = a \\\n b \\", "b.conf": "c\n"}
    _, seen = read(tmp_path, files)
    assert seen[1:] == [("k", "a b c")]
    _, seen = read(tmp_path, {"dovecot.conf": "!include a.conf\n\nx = y\n", "a.conf": "section {\nk = a \\\n"})
    assert seen[1:] == [("section", ""), ("x", "y")]


def test_dangling_symlinks(tmp_path: Path) -> None:
    read(tmp_path, {"dovecot.conf": "!include c*.conf\n!include_try c*.conf\n"})
    (tmp_path / "etc/dovecot/c.conf").symlink_to("nowhere")
    reader, _ = read_tree(tmp_path)
    assert messages(reader) == ["Couldn't open include file /etc/dovecot/c.conf: No such file or directory"]
    (tmp_path / "etc/dovecot/c.conf").unlink()
    (tmp_path / "etc/dovecot/c.conf").symlink_to("c.conf")
    reader, _ = read_tree(tmp_path)
    assert messages(reader) == ["Couldn't open include file /etc/dovecot/c.conf: Too many levels of symbolic links"]


def test_outside_the_tree_is_not_checked(tmp_path: Path) -> None:
    (tmp_path / "dovecot.conf").write_text(
        "!include /usr/share/x.conf\n!include_try /usr/share/*.conf\n!include none.conf\n"
    )
    reader, _ = read_tree(tmp_path, "/etc/dovecot")
    assert messages(reader) == ["No matches"]
    assert [one.why for one in reader.not_checked] == [Reason.OUTSIDE.why] * 2


def test_fifo_is_not_opened(tmp_path: Path) -> None:
    import os

    read(tmp_path, {"dovecot.conf": "!include f\n"})
    os.mkfifo(tmp_path / "etc/dovecot/f")
    reader, _ = read_tree(tmp_path)
    assert [one.why for one in reader.not_checked] == [Reason.NOT_REGULAR.why]


def test_includes_are_bounded(tmp_path: Path) -> None:
    files = {f"{n}.conf": f"!include {n + 1}.conf\n" * 2 for n in range(40)} | {"40.conf": "k = v\n"}
    started = time.process_time()
    reader, seen = read(tmp_path, {"dovecot.conf": "!include 0.conf\n"} | files)
    assert len(seen) < 3 * MAX_INCLUDES
    assert reader.not_checked
    assert time.process_time() - started < 20


def test_ten_thousand_includes(tmp_path: Path) -> None:
    files = {f"c/{n}.conf": f"k = {n}\n" for n in range(10_000)}
    started = time.process_time()
    reader, seen = read(tmp_path, {"dovecot.conf": "!include c/*.conf\n"} | files)
    assert len(seen) == 10_001
    assert not reader.not_checked
    assert time.process_time() - started < 20


def test_too_many_lines(tmp_path: Path) -> None:
    reader, seen = read(tmp_path, {"dovecot.conf": "a=b\n" * 600_000})
    assert seen == []
    assert reader.not_checked


def test_a_folder_that_the_tree_does_not_have_is_not_checked(tmp_path: Path) -> None:
    main = "!include /usr/share/dovecot/x.conf\n!include /etc/dovecot/y.conf\n"
    reader, _ = read(tmp_path, {"dovecot.conf": main})
    assert [problem.span.line for problem in reader.problems] == [2]
    assert [one.what.partition(",")[0] for one in reader.not_checked] == ["/usr/share/dovecot/x.conf"]
