"""Which passdbs apply to which protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.model.passdb import Passdb
from auditor.model.user_files import UserFiles

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.dovecot.configuration import Configuration, Scope
    from auditor.host import Host


def passdbs_by_scope(
    configuration: Configuration, host: Host, scopes: Iterable[Scope]
) -> dict[Scope, tuple[Passdb, ...]]:
    """Return the passdbs that apply to each scope in their order; the first scope is the global one.

    A block that means the same in several scopes is one passdb. In 2.4 it may mean something else for a protocol that
    sets its settings anew (tried on 2.4.1); that is another one.
    """
    files = UserFiles(host, configuration.dialect)
    seen: set[tuple[str, int, Scope]] = set()
    views: dict[tuple[object, ...], Passdb] = {}
    found: dict[Scope, tuple[Passdb, ...]] = {}
    for scope in dict.fromkeys(scopes):
        applying: list[Passdb] = []
        for section in configuration.sections("passdb", scope):
            place = section.span.file.name, section.span.start, section.conditions
            protocol = section.conditions.protocol or (scope.protocol if place in seen else "")
            seen.add(place)
            passdb = Passdb(section, files, configuration.dialect, protocol)
            applying.append(views.setdefault((place, passdb.meaning), passdb))
        found[scope] = tuple(applying)
    return found
