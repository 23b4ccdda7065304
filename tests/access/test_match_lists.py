"""Postfix's lists of hosts and domains, as ``match_list_match`` reads them; tests/live tries the same on the daemon."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from auditor.access.match_lists import DomainList, host_list
from auditor.host import Host, Mount
from auditor.postfix.read import read_postfix

FILES = {
    "networks": "10.0.0.0/8\n# a comment\n!192.0.2.7 192.0.2.0/24\n",
    "loop": "/etc/postfix/loop\n",
    "networks.cidr": "192.0.2.0/25 any\nif 198.51.100.0/24\n!198.51.100.7 any\nendif\n",
    "networks.hash": "192.0.2.7 x\n2001:db8::7 x\npartner.example.org x\n",
    "domains": "example.org x\n.example.net x\n",
}


def parameter(tmp_path, name, value):
    folder = tmp_path / "etc/postfix"
    folder.mkdir(parents=True)
    for file, text in FILES.items():
        (folder / file).write_text(text)
    (folder / "main.cf").write_text(f"{name} = {value}\n")
    (folder / "master.cf").write_text("")
    host = Host((Mount("/", str(tmp_path)),))
    return host, read_postfix(host, "/etc/postfix", "3.7.11", "dpkg").get(name)


@pytest.mark.parametrize(
    ("value", "inside", "outside"),
    [
        ("127.0.0.0/8 [::1]/128", ["127.1.2.3", "::1"], ["128.0.0.1", "::2"]),
        ("!10.0.0.1, 10.0.0.0/8", ["10.0.0.2"], ["10.0.0.1", "11.0.0.1"]),
        ("10.0.0.0/8, !10.0.0.1", ["10.0.0.1"], []),
        ("/etc/postfix/networks", ["10.1.1.1", "192.0.2.8"], ["192.0.2.7"]),
        ("!/etc/postfix/networks, 0.0.0.0/0", ["192.0.2.7", "8.8.8.8"], ["10.1.1.1", "192.0.2.8", "::1"]),
        ("cidr:/etc/postfix/networks.cidr", ["192.0.2.1", "198.51.100.8"], ["192.0.2.200", "198.51.100.7", "8.8.8.8"]),
        ("texthash:/etc/postfix/networks.hash", ["192.0.2.7", "2001:db8::7"], ["192.0.2.8"]),
        ("static:all", ["8.8.8.8", "::1"], []),
        ("unknown", ["8.8.8.8", "::1"], []),
        ("", [], ["127.0.0.1"]),
    ],
)
def test_addresses_of_a_list_of_hosts(tmp_path, value, inside, outside):
    found = host_list(*parameter(tmp_path, "mynetworks", value))
    assert [one for one in inside if ip_address(one) not in found.addresses] == []
    assert [one for one in outside if ip_address(one) in found.addresses] == []
    assert not found.failing


@pytest.mark.parametrize("value", ["192.0.2.7/24", "10.0.0.0/99", "2001:db8::/32"])
def test_a_pattern_that_is_wrong_fails_for_those_who_get_to_it(tmp_path, value):
    found = host_list(*parameter(tmp_path, "mynetworks", f"127.0.0.0/8 {value} 198.51.100.0/24"))
    assert ip_address("127.0.0.1") in found.addresses
    assert ip_address("198.51.100.7") not in found.addresses
    assert ip_address("198.51.100.7") in found.failing


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("partner.example.org", "which clients have the name partner.example.org"),
        ("texthash:/etc/postfix/networks.hash", "which clients have the name partner.example.org"),
        ("/etc/postfix/missing", "/etc/postfix/missing"),
        ("/etc/postfix/loop", "/etc/postfix/loop"),
        ("mysql:/etc/postfix/networks.cf", "mysql:/etc/postfix/networks.cf"),
        ("regexp:{{/./ x}}", "regexp:"),
    ],
)
def test_what_cannot_be_told_is_said(tmp_path, value, what):
    (unknown,) = host_list(*parameter(tmp_path, "mynetworks", value)).unknown
    assert unknown.what.startswith(what)


@pytest.mark.parametrize(
    ("value", "parents", "inside", "outside"),
    [
        ("example.org", False, ["example.org", "EXAMPLE.org"], ["mail.example.org", "myexample.org"]),
        ("example.org", True, ["example.org", "mail.example.org"], ["myexample.org"]),
        (".example.org", False, ["mail.example.org"], ["example.org"]),
        ("!mail.example.org, .example.org", False, ["a.example.org"], ["mail.example.org"]),
        ("texthash:/etc/postfix/domains", True, ["mail.example.org"], ["mail.example.net"]),
        ("static:all", False, ["anything"], []),
        ("regexp:{{/^mail\\./ x}}", False, ["mail.example.org"], ["example.org"]),
    ],
)
def test_domains_of_a_list(tmp_path, value, parents, inside, outside):
    domains = DomainList(*parameter(tmp_path, "relay_domains", value), parents=parents)
    assert [one for one in inside if one not in domains] == []
    assert [one for one in outside if one in domains] == []
