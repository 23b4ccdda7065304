"""The effective configuration of one Postfix instance: parameters, services, and what each service sees."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.postfix.defaults import Defaults, raw_parameters, version_numbers
from auditor.postfix.expansion import Expander, Expansion, Features, Piece
from auditor.postfix.secrets import is_secret
from auditor.syntax.postfix_expansion import ExpansionError
from auditor.text import HIDDEN, Origin, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditor.finding import NotChecked, Problem
    from auditor.postfix.restrictions import Restriction
    from auditor.syntax.postfix import Assignment
    from auditor.text import SourceFile, Span

OF_THE_PROCESS: Final = ("process_name", "service_name")
"""Read-only parameters that each process has for itself (``pcf_parse_master_entry``, ``postconf_master.c``)."""


class Parameter(NamedTuple):
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
    assignment: Assignment | None = None
    """Name and value with their places in the file; None for a default."""

    @property
    def effective(self) -> str:
        """What the daemon uses; empty when the expansion fails."""
        return self.expanded or ""

    @property
    def shown(self) -> str:
        """What the daemon uses, for a message: shortened, and hidden where it is a secret."""
        return HIDDEN if self.secret else shortened(self.effective)


class Option(NamedTuple):
    """One ``-o name=value`` of a service: the raw value and its span, which begins at the ``-o``."""

    name: str
    value: str
    origin: Origin
    secret: bool = False
    assignment: Assignment | None = None


@dataclass(frozen=True, eq=False)
class Service:
    """One line of master.cf: its fields as written, ``-`` where the default applies, and its options.

    Of options of one name the last counts.
    """

    service: str
    type: str
    private: str
    unpriv: str
    chroot: str
    wakeup: str
    maxproc: str
    command: str
    """The command with its arguments, as ``postconf -M`` prints it; secret values of options are hidden."""
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
    is_debian: bool = False
    """Whether the host's packages are Debian's, which have defaults of their own, whatever version is named."""
    older: Configuration | None = None
    """What the files mean to the version that the host has, when a later one was named."""

    assignments: dict[str, Assignment] = field(default_factory=dict)
    """Name and value of each parameter that main.cf sets, with their places."""
    secret_names: set[str] = field(default_factory=set)
    """Parameters that hold a secret although their names do not tell."""
    host_values: Mapping[str, str] = field(default_factory=dict)
    """Defaults that the host decides, as far as its files tell them."""
    service_defaults: Mapping[str, str] = field(default_factory=dict)
    """Defaults of the parameters that services have for themselves, such as ``relay_destination_rate_delay``."""
    _scopes: dict[Service | None, Scope] = field(default_factory=dict, repr=False)

    @cached_property
    def defaults(self) -> Defaults:
        """The parameters of this version; Debian's packages have some defaults of their own."""
        return Defaults(self.version, debian=self.is_debian)

    def get(self, name: str, service: Service | None = None) -> Parameter:
        """Return a parameter as a service sees it (its ``-o`` over main.cf over the version's default).

        A name that neither the files nor the version knows is empty, with the version as origin.
        """
        return self.scope(service).get(name)

    def scope(self, service: Service | None = None) -> Scope:
        """Return what a service sees; without a service, what every program sees."""
        if service not in self._scopes:
            self._scopes[service] = Scope(self, service)
        return self._scopes[service]


class Scope:
    """The parameters as one service sees them, or as every program sees them."""

    def __init__(self, configuration: Configuration, service: Service | None) -> None:
        self._configuration = configuration
        self._service = service
        self._default_origin = Origin(default_of=configuration.version)
        self._parameters: dict[str, Parameter] = {}
        self.restrictions: dict[str, tuple[Restriction, ...]] = {}
        """The restriction lists looked at so far; ``auditor.postfix.restrictions`` keeps them here."""
        numbers = version_numbers(configuration.version)
        # Only from 3.11 on does a reference to a raw parameter give its text as it is (mac_expand7).
        raw = raw_parameters() if numbers >= (3, 11) else frozenset[str]()
        self._features = Features.of(numbers)
        self._expander = Expander(self.raw, self._features, raw=raw)

    def assignment(self, name: str) -> Assignment | None:
        """Return where the files set a parameter for this scope."""
        option = self._service.options.get(name) if self._service else None
        return option.assignment if option else self._configuration.assignments.get(name)

    def raw(self, name: str) -> str | None:
        """Return a parameter's value as written; None where nothing defines it."""
        if self._service and name in OF_THE_PROCESS:
            return self._service.program if name == "process_name" else self._service.service
        assignment = self.assignment(name)
        if assignment:
            return assignment.value.value
        configuration = self._configuration
        for default in (configuration.host_values, configuration.defaults, configuration.service_defaults):
            value = default.get(name)
            if value is not None:
                return value
        return None

    def origin(self, name: str) -> Origin:
        """Return where a parameter's value comes from."""
        assignment = self.assignment(name)
        return Origin(assignment.span) if assignment else self._default_origin

    def expand(self, name: str) -> Expansion:
        """Return what a parameter's value comes to; raises ExpansionError where the daemon ends."""
        value = self.raw(name) or ""
        if name in raw_parameters():
            return Expansion((Piece(value, name, 0),) if value else ())
        return self._expander.expand(value, name)

    def get(self, name: str) -> Parameter:
        """Return a parameter with what it comes to."""
        if name not in self._parameters:
            self._parameters[name] = self._get(name)
        return self._parameters[name]

    def first_value(self, name: str) -> str:
        """Return what a parameter is for programs that have no default for the name and domain of the host yet."""
        own = {one for one in ("myhostname", "mydomain") if self.assignment(one)} | {name}
        later = {"myhostname", "mydomain"} - own
        expander = Expander(lambda one: None if one in later else self.raw(one), self._features)
        try:
            return expander.expand(self.raw(name) or "").text
        except ExpansionError:
            return ""

    def is_expandable(self, text: str) -> bool:
        """Whether the references in a text can be expanded."""
        try:
            self._expander.expand(text)
        except ExpansionError:
            return False
        return True

    def is_secret(self, name: str) -> bool:
        """Whether a parameter's value is, or holds, a secret."""
        return name in self._configuration.secret_names or is_secret(name, self.raw(name) or "")

    def _get(self, name: str) -> Parameter:
        if self._service and name not in self._service.options and name not in OF_THE_PROCESS:
            general = self._configuration.get(name)
            # Only what a value refers to may be something else for one service.
            if "$" not in general.value:
                return general
        assignment = self.assignment(name)
        value = (assignment.value.value if assignment else self.raw(name)) or ""
        origin = Origin(assignment.span) if assignment else self._default_origin
        secret = name in self._configuration.secret_names or is_secret(name, value)
        if "$" not in value or name in raw_parameters():
            return Parameter(name, value, value, origin, (), secret, assignment)
        try:
            expansion = self._expander.expand(value, name)
        except ExpansionError:
            return Parameter(name, value, None, origin, secret=secret, assignment=assignment)
        used = [one for one in expansion.used if one not in expansion.undefined]
        secret = secret or any(self.is_secret(one) for one in used)
        because = tuple((one, self.origin(one)) for one in used)
        return Parameter(name, value, expansion.text, origin, because, secret, assignment)
