"""Which hosts the named paths belong to: the folder that stands for each root, and whether modes mean anything."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from auditor.host import Host, Mount
from auditor.instances import PREFIXES, Instance, Product, Search, names_product

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.finding import NotChecked


class FoundHost(NamedTuple):
    """A host and the names of what was found on it: Dovecot's main files, Postfix's configuration directories."""

    host: Host
    dovecot: tuple[str, ...]
    postfix: tuple[str, ...]


class Unusable(NamedTuple):
    """A path that cannot be audited, and why."""

    path: str
    why: str


class Discovery(NamedTuple):
    """Everything found below the named paths."""

    hosts: tuple[FoundHost, ...]
    unusable: tuple[Unusable, ...]
    not_checked: tuple[NotChecked, ...]


def discover(paths: Sequence[str], *, root: str | None = None, modes: bool | None = None) -> Discovery:
    """Find the hosts below the paths.

    ``root`` is the folder that absolute names are resolved against instead of the one above the nearest ``etc``;
    ``modes`` says whether permissions mean anything, instead of looking whether the files lie in a git working tree.
    """
    search = Search()
    unusable: list[Unusable] = []
    for path in paths:
        if root is not None and _name_below(root, path) is None:
            unusable.append(Unusable(path, f"is not below the root {root}"))
        elif (why := search.look_at(path)) is not None:
            unusable.append(Unusable(path, why))
    hosts = tuple(_hosts(search.found, root, modes))
    return Discovery(hosts, tuple(unusable), tuple(dict.fromkeys(search.not_checked)))


def _hosts(instances: Sequence[Instance], root: str | None, modes: bool | None) -> Iterator[FoundHost]:
    rooted: dict[str, list[Instance]] = {}
    rootless: dict[str, list[Instance]] = {}
    for instance in instances:
        above = root if root is not None else root_of(instance.folder)
        if above is not None:
            rooted.setdefault(above, []).append(instance)
        else:
            folder = os.path.abspath(instance.folder)
            rootless.setdefault(os.path.dirname(folder) if names_product(instance) else folder, []).append(instance)
    for above, group in rooted.items():
        known = _modes_known(group, modes, live=os.path.realpath(above) == "/")
        names = [(one, _name_below(above, one.folder) or "/") for one in group]
        yield _found(Host((Mount("/", above),), modes_known=known), names)
    for group in rootless.values():
        yield from _rootless_hosts(group, modes)


def _rootless_hosts(group: list[Instance], modes: bool | None) -> Iterator[FoundHost]:
    """Pair the Dovecot and Postfix folders that lie side by side; each stands for the usual folder of its product."""
    while group:
        pair: dict[Product, Instance] = {}
        for instance in list(group):
            if instance.product not in pair:
                pair[instance.product] = instance
                group.remove(instance)
        mounts = tuple(Mount(f"/etc/{product}", one.folder) for product, one in pair.items())
        known = _modes_known(list(pair.values()), modes)
        yield _found(Host(mounts, modes_known=known), [(one, f"/etc/{product}") for product, one in pair.items()])


def _found(host: Host, names: list[tuple[Instance, str]]) -> FoundHost:
    main_files = [f"{name.rstrip('/')}/{one.file}" for one, name in names if one.product is Product.DOVECOT]
    return FoundHost(host, tuple(main_files), tuple(name for one, name in names if one.product is Product.POSTFIX))


def _name_below(root: str, path: str) -> str | None:
    """Return the absolute name that a path has on the host whose ``/`` is ``root``; None when it is not below it."""
    for normal in (os.path.abspath, os.path.realpath):
        top, here = normal(root).rstrip("/"), normal(path)
        if here == (top or "/"):
            return "/"
        if here.startswith(top + "/"):
            return here[len(top) :]
    return None


def root_of(folder: str) -> str | None:
    """Return the folder above the nearest ``etc`` on the way to a folder, relative if that is; else None."""
    parts = os.path.abspath(folder).split("/")
    if "etc" not in parts:
        return None
    above = "/".join(parts[: len(parts) - 1 - parts[::-1].index("etc")]) or "/"
    for prefix in PREFIXES:
        if above.endswith("/" + prefix):
            above = above[: -len(prefix) - 1] or "/"
    return above if os.path.isabs(folder) else os.path.relpath(above)


def _modes_known(instances: Sequence[Instance], forced: bool | None, *, live: bool = False) -> bool:
    """Whether permissions and owners mean anything; git keeps neither."""
    if forced is not None:
        return forced
    return live or not any(git_root(instance.folder) for instance in instances)


def git_root(folder: str) -> str | None:
    """Return the top of the git working tree that a folder lies in, symlinks resolved; None where it is in none."""
    here = os.path.realpath(folder)
    while not os.path.lexists(os.path.join(here, ".git")):
        if here == os.path.dirname(here):
            return None
        here = os.path.dirname(here)
    return here
