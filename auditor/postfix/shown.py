"""What ``postconf`` prints: ``-n`` and ``-nx`` for parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.postfix.defaults import read_only_parameters, version_numbers
from auditor.postfix.used import used_parameters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.postfix.configuration import Configuration, Parameter


def parameters_shown(configuration: Configuration, *, defaults: bool = False) -> Mapping[str, Parameter]:
    """Return the parameters that ``postconf -n`` prints, their values spelled as it prints them, by name and sorted.

    ``defaults`` adds every parameter that has only its default. Whoever prints them hides those that are secret.
    """
    names = used_parameters(configuration)
    if defaults:
        read_only = read_only_parameters(version_numbers(configuration.version))
        known = {*configuration.defaults.names(), *configuration.service_defaults, *names} - read_only
        names = sorted(known, key=lambda name: name.encode("utf-8", "surrogateescape"))
    return {name: _as_printed(configuration.get(name)) for name in names}


def _as_printed(parameter: Parameter) -> Parameter:
    expanded = None if parameter.expanded is None else squeezed(parameter.expanded)
    return parameter._replace(value=squeezed(parameter.value), expanded=expanded)


def squeezed(text: str) -> str:
    """Return a text with its white space as postconf prints it (``pcf_print_line``)."""
    return " ".join([word for word in text.translate(_BLANKS).split(" ") if word])


_BLANKS: Final = str.maketrans("\t\r\n", "   ")
"""``PCF_SEPARATORS``, ``src/postconf/postconf.h``."""
