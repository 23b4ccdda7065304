"""Writing fixes: a file as a whole, with all that the file system knows of it, or not at all."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest
from cases import NOW

from auditor.audit import audit
from auditor.discover import discover
from auditor.fixing.rounds import Mended, mended
from auditor.fixing.write import NotWrittenError, write
from auditor.rule import discover as all_rules

if TYPE_CHECKING:
    from pathlib import Path

BEFORE, AFTER = (
    "myhostname = mail.example.org\nsoft_bounce = yes\n",
    "myhostname = mail.example.org\nsoft_bounce = no\n",
)
RULES = [rule for rule in all_rules() if rule.name in ("soft-bounce-on", "sasl-passwd-readable")]


def tree(root: Path, text: str = BEFORE) -> Path:
    main = root / "etc/postfix/main.cf"
    main.parent.mkdir(parents=True)
    main.write_text(text)
    return main


def fixed(root: Path) -> Mended:
    found = discover([str(root / "etc")], modes=True)
    before = audit(found, RULES, now=NOW)
    return mended(found.hosts[0], before, lambda one: audit(one, RULES, now=NOW), lambda _: True, unsafe=False)


def test_a_file_keeps_mode_owner_and_attributes(tmp_path: Path) -> None:
    main = tree(tmp_path)
    main.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(main, 12, 34)
    os.setxattr(main, "user.note", b"mine")
    before = main.stat()
    assert list(write(fixed(tmp_path))) == [str(main)]
    after = main.stat()
    assert main.read_text() == AFTER
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert os.getxattr(main, "user.note") == b"mine"
    assert after.st_ino != before.st_ino
    assert [one.name for one in main.parent.iterdir()] == ["main.cf"]


@pytest.mark.skipif(not shutil.which("setfacl"), reason="there is no setfacl")
def test_a_file_keeps_its_acl(tmp_path: Path) -> None:
    main = tree(tmp_path)
    subprocess.run(["setfacl", "-m", "u:12:r", main], check=True)
    before = os.getxattr(main, "system.posix_acl_access")
    list(write(fixed(tmp_path)))
    assert main.read_text() == AFTER
    assert os.getxattr(main, "system.posix_acl_access") == before


def test_a_symlink_stays_one(tmp_path: Path) -> None:
    main = tree(tmp_path)
    real = main.rename(main.with_name("real.cf"))
    main.symlink_to("real.cf")
    assert list(write(fixed(tmp_path))) == [str(real)]
    assert main.is_symlink()
    assert real.read_text() == AFTER


def test_a_file_that_changed_since_is_not_written(tmp_path: Path) -> None:
    main = tree(tmp_path)
    fixes = fixed(tmp_path)
    main.write_text(BEFORE + "# just now\n")
    with pytest.raises(NotWrittenError, match=r"main.cf changed since it was read"):
        list(write(fixes))
    assert main.read_text() == BEFORE + "# just now\n"


def test_a_file_that_became_a_symlink_is_not_written(tmp_path: Path) -> None:
    main = tree(tmp_path)
    fixes = fixed(tmp_path)
    other = main.rename(tmp_path / "other")
    main.symlink_to(other)
    with pytest.raises(NotWrittenError, match=r"main.cf: too many levels of symbolic links"):
        list(write(fixes))
    assert other.read_text() == BEFORE


def test_a_file_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    main = tree(tmp_path)
    fixes = fixed(tmp_path)
    main.unlink()
    with pytest.raises(NotWrittenError, match=r"no such file"):
        list(write(fixes))
    assert not main.exists()


def test_a_file_with_a_second_name_is_not_written(tmp_path: Path) -> None:
    main = tree(tmp_path)
    os.link(main, tmp_path / "other")
    with pytest.raises(NotWrittenError, match=r"has another name"):
        list(write(fixed(tmp_path)))
    assert main.read_text() == BEFORE


def test_where_nothing_may_be_written_nothing_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main = tree(tmp_path)
    fixes = fixed(tmp_path)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(NotWrittenError, match=r"main.cf may not be written"):
        list(write(fixes))
    assert main.read_text() == BEFORE


def test_what_fails_half_way_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main = tree(tmp_path)
    fixes = fixed(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotWrittenError, match=r"no space left on device"):
        list(write(fixes))
    assert main.read_text() == BEFORE
    assert [one.name for one in main.parent.iterdir()] == ["main.cf"]


def readable_passwords(root: Path) -> Path:
    main = tree(root, "smtp_sasl_password_maps = texthash:/etc/postfix/sasl_passwd\nsmtp_sasl_auth_enable = yes\n")
    passwords = main.with_name("sasl_passwd")
    passwords.write_text("[relay.example.net] user:geheim\n")
    passwords.chmod(0o644)
    return passwords


def test_a_mode_changes_and_nothing_else(tmp_path: Path) -> None:
    passwords = readable_passwords(tmp_path)
    before = passwords.stat()
    assert list(write(fixed(tmp_path))) == [str(passwords)]
    after = passwords.stat()
    assert stat.S_IMODE(after.st_mode) == 0o640
    assert (after.st_ino, after.st_uid, after.st_mtime) == (before.st_ino, before.st_uid, before.st_mtime)


def test_a_mode_that_changed_since_is_left_alone(tmp_path: Path) -> None:
    passwords = readable_passwords(tmp_path)
    fixes = fixed(tmp_path)
    passwords.chmod(0o664)
    with pytest.raises(NotWrittenError, match=r"the mode of .* changed since it was read"):
        list(write(fixes))
    assert stat.S_IMODE(passwords.stat().st_mode) == 0o664
