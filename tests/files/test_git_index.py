"""The files that git tracks are those that git itself lists, in every version of its index."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from auditor.files.git_index import repository_of

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def git(folder, *arguments):
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def tree(tmp_path):
    for name in ("etc/ssl/server.key", "etc/dovecot/conf.d/10-ssl.conf", "etc/postfix/main.cf", "a", "größe"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    git(tmp_path, "init", "-q")
    return tmp_path


@pytest.mark.parametrize("version", [2, 3, 4])
def test_it_lists_what_git_lists(tree, version):
    git(tree, "config", "index.version", str(version))
    git(tree, "add", "etc", "größe")
    if version == 3:
        (tree / "later").write_text("x")
        git(tree, "add", "--intent-to-add", "later")
    found = repository_of(str(tree / "etc/dovecot"))
    assert found.why == ""
    assert found.tracked == set(git(tree, "-c", "core.quotepath=off", "ls-files").splitlines())
    assert found.tracked_name(str(tree / "etc/ssl/server.key")) == "etc/ssl/server.key"
    assert found.tracked_name(str(tree / "a")) is None


@pytest.mark.parametrize("version", [2, 4])
def test_only_the_folders_that_are_asked_for(tree, version):
    git(tree, "config", "index.version", str(version))
    git(tree, "add", ".")
    tops = [str(tree / name) for name in ("etc/ssl", "etc/post", "etc/dovecot")]
    found = repository_of(str(tree / "etc"), tops)
    assert found.tracked == {"etc/ssl/server.key", "etc/dovecot/conf.d/10-ssl.conf"}
    assert len(repository_of(str(tree / "etc"), [str(tree)]).tracked) == 5
    assert len(repository_of(str(tree / "etc"), [str(tree.parent)]).tracked) == 5


def test_sha256(tmp_path):
    git(tmp_path, "init", "-q", "--object-format=sha256")
    (tmp_path / "a").write_text("x")
    git(tmp_path, "add", "a")
    assert repository_of(str(tmp_path)).tracked == {"a"}


def test_many_files_with_common_beginnings(tree):
    for number in range(300):
        (tree / f"etc/file-{number}-{'x' * (number % 40)}").write_text("x")
    for version in (2, 4):
        git(tree, "config", "index.version", str(version))
        git(tree, "add", "etc")
        assert len(repository_of(str(tree)).tracked) == 303


def test_what_is_not_read_is_said(tree):
    assert "lies elsewhere" in repository_of(str(tree)).why
    git(tree, "add", "etc")
    git(tree, "update-index", "--split-index")
    assert "split" in repository_of(str(tree)).why
    (tree / ".git/index").write_bytes(b"DIRC\0\0\0\2\0\0\0\7damaged")
    assert "damaged" in repository_of(str(tree)).why
    (tree / ".git/index").write_bytes(b"something else")
    assert "not read here" in repository_of(str(tree)).why
    shutil.rmtree(tree / ".git")
    (tree / ".git").write_text("gitdir: /elsewhere\n")
    assert repository_of(str(tree)).why


def test_a_huge_offset_is_damage(tree):
    git(tree, "config", "index.version", "4")
    git(tree, "add", "etc")
    index = tree / ".git/index"
    data = bytearray(index.read_bytes())
    at = data.index(b"etc/dovecot") - 1
    data[at:at] = b"\xff" * 1000
    index.write_bytes(data)
    assert "damaged" in repository_of(str(tree)).why


def test_there_is_none(tmp_path):
    assert repository_of(str(tmp_path)) is None
