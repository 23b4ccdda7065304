"""What 2.4 says about addresses and hashes; every answer was given by doveconf 2.4.1 and 2.4.5.

That doveconf refuses them where they stand is in tests/data/dovecot24-texts.txt.
"""

from __future__ import annotations

import pytest

from auditor.dovecot.v24_addresses import is_address_source, path_error
from auditor.dovecot.v24_hash_format import hash_format_error
from auditor.dovecot.v24_uris import http_url_error, is_sieve_url, uri_error


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("http://proxy.example.org:3128/a?b", ""),
        ("http://[::1]:80/", ""),
        ("http://10.0/", ""),
        ("x", "Relative HTTP URL not allowed"),
        ("https:x", "Absolute HTTP URL requires `//' after `http:'"),
        ("ftp://x/", "Not an HTTP URL"),
        ("http://a-/x", "Invalid domain label in hostname"),
        ("http://a..b/", "Invalid host identifier"),
        ("http://10.0.0.1.5/", "Invalid host identifier"),
        ("http://x:0/", "Invalid port number"),
        ("http://x/%zz", "Expecting hex digit after '%', but found 'z'"),
        ("http://x/#c", "URL fragment not allowed for HTTP URL in this context"),
        ("http://u:p@x/", "HTTP URL does not allow `userinfo@' part"),
    ],
)
def test_addresses_of_web_services(text: str, wanted: str) -> None:
    assert http_url_error(text, with_user=False) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("mailto:postmaster@example.org", ""),
        ("a b", "Invalid URI scheme"),
        ("/", "Missing scheme"),
        ("x:a b", "Path component contains invalid character ' '"),
        ("http://u@h:1/%4", "Unexpected URI boundary after '%'"),
        ("http://[::1/", "Expecting ']' at end of IP-literal"),
    ],
)
def test_uris(text: str, wanted: str) -> None:
    assert uri_error(text) == wanted


def test_addresses_of_sieve_servers() -> None:
    assert is_sieve_url("sieve://mail.example.org:4190/user/script")
    assert not is_sieve_url("http://x/")
    assert not is_sieve_url("sieve://u@x/")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("%{sha256:80}%B{md5}", ""),
        ("%{foo}", "Unknown hash method: foo"),
        ("%{sha1:7}", "Currently :bits must be divisible by 8: 7"),
        ("%{sha1:999}", "Invalid :bits number: 999"),
        ("%{sha1", "Missing '}'"),
        ("%x", "No '{' after '%'"),
    ],
)
def test_hash_formats(text: str, wanted: str) -> None:
    assert hash_format_error(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a@b", ""),
        ("<a@b>", ""),
        ('"x y"@b', ""),
        ("a@[1.2.3.4]", ""),
        ("é@x", ""),
        ("x", "Missing domain"),
        ("a b", "Invalid character in localpart"),
        ("a@", "Missing domain after '@'"),
        ("a@b.", "Empty sub-domain"),
        ("a@b c", "Invalid character in path"),
        ("<a@b", "Missing '>' at end of path"),
        ("<>", "Null path not allowed"),
    ],
)
def test_mail_addresses(text: str, wanted: str) -> None:
    assert path_error(text) == wanted


def test_sources_of_addresses() -> None:
    assert is_address_source(" Postmaster")
    assert is_address_source("<a@b>")
    assert is_address_source("<>")
    assert not is_address_source("a@b")
