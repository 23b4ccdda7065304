"""Which protocol versions a setting allows."""

from __future__ import annotations

import re
from typing import Final

from auditor.model.tls_policy import PROTOCOLS

_SINCE_SSL3: Final = PROTOCOLS[1:]
_POSITIONS: Final = {protocol.lower(): at for at, protocol in enumerate(PROTOCOLS)}


def from_minimum(value: str) -> tuple[str, ...]:
    """Return what Dovecot's ``ssl_min_protocol`` allows, the oldest first; empty for a value that it refuses.

    Source: protocol_versions in src/lib-ssl-iostream/iostream-openssl-common.c.
    """
    name = value.upper()
    if name == "ANY":
        return _SINCE_SSL3
    if name == "LATEST":
        return PROTOCOLS[-1:]
    for at, protocol in enumerate(_SINCE_SSL3):
        if protocol.upper() == name:
            return _SINCE_SSL3[at:]
    return ()


def from_words(value: str) -> tuple[str, ...]:
    """Return what a list of protocols allows, the oldest first; empty for one that is refused.

    Postfix's ``!SSLv2, >=TLSv1.2, TLSv1.3`` (tls_proto_mask_lims, src/tls/tls_misc.c; bounds from 3.6 on) and Dovecot
    2.2's ``ssl_protocols`` (openssl_get_protocol_options). Named protocols exclude all others that are known.
    """
    excluded: set[str] = set()
    named: set[str] = set()
    bounds = {">=": 0, "<=": len(PROTOCOLS) - 1}
    for word in value.replace(",", " ").replace(":", " ").split():
        if word.lower() in (">=none", "<=none"):
            continue
        bound = word[:2] if word[:2] in bounds else ""
        at = _bound(word[2:]) if bound else _POSITIONS.get(word.removeprefix("!").lower())
        if at is None:
            return ()
        if bound:
            bounds[bound] = at
        else:
            (excluded if word.startswith("!") else named).add(PROTOCOLS[at])
    between = PROTOCOLS[bounds[">="] : bounds["<="] + 1]
    return tuple(one for one in between if one not in excluded and (one in named or not named))


def _bound(name: str) -> int | None:
    """Return the position of a protocol that is named or is a number such as 0303 (parse_tls_version)."""
    if re.fullmatch("(0[xX])?0*30[0-4]", name):
        return 1 + int(name[-1])
    return _POSITIONS.get(name.lower())
