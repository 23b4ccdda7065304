"""The dialect of a file whose version nothing tells."""

import pytest

from auditor.dovecot.dialect import version_of
from auditor.text import SourceFile


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dovecot_config_version = 2.4.1\n", ("2.4.1", "dovecot_config_version")),
        ("# c\n\ndovecot_config_version = 2.4.0\nssl = yes\n", ("2.4.0", "dovecot_config_version")),
        ("dovecot_config_version = @VERSION@\n", ("2.4.1", "assumed")),
        ("protocols = imap\ndovecot_config_version = 2.4.1\n", ("2.4.1", "assumed")),
        ("# 2.3.19.1 (9b53102964): /etc/dovecot/dovecot.conf\nssl = yes\n", ("2.3.19.1", "file header")),
        ("ssl_server_ca_file = /etc/ssl/ca.pem\nssl_server_request_client_cert = yes\n", ("2.4.1", "assumed")),
        ("ssl_ca = </etc/ssl/ca.pem\nssl_verify_client_cert = yes\n", ("2.3.21", "assumed")),
        ("passdb {\n  driver = pam\n}\n", ("2.3.21", "assumed")),
        ("ssl = yes\n", ("2.3.21", "assumed")),
        ("#dovecot_config_version = 2.4.1\nssl = yes\n", ("2.3.21", "assumed")),
        ("plugin {\n  dovecot_config = x\n}\n", ("2.3.21", "assumed")),
        ("", ("2.3.21", "assumed")),
    ],
)
def test_version_of(text: str, expected: tuple[str, str]) -> None:
    assert version_of(SourceFile("/etc/dovecot/dovecot.conf", "dovecot.conf", text)) == expected
