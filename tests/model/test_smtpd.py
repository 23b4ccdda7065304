"""What a row of master.cf makes of smtpd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor.host import Host, Mount
from auditor.model.postfix import Postfix
from auditor.postfix.read import read_postfix

if TYPE_CHECKING:
    from pathlib import Path

SUBMISSION = """\
submission inet n       -       -       -       -       smtpd
  # mandatory encryption

  -o smtpd_tls_security_level=encrypt
# nor does a comment in column one end the row
  -o smtpd_tls_ask_ccert=yes
"""


@pytest.mark.parametrize(
    ("version", "main", "chrooted"),
    [
        ("2.11.3", "", True),
        ("2.11.3", "compatibility_level = 2\n", True),
        ("3.7.11", "", True),
        ("3.7.11", "compatibility_level = 1\n", False),
        ("3.10.13", "compatibility_level = 3.6\n", False),
    ],
)
def test_a_row_without_a_word_on_chroot(tmp_path: Path, version: str, main: str, *, chrooted: bool) -> None:
    """Its options count behind comments and empty lines; ``-`` meant yes before 3.0 (claim: blog 23)."""
    folder = tmp_path / "etc/postfix"
    folder.mkdir(parents=True)
    (folder / "main.cf").write_text(main)
    (folder / "master.cf").write_text(SUBMISSION)
    host = Host((Mount("/", str(tmp_path)),))
    (submission,) = Postfix(read_postfix(host, "/etc/postfix", version), host).smtpd_services
    assert submission.is_chrooted is chrooted
    assert submission.get("smtpd_tls_security_level").effective == "encrypt"
    assert submission.is_on("smtpd_tls_ask_ccert")
