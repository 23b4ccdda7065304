"""What the queries of SQL and LDAP passdbs ask about a login beside its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.host import Unreadable
from auditor.syntax.dovecot import Kind, parse, statements
from auditor.text import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model.passdb import Passdb

QUERIES: Final = {"2.3": ("password_query", "pass_filter"), "2.4": ("passdb_sql_query", "passdb_ldap_filter")}
_HOW_ONE_LOGS_IN: Final = {
    "2.3": re.compile(r"%(?:[km]|\{(?:\w+[:;])*(?:cert|mech|mechanism)\b)"),
    "2.4": re.compile(r"%\{\s*(?:cert|mechanism)\b"),
}
"""Variables that tell whether the client showed a certificate, and by which mechanism it logs in
(src/auth/auth-request-var-expand.c of 2.3.19.1 and 2.4.1)."""


def query_about_the_login(passdb: Passdb) -> Origin | None:
    """Return where a passdb's query asks for the certificate or the mechanism; None if it does not, or is not known."""
    asks = _HOW_ONE_LOGS_IN[passdb.dialect]
    return next((origin for query, origin in _queries(passdb) if asks.search(query.replace("%%", ""))), None)


def _queries(passdb: Passdb) -> Iterator[tuple[str, Origin]]:
    if passdb.driver not in ("sql", "ldap"):
        return
    names = QUERIES[passdb.dialect]
    if passdb.dialect == "2.4":
        found = (passdb.section.get(name) for name in names)
        yield from ((setting.value, setting.origin) for setting in found if setting is not None)
        return
    source = passdb.files.source(passdb.value("passdb_args"))
    if not isinstance(source, Unreadable):
        for one in statements(parse(source, "2.3", "2.3.19")):
            if one.kind is Kind.SETTING and one.key in names:
                yield one.value, Origin(one.span)
