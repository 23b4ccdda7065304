"""What Dovecot 2.4 refuses about services, protocols, exporters and languages.

``master_settings_ext_check`` in src/master/master-settings.c, ``stats_settings_ext_check`` in
src/stats/stats-settings.c, ``langs_settings_ext_check`` in src/lib-language/lang-settings.c. ``doveconf -n`` of 2.4.5
leaves the services out; ``doveconf -x``, which expands variables as the daemon does at its start, refuses them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.dovecot.v24_filters import Kind
from auditor.dovecot.v24_schema import HEREDOC
from auditor.dovecot.v24_values import ValueRefusedError, size
from auditor.dovecot.v24_view import UnknownValueError
from auditor.finding import Problem, ProblemKind
from auditor.text import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from auditor.dovecot.configuration import Section
    from auditor.dovecot.v24 import Configuration24
    from auditor.dovecot.v24_view import View
    from auditor.text import Span

MAX_SERVICES: Final = 1_000
"""Services that are looked at; 2.4.1 has 27 of its own and 2.4.5 has 28."""
_TYPES: Final = ("", "log", "config", "anvil", "login", "startup", "worker")
_ONE_PROCESS: Final = ("anvil", "auth", "indexer", "log")
"""Services with ``process_limit_1`` in src/*/*-settings.c of 2.4.1 and 2.4.4.

``doveconf -x`` of 2.4.1 and 2.4.5 refuses two processes for these and for no other built-in service.
"""
_NUMBER: Final = re.compile("[0-9]{1,30}")
_UNLIMITED: Final = ("unlimited", "infinite")


class _RefusedError(ValueError):
    """What is wrong, and the setting it stands in."""

    def __init__(self, message: str, span: Span | None = None) -> None:
        super().__init__(message)
        self.span = span


def check_services(configuration: Configuration24, view: View, names_of: Mapping[str, Sequence[str]]) -> None:
    """Append the first thing that the daemon would refuse about services, exporters and languages each.

    The daemon checks them for each filter that opens some; ``names_of`` are those that it sees there, by list filter.
    """
    for kind, struct, check in (
        ("service", "master", _check_listen),
        ("service", "master", _check_services),
        ("metric", "stats", _check_exporters),
        ("language", "languages", _check_languages),
    ):
        names = names_of.get(kind, ())[:MAX_SERVICES]
        if not names or not (view.where.kind is Kind.ROOT or view.where.names.get(kind)):
            continue
        if not view.is_checked(struct):
            continue
        sections = [configuration.section_in(view.where, kind, name) for name in names]
        try:
            check(configuration, view, sections)
        except _RefusedError as error:
            span = error.span or view.where.origin.span or configuration.main_file.line_span(1)
            configuration.problems.append(Problem(ProblemKind.INVALID_VALUE, escaped(str(error)), span))
        except (UnknownValueError, ValueRefusedError):
            continue  # The value itself is refused where it stands, or only the daemon knows it.


def _text(section: Section, key: str) -> str:
    found = section.get(key)
    if found is None or not found.literal or ("%{" in found.value and not key.endswith("_listener_path")):
        raise ValueRefusedError(key)
    return found.value


def _check_listen(configuration: Configuration24, view: View, services: Sequence[Section]) -> None:
    # doveconf puts together what stands in the file and what is built in, the master process does not (tried on both).
    is_root = view.where.kind is Kind.ROOT
    if not (configuration.items("listen") if is_root else view.words("listen")):
        message = "listen can't be set empty"
        raise _RefusedError(message, view.span("listen") or services[-1].origin.span)


def _check_services(configuration: Configuration24, view: View, services: Sequence[Section]) -> None:
    if not view.words("listen"):
        return
    _check_names_and_types(services)
    known = [_text(service, "service_protocol") for service in services]
    protocols = view.words("protocols")
    for protocol in protocols:
        if protocol not in known:
            raise _RefusedError(f"protocols: Unknown protocol: {protocol}", view.span("protocols"))
    enabled = {"", *protocols}
    base_dir = configuration.get("base_dir")
    folder = base_dir.value.rstrip("/") if base_dir else ""
    listeners: list[tuple[str, Span | None]] = []
    for service, protocol in zip(services, known, strict=True):
        if protocol in enabled:
            _check_limits(configuration, service)
            listeners += _listeners(service, folder)
    seen: set[str] = set()
    for listener, span in listeners:
        if listener in seen:
            raise _RefusedError(f"duplicate listener: {listener}", span)
        seen.add(listener)


def _check_names_and_types(services: Sequence[Section]) -> None:
    seen: set[str] = set()
    for number, service in enumerate(services):
        name = _text(service, "service_name")
        if not name:
            raise _RefusedError(f"Service #{number} is missing name", service.span)
        kind = service.get("service_type")
        # A word with blanks is no type, whatever the environment of the daemon puts into it.
        known = kind is None or kind.value in _TYPES or not (kind.literal or " " in kind.value)
        if kind and not known and "%{" not in kind.value:
            raise _RefusedError(f"Unknown service type: {kind.value}", kind.origin.span)
        if name in seen:
            raise _RefusedError(f"Duplicate service name: {name}", service.span)
        seen.add(name)


def _check_limits(configuration: Configuration24, service: Section) -> None:
    """Refuse limits that are 0, or that do not go together."""
    more = "greater" if configuration.schema.number >= HEREDOC else "higher"
    hint = ' (did you mean "unlimited"?)'

    def refused(what: str, key: str) -> _RefusedError:
        found = service.get(f"service_{key}")
        return _RefusedError(f"service({service.name}): {what}", found.origin.span if found else None)

    if _text(service, "service_drop_priv_before_exec") == "yes" and _text(service, "service_chroot"):
        raise refused("drop_priv_before_exec=yes can't be used with chroot", "drop_priv_before_exec")
    limit = _number(service, "process_limit")
    if limit == 0:
        raise refused(f"process_limit must be {more} than 0", "process_limit")
    least = _number(service, "process_min_avail")
    if limit is not None and (least is None or least > limit):
        raise refused(f"process_min_avail is {more} than process_limit", "process_min_avail")
    for key, tip in (("client_limit", ""), ("restart_request_count", hint), ("idle_kill_interval", hint)):
        if _text(service, f"service_{key}").partition(" ")[0] == "0":
            raise refused(f"{key} must be {more} than 0{tip}", key)
    memory = _text(service, "service_vsz_limit")
    if memory not in _UNLIMITED and size(memory) < 1024 * 1024:
        raise refused(f"vsz_limit is too low{hint}", "vsz_limit")
    reuses = service.get("service_reuse_port")
    if reuses and reuses.value.lower() in ("yes", "y", "1") and least != limit:
        what = "process_min_avail must be equal to process_limit when using service_reuse_port=yes"
        raise refused(what, "process_min_avail")
    if service.name in _ONE_PROCESS and (limit is None or limit > 1):
        raise refused("process_limit must be 1", "process_limit")


def _number(service: Section, key: str) -> int | None:
    text = _text(service, f"service_{key}")
    if text in _UNLIMITED:
        return None
    if not _NUMBER.fullmatch(text):
        raise ValueRefusedError(text)
    return int(text)


def _listeners(service: Section, folder: str) -> Iterator[tuple[str, Span | None]]:
    """Yield what a service listens on, with where it stands; ``folder`` is ``base_dir``."""
    for kind in ("unix_listener", "fifo_listener"):
        for listener in service.sections(kind):
            path = _text(listener, f"{kind}_path")
            if not path:
                raise _RefusedError(f"service({service.name}): {kind}: path must not be empty", listener.span)
            mode = _text(listener, f"{kind}_mode")
            if mode.strip("0"):
                yield path if path.startswith("/") else f"{folder}/{path}", listener.origin.span
    for listener in service.sections("inet_listener"):
        port = _text(listener, "inet_listener_port")
        # A port that is no number has been refused where it is set.
        if _NUMBER.fullmatch(port) and port.strip("0"):
            for address in listener.items("listen"):
                yield f"{int(port)}:{address.name}", listener.origin.span


def _check_exporters(configuration: Configuration24, _: View, metrics: Sequence[Section]) -> None:
    """Refuse metrics that are sent to an exporter that is not there."""
    known = {exporter.name for exporter in configuration.sections("event_exporter", metrics[0].conditions)}
    word = "nonexistent" if configuration.schema.number >= HEREDOC else "non-existent"
    for metric in metrics:
        exporter = metric.get("metric_exporter")
        if exporter and exporter.value and exporter.literal and exporter.value not in known:
            message = f"metric {metric.name} refers to {word} exporter '{exporter.value}'"
            raise _RefusedError(message, exporter.origin.span)


def _check_languages(configuration: Configuration24, _: View, languages: Sequence[Section]) -> None:
    """Refuse languages without a default."""
    defaults: list[str] = []
    more = "with " if configuration.schema.number < HEREDOC else ""
    for one in languages:
        if _text(one, "language_default").lower() in ("yes", "y", "1"):
            if one.name == "data":
                raise _RefusedError("language data cannot have { default = yes }", one.span)
            if defaults:
                message = (
                    f"Only one language with {more}{{ default = yes }} is allowed"
                    f" (default is '{defaults[0]}', cannot set '{one.name}' too)"
                )
                raise _RefusedError(message, one.span)
            defaults.append(one.name)
    if all(one.name == "data" for one in languages):
        raise _RefusedError("No valid languages", languages[0].span)
    if not defaults:
        raise _RefusedError("No language with { default = yes } found", languages[0].span)
