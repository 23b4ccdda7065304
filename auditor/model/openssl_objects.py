"""The names of certificate fields that OpenSSL knows.

The table is auditor/data/openssl-objects.json, made by tools/make_openssl_objects.py.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from auditor.packaged import table
from auditor.text import similar

USUAL: Final = frozenset({"commonName", "CN", "emailAddress"})
"""Names that are known without opening the table."""
_LONGEST: Final = 64
"""Characters of a name that a similar one is looked for; comparing takes time with the square of it."""
_OID: Final = re.compile(r"([0-9](?:[. ][0-9]+)+)[. ]?")


@cache
def _table() -> tuple[tuple[str, ...], frozenset[str]]:
    data = table("openssl-objects")
    return tuple(data["names"]), frozenset(data["names"]) | frozenset(data["oids"])


def is_known(name: str) -> bool:
    """Whether OBJ_txt2nid finds a name: a short or long name in its letter case, or an OID of the table.

    An OID may have blanks for dots, one more at its end, and numbers with leading zeros (``a2d_ASN1_OBJECT``; tried).
    """
    if name in USUAL:
        return True
    if len(name) <= _LONGEST and (oid := _OID.fullmatch(name)):
        name = ".".join(str(int(number)) for number in re.split("[. ]", oid[1]))
    return name in _table()[1]


def nearest(name: str) -> str:
    """Return the known name that an unknown one was probably meant to be; empty when none is near."""
    if not name or len(name) > _LONGEST:
        return ""
    if same := [known for known in (*sorted(USUAL), *_table()[0]) if known.lower() == name.lower()]:
        return same[0]
    return similar(name, sorted(USUAL), 0.8) or similar(name, _table()[0], 0.8)
