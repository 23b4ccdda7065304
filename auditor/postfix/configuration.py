"""The effective configuration of one Postfix instance: parameters, services, and what each service sees."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditor.finding import NotChecked, Problem
    from auditor.text import Origin, SourceFile, Span


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as it is in effect for one reader: its raw value, what it expands to, and where both come from.

    ``because`` holds the other parameters that the expansion used, each with its name. ``expanded`` is None when the
    expansion fails in the daemon.
    """

    name: str
    value: str
    expanded: str | None
    origin: Origin
    because: tuple[tuple[str, Origin], ...] = ()
    secret: bool = False

    @property
    def effective(self) -> str:
        """What the daemon uses; empty when the expansion fails."""
        return self.expanded or ""


@dataclass(frozen=True, slots=True)
class Option:
    """One ``-o name=value`` of a service: the raw value and its span."""

    name: str
    value: str
    origin: Origin


@dataclass(frozen=True, eq=False)
class Service:
    """One line of master.cf, its fields as written (``-`` where the default applies) and its options, the last of a name winning."""

    service: str
    type: str
    private: str
    unpriv: str
    chroot: str
    wakeup: str
    maxproc: str
    command: str
    """The command with its arguments, as ``postconf -M`` prints it."""
    program: str
    """The command's first word (``smtpd``)."""
    options: Mapping[str, Option]
    span: Span
    origin: Origin
    arguments: tuple[str, ...] = ()
    """Arguments that are not Postfix options (``flags=…`` of pipe)."""
    enabled: bool = True
    """False when ``master_service_disable`` or a later entry of the same name turns it off."""


@dataclass(kw_only=True, eq=False)
class Configuration:
    """Everything that main.cf and master.cf of one ``config_directory`` mean.

    The reader (``auditor.postfix.read``) builds it; ``get`` is what the model asks.
    """

    config_directory: str
    """Its name on the audited host, such as ``/etc/postfix``."""
    path: str
    """The folder that the user can open."""
    version: str
    version_from: str
    main_file: SourceFile | None
    master_file: SourceFile | None
    files: list[SourceFile] = field(default_factory=list)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    """Parameters that main.cf sets, the last assignment of each."""
    services: Sequence[Service] = ()
    problems: list[Problem] = field(default_factory=list)
    not_checked: list[NotChecked] = field(default_factory=list)

    def get(self, name: str, service: Service | None = None) -> Parameter:
        """Return a parameter as a service sees it (its ``-o`` over main.cf over the version's default).

        A name that neither the files nor the version knows is empty, with the version as origin.
        """
        raise NotImplementedError
