"""What to write in place of a parameter that Postfix deprecates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.change import Fix, Rename, SetValue
from auditor.model.fixes import without

if TYPE_CHECKING:
    from auditor.postfix.configuration import Configuration, Service

_SWITCH: Final = re.compile(r"(?P<program>\w+?)_(?P<kind>use_tls|enforce_tls|tls_enforce_peername)|disable_dns_lookups")


def in_place_of(configuration: Configuration, name: str, instead: str, service: Service | None) -> Fix | None:
    """Return what keeps the effect of a deprecated parameter that is set, with the parameter that replaces it.

    A new one that is set overrides the old one; some have the value of the old one for a default, others are a level
    where the old ones were switches (DEPRECATION_README; smtpd.c, pre_jail_init; smtp_tls_policy.c, global_tls_level).
    """
    old, new = (configuration.get(one, service) for one in (name, instead or name))
    if old.assignment is None:
        return None
    if not instead or (new.assignment and new.effective):
        return without(old.origin, name)
    if new.effective == old.effective:
        return Fix(f"write `{instead}` for `{name}`", (Rename(old.assignment.span, instead),))
    match = _SWITCH.fullmatch(name)
    if match is None:
        return None
    level = _level(configuration, match, service) if old.effective.lower() == "yes" else ""
    if not level:
        return without(old.origin, name)
    changes = Rename(old.assignment.span, instead), SetValue(old.assignment.span, level)
    return Fix(f"write `{instead} = {level}` for `{name}`", changes)


def _level(configuration: Configuration, switch: re.Match[str], service: Service | None) -> str:
    """Return the level for a switch that is on; empty where another one decides."""
    if switch["kind"] is None:
        return "disabled"

    def is_on(kind: str) -> bool:
        return configuration.get(f"{switch['program']}_{kind}", service).effective.lower() == "yes"

    if switch["kind"] == "tls_enforce_peername" or (switch["kind"] == "use_tls" and is_on("enforce_tls")):
        return ""
    if switch["kind"] == "use_tls":
        return "may"
    return "verify" if is_on("tls_enforce_peername") else "encrypt"
