"""From found hosts to the effective configurations of their instances."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from auditor.dovecot.read import read_dovecot, read_upgraded
from auditor.failure import Failure, internal_error
from auditor.host import Reason, Unreadable
from auditor.postfix.defaults import version_numbers
from auditor.postfix.read import read_postfix
from auditor.versions import Version, dovecot_version, postfix_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.discover import Discovery, FoundHost
    from auditor.dovecot.configuration import Configuration as DovecotConfiguration
    from auditor.finding import NotChecked
    from auditor.host import Host
    from auditor.postfix.configuration import Configuration as PostfixConfiguration

Configuration = TypeVar("Configuration")

MAX_INSTANCES: Final = 100
"""Postfix instances of one host that are followed through ``multi_instance_directories``."""


class Versions(NamedTuple):
    """The versions that the user said the daemons have."""

    dovecot: str | None = None
    postfix: str | None = None


class Instances(NamedTuple):
    """A host and what the configurations of its daemons mean."""

    host: Host
    dovecot: tuple[DovecotConfiguration, ...]
    postfix: tuple[PostfixConfiguration, ...]
    failures: tuple[Failure, ...] = ()

    @property
    def not_checked(self) -> list[NotChecked]:
        """What its readers could not look at, and what a model that was built of it gave up on the way."""
        found = [one for dovecot in self.dovecot for one in dovecot.not_checked]
        return found + [one for postfix in self.postfix for one in postfix.not_checked]


def read_hosts(discovery: Discovery, versions: Versions) -> tuple[tuple[Instances, ...], tuple[Failure, ...]]:
    """Read every host that was discovered; returns them with everything that could not be used or read."""
    hosts = tuple(read_instances(found, versions) for found in discovery.hosts)
    failures = [Failure(one.why, one.path) for one in discovery.unusable]
    failures += [failure for host in hosts for failure in host.failures]
    return hosts, tuple(dict.fromkeys(failures))


def read_instances(found: FoundHost, versions: Versions) -> Instances:
    """Read everything found on a host; what cannot be read or makes its reader raise is a failure."""
    failures: list[Failure] = []
    dovecot = tuple(_all_dovecot(found, versions, failures))
    postfix = tuple(_all_postfix(found, versions, failures))
    return Instances(found.host, dovecot, postfix, tuple(failures))


def _guarded(
    read: Callable[[], Configuration | Unreadable], path: str, failures: list[Failure]
) -> Configuration | None:
    try:
        result = read()
    except Exception as error:
        failures.append(internal_error(error, "reading", path=path))
        return None
    if isinstance(result, Unreadable):
        failures.append(Failure(result.why, result.path))
        return None
    return result


def _all_dovecot(found: FoundHost, versions: Versions, failures: list[Failure]) -> Iterator[DovecotConfiguration]:
    installed = dovecot_version(found.host)
    for name in found.dovecot:
        read: Callable[[], DovecotConfiguration | Unreadable]
        if versions.dovecot:
            read = partial(read_upgraded, found.host, name, versions.dovecot, installed)
        else:
            read = partial(read_dovecot, found.host, name, *(installed or (None, "")))
        configuration = _guarded(read, found.host.path(name), failures)
        if configuration is not None:
            yield configuration


def _all_postfix(found: FoundHost, versions: Versions, failures: list[Failure]) -> Iterator[PostfixConfiguration]:
    installed = postfix_version(found.host)
    version = Version(versions.postfix, "option") if versions.postfix else installed
    names = list(found.postfix)
    for name in names:
        unreadable = list(_unreadable_files(found.host, name))
        failures += unreadable
        debian = installed is not None and installed.known_from == "dpkg"
        read = partial(read_postfix, found.host, name, *(version or (None, "")), debian=debian)
        configuration = _guarded(read, found.host.path(name), failures)
        if configuration is None or (configuration.main_file is None and configuration.master_file is None):
            continue
        if versions.postfix and installed and version_numbers(installed.number) < version_numbers(versions.postfix):
            read = partial(read_postfix, found.host, name, *installed)
            configuration.older = _guarded(read, found.host.path(name), failures)
        yield configuration
        more = re.split(r"[\s,]+", configuration.get("multi_instance_directories").effective)
        new = (one.rstrip("/") for one in more if one.startswith("/") and found.host.exists(one))
        names += [one for one in dict.fromkeys(new) if one not in names][: MAX_INSTANCES - len(names)]


def _unreadable_files(host: Host, directory: str) -> Iterator[Failure]:
    """Yield the reasons why one of the two files that make an instance is there and cannot be read."""
    for file in ("main.cf", "master.cf"):
        text = host.read_text(f"{directory.rstrip('/')}/{file}")
        if isinstance(text, Unreadable) and text.reason is not Reason.MISSING:
            yield Failure(text.why, text.path)
