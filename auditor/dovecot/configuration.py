"""The effective configuration of one Dovecot instance: what both dialects offer to the model and to the reports.

Names are the dialect's own, as ``doveconf -n`` prints them; the model maps them onto one vocabulary.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditor.dovecot.v24_older import Older
    from auditor.finding import NotChecked, Problem
    from auditor.text import Origin, SourceFile, Span

Dialect = Literal["2.3", "2.4"]


class Scope(NamedTuple):
    """What a connection or process is like, for choosing between filters; an empty scope sees global settings only.

    ``local`` and ``remote`` are an address or a network (``10.0.0.0/8``), ``local_name`` is a TLS server name.
    """

    protocol: str = ""
    local: str = ""
    remote: str = ""
    local_name: str = ""


GLOBAL = Scope()


class Setting(NamedTuple):
    """One effective value: the text that the daemon uses, and where it comes from.

    ``name`` is what ``doveconf -n`` prints with nested blocks joined by ``/``. ``value`` is printed the same way: the
    contents of a file as ``<`` and the absolute path, never opened. ``file`` is that absolute path, or None.
    ``literal`` is false when the value still holds variables that only the daemon's environment knows (``$ENV:``).
    """

    name: str
    value: str
    origin: Origin
    file: str | None = None
    secret: bool = False
    literal: bool = True


class Section(ABC):
    """One block that is not a filter of connections: a passdb, userdb, service, listener, namespace and so on.

    ``label`` is the key that ``mailaudit settings`` uses for it (``passdb#0``, ``service imap-login``); ``span``
    reaches from its first opening line to the closing brace (the opening line alone when it closes in another file);
    ``conditions`` is the scope of the filter that the block stands in, empty for a global one.
    """

    kind: str
    name: str
    label: str
    span: Span
    origin: Origin
    conditions: Scope

    @abstractmethod
    def get(self, key: str) -> Setting | None:
        """Return the effective value of a key in this block, its default included; None when there is no such key.

        ``key`` is spelled as in the block in 2.3 (``driver``) and by its full name in 2.4 (``passdb_driver``); there
        the global setting of that name stands in where the block is silent.
        """

    @abstractmethod
    def items(self, key: str) -> Sequence[Setting]:
        """Return the entries of a list: the elements switched on of a boolean list, the pairs of a string list.

        Each entry's ``name`` is the element; its ``value`` is ``yes`` in a boolean list, the string in a string list.
        """

    @abstractmethod
    def sections(self, kind: str) -> Sequence[Section]:
        """Return the blocks of a kind inside this one, in the daemon's order."""


@dataclass(kw_only=True, eq=False)
class Configuration(ABC):
    """Everything that one main file and its includes mean."""

    dialect: Dialect
    version: str
    """The version whose reading and defaults apply, such as ``2.3.19``."""
    version_from: str
    """What tells it: ``option``, ``dpkg``, ``apk``, ``pacman``, ``dovecot_config_version``, ``file header``, or
    ``assumed``."""
    main_file: SourceFile
    files: list[SourceFile] = field(default_factory=list)
    """Every file read, the main file first, in the order of reading."""
    problems: list[Problem] = field(default_factory=list)
    """Places where the daemon would refuse to start, in the order of reading."""
    not_checked: list[NotChecked] = field(default_factory=list)
    older: Older | None = None
    """What the files are written for, when the version was given and they belong to one before it."""

    @abstractmethod
    def get(self, name: str, scope: Scope = GLOBAL) -> Setting | None:
        """Return a setting's effective value for a scope, its default included; None when there is no such setting."""

    @abstractmethod
    def items(self, name: str, scope: Scope = GLOBAL) -> Sequence[Setting]:
        """Return the entries of a boolean or string list, as ``Section.items`` does; in 2.3 only ``plugin`` is one."""

    @abstractmethod
    def sections(self, kind: str, scope: Scope = GLOBAL) -> Sequence[Section]:
        """Return the top-level blocks of a kind that apply to a scope, in the daemon's order."""

    @abstractmethod
    def scopes(self) -> Sequence[Scope]:
        """Return the scope of every connection filter in the files, nested ones included, in their order."""

    @abstractmethod
    def settings(self, scope: Scope | None = None, *, defaults: bool = False) -> Mapping[str, Setting]:
        """Return what ``doveconf -n`` prints (with a scope: ``doveconf -n -f …``), by its joined name, in its order.

        Without a scope, filters appear as blocks (``protocol imap/mail_plugins``). A block that doveconf prints
        stands as its own entry ``label/`` with the value ``{}``. ``defaults`` adds every setting that has only its
        default.
        """
