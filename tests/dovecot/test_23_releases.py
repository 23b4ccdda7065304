"""What the releases of 2.2 and 2.3 have otherwise: the tags of Dovecot's source (tools/dovecot23-releases.json)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor.dovecot.v23 import interpret
from auditor.dovecot.v23_table import table_for
from auditor.host import Host, Mount, Unreadable

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.dovecot.configuration import Configuration


@pytest.mark.parametrize(
    ("name", "defaults"),
    [
        (
            "auth_policy_request_attributes",
            {
                "2.2.28": "login=%{orig_username} pwhash=%{hashed_password} remote=%{real_rip}",
                "2.2.29": "login=%{orig_username} pwhash=%{hashed_password} remote=%{real_rip} device_id=%{client_id}"
                " protocol=%s",
                "2.2.34": "login=%{requested_username} pwhash=%{hashed_password} remote=%{rip} device_id=%{client_id}"
                " protocol=%s",
                "2.3.0.1": "login=%{orig_username} pwhash=%{hashed_password} remote=%{real_rip} device_id=%{client_id}"
                " protocol=%s",
                "2.3.1": "login=%{requested_username} pwhash=%{hashed_password} remote=%{rip} device_id=%{client_id}"
                " protocol=%s",
                "2.3.11.3": "login=%{requested_username} pwhash=%{hashed_password} remote=%{rip}"
                " device_id=%{client_id} protocol=%s session_id=%{session}",
            },
        ),
        ("director_username_hash", {"2.2.36": "%u", "2.3.17.1": "%u", "2.3.18": "%Lu"}),
        ("imapc_connection_retry_interval", {"2.2.36": "1 secs", "2.3.0": "1 secs"}),
        ("postmaster_address", {"2.3.3": "postmaster@%d", "2.3.4": "postmaster@%{if;%d;ne;;%d;%{hostname}}"}),
        ("ssl_min_protocol", {"2.3.14.1": "TLSv1", "2.3.15": "TLSv1.2"}),
    ],
)
def test_defaults(name: str, defaults: dict[str, str]) -> None:
    assert {version: table_for(version, debian=False).top[name].default for version in defaults} == defaults


@pytest.mark.parametrize(
    ("section", "name", "first", "last"),
    [
        ("passdb", "username_filter", "2.2.30", "2.3.21"),
        ("metric", "metric_name", "2.3.11.2", "2.3.21"),
        ("metric", "name", "2.3.0", "2.3.10.1"),
        ("metric", "event_name", "2.3.0", "2.3.11.3"),
        ("metric", "group_by", "2.3.10", "2.3.21"),
        ("metric", "exporter", "2.3.7", "2.3.21"),
        ("event_exporter", "name", "2.3.7", "2.3.21"),
        ("event_exporter", "transport_timeout", "2.3.8", "2.3.21"),
    ],
)
def test_names_in_sections(section: str, name: str, first: str, last: str) -> None:
    releases = ("2.2.28", "2.2.30", "2.3.0", "2.3.7", "2.3.8", "2.3.10", "2.3.10.1", "2.3.11.2", "2.3.11.3", "2.3.21")
    knowing = [one for one in releases if name in table_for(one, debian=False).sections.get(section, ())]
    assert (knowing[0], knowing[-1]) == (first, last)


@pytest.mark.parametrize(
    ("service", "releases"),
    [
        ("dns_client", ("2.2.36", "2.3.7", "2.3.8", "2.3.10.1")),
        ("dns-client", ("2.3.11.2", "2.3.13", "2.3.21")),
        ("health-check", ("2.3.8", "2.3.10.1", "2.3.11.2", "2.3.13", "2.3.21")),
        ("ssl-params", ("2.2.36",)),
    ],
)
def test_services(service: str, releases: tuple[str, ...]) -> None:
    every = ("2.2.36", "2.3.7", "2.3.8", "2.3.10.1", "2.3.11.2", "2.3.13", "2.3.21")
    assert tuple(one for one in every if service in table_for(one, debian=False).services) == releases


@pytest.mark.parametrize(
    ("service", "key", "values"),
    [
        ("auth-worker", "service_count", {"2.3.15": "1", "2.3.16": None}),
        ("auth-worker", "type", {"2.3.13": None, "2.3.14": "worker"}),
        ("config", "idle_kill", {"2.2.28": "0", "2.2.29": "4294967295 secs"}),
        ("imap", "extra_groups", {"2.2.36": None, "2.3.0": None, "2.3.1": "$default_internal_group"}),
        ("stats", "chroot", {"2.3.7": "empty", "2.3.8": None}),
    ],
)
def test_values_of_services(service: str, key: str, values: dict[str, str | None]) -> None:
    assert {one: table_for(one, debian=False).services[service].get(key) for one in values} == values


@pytest.mark.parametrize(
    ("version", "text", "message"),
    [
        ("2.3.10", "metric a {\n event_name = b\n filter {\n  x = y\n }\n}\n", None),
        ("2.3.10", "metric a {\n source_location = b\n}\n", "source_location is missing ':'"),
        ("2.3.12", "metric a {\n source_location = b:0\n}\n", "source_location has invalid line number after ':'"),
        ("2.3.13", "metric a {\n event_name = b\n}\n", "Unknown setting: metric { event_name"),
        ("2.3.13", "log_debug = a\n", "Invalid log_debug: event filter: syntax error, unexpected $end"),
        ("2.3.11.3", "log_debug = a\n", None),
    ],
)
def test_events(tmp_path: Path, version: str, text: str, message: str | None) -> None:
    problems = [one.message for one in read(tmp_path, text, version).problems]
    assert problems == [] if message is None else message in problems[0]


def read(folder: Path, text: str, version: str) -> Configuration:
    (folder / "dovecot.conf").write_text(text)
    host = Host((Mount("/etc/dovecot", str(folder)),))
    main = host.read_text("/etc/dovecot/dovecot.conf")
    assert not isinstance(main, Unreadable)
    return interpret(host, main, version, "option")
