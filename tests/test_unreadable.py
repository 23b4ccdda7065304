"""Files that cannot be read: what hangs on them is not known, and reports say of which file, and what it would take."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cases import EXAMPLES, NOW, PKI

from auditor.access.rows import Certificate
from auditor.access_tables import access_tables
from auditor.audit import Versions, audit
from auditor.discover import discover
from auditor.rule import discover as discover_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.access.rows import Row
    from auditor.audit import Audit
    from auditor.finding import NotChecked

NOBODY = 65534
VERSIONS = Versions(dovecot="2.3.19", postfix="3.7.11")
DOVECOT = """\
protocols = imap
ssl = required
ssl_cert = </etc/ssl/server.crt
ssl_key = </etc/ssl/server.key
ssl_ca = </etc/ssl/ca.pem
ssl_verify_client_cert = yes
auth_ssl_username_from_cert = yes
auth_mechanisms = plain external
!include conf.d/extra.conf
passdb {
  driver = passwd-file
  args = scheme=PLAIN /etc/dovecot/users
  mechanisms = plain
}
passdb {
  driver = static
  args = nopassword
  mechanisms = external
}
"""
POSTFIX = """\
compatibility_level = 3.6
mynetworks = 127.0.0.0/8
smtpd_tls_cert_file = /etc/ssl/server.crt
smtpd_tls_key_file = /etc/ssl/server.key
smtpd_tls_CAfile = /etc/ssl/ca.pem
smtpd_tls_ask_ccert = yes
smtpd_tls_security_level = encrypt
relay_clientcerts = texthash:/etc/postfix/clients
smtpd_relay_restrictions = permit_mynetworks, check_client_access texthash:/etc/postfix/access,
  permit_tls_clientcerts, reject_unauth_destination
"""
FILES = {
    "dovecot/conf.d/extra.conf": "mail_debug = no\n",
    "dovecot/users": "alice:{PLAIN}hers\n",
    "postfix/access": "192.0.2.1 REJECT\n",
    "postfix/clients": "AA:BB alice\n",
}
KINDS = {
    "missing": "no such file (it takes a tree that has it)",
    "denied": "permission denied (it takes a user who may read it)",
    "fifo": "not a regular file (nothing else is opened)",
    "large": "larger than 16 MiB (more is never read)",
}
HANGING: dict[str, Callable[[Row], bool]] = {
    "dovecot/users": lambda row: row.users.endswith("/etc/dovecot/users"),
    "postfix/access": lambda row: says(row, "check_client_access lets it past"),
    "postfix/clients": lambda row: says(row, "permit_tls_clientcerts lets it past"),
    "ssl/server.crt": lambda row: row.tls,
    "ssl/ca.pem": lambda row: row.certificate is Certificate.TRUSTED,
}
"""For each file the ways in that hang on it."""


@pytest.fixture(scope="module", autouse=True)
def _imported() -> None:
    """Import all that audits need: the interpreter may lie where only root looks."""
    discovery = discover([str(EXAMPLES / "sound/etc")])
    audit(discovery, discover_rules(), now=NOW, versions=VERSIONS)
    access_tables(discovery, VERSIONS, NOW)


@pytest.fixture
def root() -> Iterator[Path]:
    """A host whose files can all be read, where others than root may look."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        etc = root / "etc"
        for name, text in {**FILES, "dovecot/dovecot.conf": DOVECOT, "postfix/main.cf": POSTFIX}.items():
            (etc / name).parent.mkdir(parents=True, exist_ok=True)
            (etc / name).write_text(text)
        (etc / "postfix/master.cf").write_text("smtp inet n - y - - smtpd\n")
        (etc / "ssl").mkdir()
        for name in ("server.crt", "server.key"):
            shutil.copy(PKI / name, etc / "ssl")
        (etc / "ssl/server.key").chmod(0o644)
        (etc / "ssl/ca.pem").write_bytes((PKI / "ca.crt").read_bytes() + (PKI / "ca.crl").read_bytes())
        yield root


def says(row: Row, label: str) -> bool:
    """Return whether this is a reason for a way in."""
    return any(why == label for _, why in row.because)


@contextmanager
def nobody() -> Iterator[None]:
    """Be another user than root, to whom modes say something."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def make(path: Path, kind: str) -> None:
    """Make a file that cannot be read."""
    if kind == "denied":
        path.chmod(0)
        return
    path.unlink()
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "large":
        with path.open("wb") as file:
            file.truncate(17 << 20)


def audited(path: Path) -> Audit:
    rules = [rule for rule in discover_rules() if not rule.off_because]
    with nobody():
        result = audit(discover([str(path)]), rules, now=NOW, versions=VERSIONS)
    assert result.failures == ()
    return result


def access(path: Path) -> tuple[list[Row], tuple[NotChecked, ...]]:
    with nobody():
        tables = access_tables(discover([str(path)]), VERSIONS, NOW)
    assert tables.failures == ()
    return [row for table in tables.tables for row in table.rows], tables.not_checked


def told(not_checked: tuple[NotChecked, ...], name: str, why: str) -> list[NotChecked]:
    """Return the entries that name a file, and say why it could not be read and what it would take."""
    return [one for one in not_checked if f"etc/{name}" in one.what + one.why and why in one.why]


def test_where_all_can_be_read_all_is_known(root: Path) -> None:
    rows, not_checked = access(root / "etc")
    assert not not_checked
    for name, hangs in HANGING.items():
        found = [row for row in rows if hangs(row)]
        assert found or name == "postfix/access"
        assert not any(row.unknown for row in found)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", HANGING)
def test_what_hangs_on_a_file_is_not_known(root: Path, name: str, kind: str) -> None:
    make(root / "etc" / name, kind)
    rows, not_checked = access(root / "etc")
    found = [row for row in rows if HANGING[name](row)]
    assert found
    assert all(row.unknown for row in found), [row for row in found if not row.unknown]
    assert told(not_checked, name, KINDS[kind])
    gaps = told(audited(root / "etc").not_checked, name, KINDS[kind])
    assert any(one.rules for one in gaps)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "missing"])
def test_an_include_that_cannot_be_read_is_not_checked(root: Path, kind: str) -> None:
    name = "dovecot/conf.d/extra.conf"
    make(root / "etc" / name, kind)
    assert told(access(root / "etc")[1], name, KINDS[kind])
    assert told(audited(root / "etc").not_checked, name, KINDS[kind])


def test_an_include_that_is_not_there_is_refused(root: Path) -> None:
    make(root / "etc/dovecot/conf.d/extra.conf", "missing")
    (finding,) = (one for one in audited(root / "etc").findings if one.rule == "include-without-match")
    assert finding.primary.span is not None
    assert finding.primary.span.text == "!include conf.d/extra.conf"


@pytest.mark.parametrize("name", [name for name in HANGING if name.startswith("ssl/") or name == "dovecot/users"])
def test_a_file_outside_the_tree_is_said_to_be(root: Path, name: str) -> None:
    """The folders of the two daemons alone, without the ``etc`` around them."""
    alone = root / "dovecot"
    (root / "etc/dovecot").rename(alone)
    (alone / "dovecot.conf").write_text(DOVECOT.replace("/etc/dovecot/users", "/srv/users"))
    elsewhere = name.replace("dovecot/users", "srv/users").replace("ssl/", "etc/ssl/")
    why = "outside the audited tree (it takes the tree that it lies in, or its root as --root)"
    for not_checked in (access(alone)[1], audited(alone).not_checked):
        assert [one for one in not_checked if elsewhere in one.what + one.why and why in one.why]


def test_a_loop_of_passdbs_ends_with_a_finding(root: Path) -> None:
    loop = "passdb {\n  driver = static\n  args = password=x login_user=bob\n  result_success = continue\n}\n"
    (root / "etc/dovecot/dovecot.conf").write_text(DOVECOT + loop)
    access(root / "etc")
    assert "passdb-chain-loops" in {one.rule for one in audited(root / "etc").findings}


def test_a_loop_of_restriction_classes_ends_with_a_finding(root: Path) -> None:
    classes = "smtpd_restriction_classes = one two\none = two\ntwo = reject_unauth_pipelining, one\n"
    text = POSTFIX.replace("permit_mynetworks, check", "one, permit_mynetworks, check")
    (root / "etc/postfix/main.cf").write_text(text + classes)
    access(root / "etc")
    assert "restriction-class-loop" in {one.rule for one in audited(root / "etc").findings}
