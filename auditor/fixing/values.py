"""The effective values of a host, each with the place that it comes from."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from auditor.fixing.apply import final_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from auditor.fixing.edit import Edited
    from auditor.host import Host
    from auditor.model import AuditedHost
    from auditor.postfix.configuration import Configuration as PostfixConfiguration
    from auditor.text import Span

_NUMBER = re.compile(r"#\d+")


class Value(NamedTuple):
    """An effective value. ``name`` is that of the setting with its blocks or service; unnamed blocks are all alike."""

    instance: str
    name: str
    value: str
    span: Span | None
    """Where it is set; None for a default."""


def values_of(model: AuditedHost) -> Iterator[Value]:
    """Yield what the files set: what follows from that by default is no value of its own."""
    for dovecot in model.dovecot:
        configuration = dovecot.configuration
        for name, setting in configuration.settings().items():
            yield Value(configuration.main_file.name, _NUMBER.sub("", name), setting.value, setting.origin.span)
    for postfix in model.postfix:
        yield from _values_of_postfix(postfix.configuration)


def _values_of_postfix(configuration: PostfixConfiguration) -> Iterator[Value]:
    instance = configuration.config_directory
    effective = {}
    for name in configuration.assignments:
        parameter = configuration.get(name)
        effective[name] = parameter.effective
        yield Value(instance, name, parameter.effective, parameter.origin.span)
    for service in configuration.services:
        where = f"{service.service}/{service.type}/"
        fields = (service.private, service.unpriv, service.chroot, service.wakeup, service.maxproc, service.program)
        flags = (word for word in service.command.split() if word.startswith("-") and word != "-o")
        yield Value(instance, where, " ".join((*fields, *flags, *service.arguments)), service.span)
        for name in dict.fromkeys((*service.options, *configuration.assignments)) if service.options else ():
            parameter = configuration.get(name, service)
            # What a service sees as all programs do is said already.
            if name in service.options or parameter.effective != effective.get(name):
                yield Value(instance, where + name, parameter.effective, parameter.origin.span)


def touched(values: Iterable[Value], host: Host, texts: Mapping[str, Edited], *, old: bool) -> set[tuple[str, str]]:
    """Return instance and name of the values that are set where texts are edited: in the old texts or the new ones."""
    places = {name: text.old if old else text.new for name, text in texts.items()}
    return {
        (value.instance, value.name)
        for value in values
        if value.span and _touches(value.span, places.get(final_name(host, value.span.file.name), ()))
    }


def _touches(span: Span, places: Sequence[tuple[int, int]]) -> bool:
    """Whether one of several places, which are in order and apart, has characters of a span or lies inside it."""
    last = bisect_left(places, (span.end,)) - 1
    return last >= 0 and places[last][1] > span.start
