"""Trees of git revisions, read without running anything that the repository names."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from auditor import revision as revisions
from auditor.revision import RevisionError, revision


def git(folder: Path, *arguments: str) -> None:
    identity = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org"}
    identity |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in identity.items()}
    quiet = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(
        ["git", "-C", folder, *arguments], check=True, capture_output=True, env=os.environ | identity | quiet
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/main.cf").write_bytes(b"old\r\n\xff")
    (tmp_path / "etc/link").symlink_to("main.cf")
    (tmp_path / "etc/empty").touch()
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "one")
    (tmp_path / "etc/main.cf").write_bytes(b"new\n")
    return tmp_path


def test_files_and_links_are_as_they_were(repository: Path) -> None:
    with revision("HEAD", str(repository / "etc")) as found:
        folder = Path(found.of(str(repository / "etc")))
        assert (folder / "main.cf").read_bytes() == b"old\r\n\xff"
        assert (folder / "link").readlink() == Path("main.cf")
        assert (folder / "empty").read_bytes() == b""
        assert not found.left_out
    assert not folder.exists()


@pytest.mark.parametrize("name", ["no-such-branch", "--help", "HEAD:etc/main.cf", ""])
def test_what_is_no_revision_is_refused(repository: Path, name: str) -> None:
    with pytest.raises(RevisionError), revision(name, str(repository)):
        pass


def test_a_folder_without_a_repository_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(RevisionError, match="not a git repository"), revision("HEAD", str(tmp_path)):
        pass


def test_without_git_it_says_so(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(RevisionError, match="takes git"), revision("HEAD", str(repository)):
        pass


def test_nothing_that_the_repository_names_is_run(repository: Path) -> None:
    ran = repository / "ran"
    (repository / ".gitattributes").write_text("* filter=evil\n")
    git(repository, "add", ".gitattributes")
    git(repository, "commit", "-m", "two")
    for setting in ("filter.evil.smudge", "filter.evil.process", "core.fsmonitor", "core.sshCommand"):
        git(repository, "config", setting, f"touch {ran}; cat")
    with revision("HEAD", str(repository)) as found:
        assert Path(found.of(str(repository / "etc/main.cf"))).read_bytes() == b"old\r\n\xff"
    assert not ran.exists()


def test_what_is_too_large_is_left_out_by_name(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revisions, "MAX_FILE", 4)
    with revision("HEAD", str(repository)) as found:
        assert found.left_out == ("etc/link", "etc/main.cf")
        assert not Path(found.of(str(repository / "etc/main.cf"))).exists()


def test_a_path_outside_the_repository_is_refused(repository: Path) -> None:
    with revision("HEAD", str(repository)) as found, pytest.raises(RevisionError, match="not in the repository"):
        found.of("/")
