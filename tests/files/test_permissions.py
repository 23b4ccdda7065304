from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.files.permissions import OTHERS, READ, Readers, Rights, Who, readers, with_acl
from auditor.host import Host, Mount

if TYPE_CHECKING:
    from pathlib import Path

KEY = "/etc/ssl/private/server.key"
PASSWD = "root:x:0:0::/:\npostfix:x:101:101::/:\ndovecot:x:102:102::/:\nwww:x:103:103::/:\nvmail:x:104:108::/:\n"
GROUP = "root:x:0:\nssl-cert:x:108:postfix\nmail:x:8:dovecot,www\n"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="changes owners, which only root may")


@pytest.fixture
def key(tree, tmp_path):
    def make(mode: int, *, uid: int = -1, gid: int = -1, directory: int = 0o755, accounts: bool = True) -> Readers:
        files = {KEY: "key"} | ({"/etc/passwd": PASSWD, "/etc/group": GROUP} if accounts else {})
        host = tree(files)
        for folder in ("", "etc", "etc/ssl"):
            (tmp_path / folder).chmod(0o755)
        (tmp_path / "etc/ssl/private").chmod(directory)
        path = tmp_path / KEY.lstrip("/")
        path.chmod(mode)
        if uid >= 0 or gid >= 0:
            os.chown(path, uid, gid)
        found = readers(host, KEY)
        assert isinstance(found, Readers)
        return found

    return make


def test_the_world(key):
    found = key(0o644)
    assert found.world_readable
    assert found.protected_only_by_directory == ""
    assert found.permissions == 0o644
    assert not key(0o640).world_readable


def test_a_directory_protects(key):
    found = key(0o644, directory=0o710)
    assert not found.world_readable
    assert found.protected_only_by_directory.endswith("etc/ssl/private")
    assert key(0o600, directory=0o710).protected_only_by_directory == ""
    # To search a directory is enough to open a file in it by name.
    assert key(0o644, directory=0o711).world_readable
    assert not key(0o644, directory=0o744).world_readable


@needs_root
def test_groups_and_users(key):
    found = key(0o640, uid=0, gid=108)
    assert (found.owner, found.group) == ("root", "ssl-cert")
    assert [(name, set(members)) for name, members in found.reading_groups] == [("ssl-cert", {"postfix", "vmail"})]
    assert [found.readable_by(one) for one in ("root", "postfix", "vmail", "dovecot", "nobody")] == [
        True, True, True, False, None,
    ]  # fmt: skip


@needs_root
def test_the_owner(key):
    found = key(0o400, uid=102, gid=0)
    assert found.owner == "dovecot"
    assert found.readable_by("dovecot") is True
    assert found.readable_by("postfix") is False
    assert found.reading_groups == ()


@needs_root
def test_a_group_may_have_less_than_others(key):
    found = key(0o604, uid=0, gid=8)
    assert found.readable_by("www") is False
    assert found.readable_by("postfix") is True


@needs_root
def test_a_directory_stops_a_group(key):
    found = key(0o640, uid=0, gid=108, directory=0o700)
    assert found.reading_groups == ()


def test_unknown_accounts(key):
    found = key(0o644, accounts=False)
    assert found.readable_by("postfix") is True
    assert key(0o640, accounts=False).readable_by("postfix") is None
    assert [members for _, members in found.reading_groups] == [()]


@needs_root
def test_numbers_stand_for_unknown_names(key):
    found = key(0o640, uid=4711, gid=4712)
    assert (found.owner, found.group) == ("4711", "4712")


def test_the_target_of_a_symlink_counts(tree, tmp_path):
    host = tree({"/etc/archive/key1.pem": "key"})
    (tmp_path / "etc/live").mkdir()
    (tmp_path / "etc/live/key.pem").symlink_to("../archive/key1.pem")
    for folder in ("", "etc", "etc/live"):
        (tmp_path / folder).chmod(0o755)
    (tmp_path / "etc/archive").chmod(0o700)
    (tmp_path / "etc/archive/key1.pem").chmod(0o644)
    found = readers(host, "/etc/live/key.pem")
    assert isinstance(found, Readers)
    assert found.name == "/etc/archive/key1.pem"
    assert found.protected_only_by_directory.endswith("etc/archive")
    (tmp_path / "etc/archive").chmod(0o755)
    found = readers(Host(host.mounts), "/etc/live/key.pem")
    assert isinstance(found, Readers)
    assert found.world_readable


def test_not_known(tree):
    assert readers(tree({KEY: "key"}, modes_known=False), KEY) == "permissions and owners mean nothing in this tree"
    missing = readers(tree({}), "/nothing")
    assert isinstance(missing, str)
    assert "no such file" in missing


def acl(*entries: tuple[int, int, int], version: int = 2) -> bytes:
    return struct.pack("<I", version) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


UNDEFINED = 0xFFFFFFFF
PLAIN = Rights(0, 0, 6, 4, 0)


def test_acl_entries():
    found = with_acl(
        PLAIN,
        acl((1, 6, UNDEFINED), (2, 4, 103), (4, 0, UNDEFINED), (8, 6, 108), (16, 4, UNDEFINED), (32, 0, UNDEFINED)),
    )
    assert found.allow(Who(103), READ)
    assert not found.allow(Who(103), 2)
    assert found.allow(Who(101, frozenset({108})), READ)
    assert not found.allow(Who(101, frozenset({108})), 2)
    assert not found.allow(Who(101, frozenset({0})), READ)
    assert found.allow(Who(101, frozenset({0, 108})), READ)
    assert not found.allow(OTHERS, READ)
    assert found.allow(Who(0), 2)


def test_the_mask_limits_named_users():
    entries = ((1, 6, UNDEFINED), (2, 7, 103), (4, 4, UNDEFINED), (16, 0, UNDEFINED), (32, 4, UNDEFINED))
    found = with_acl(PLAIN, acl(*entries))
    assert not found.allow(Who(103), READ)
    assert not found.allow(Who(5, frozenset({0})), READ)
    assert found.allow(OTHERS, READ)


@pytest.mark.parametrize(
    "attribute",
    [b"", b"\x02\0\0\0", acl((1, 6, 0)), acl((1, 7, 0), (4, 7, 0), (32, 7, 0), version=3), acl((1, 7, 0))[:-1]],
)
def test_damaged_acls_change_nothing(attribute):
    assert with_acl(PLAIN, attribute) == PLAIN


@given(st.binary(max_size=60))
def test_acls_never_raise(attribute):
    assert isinstance(with_acl(PLAIN, attribute), Rights)


@needs_root
def test_an_acl_on_the_file_system(tmp_path: Path):
    path = tmp_path / "key"
    path.write_text("key")
    path.chmod(0o600)
    tmp_path.chmod(0o755)
    attribute = acl((1, 6, UNDEFINED), (2, 4, 103), (4, 0, UNDEFINED), (16, 4, UNDEFINED), (32, 0, UNDEFINED))
    try:
        os.setxattr(path, "system.posix_acl_access", attribute)
    except OSError as error:
        pytest.skip(f"no ACLs on this file system: {error}")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text(PASSWD)
    found = readers(Host((Mount("/", str(tmp_path)),)), "/key")
    assert isinstance(found, Readers)
    assert found.readable_by("www") is True
    assert found.readable_by("postfix") is False
    # The mode's group bits now show the mask, which is not what the group may do.
    assert found.permissions & 0o040
    assert found.reading_groups == ()
