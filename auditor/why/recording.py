"""Configurations and hosts that remember what they were asked, and answer as those behind them do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from auditor.host import Unreadable
from auditor.text import HIDDEN, names_secret, without_secrets

if TYPE_CHECKING:
    from auditor.dovecot.configuration import Configuration as DovecotConfiguration
    from auditor.dovecot.configuration import Scope as DovecotScope
    from auditor.dovecot.configuration import Setting
    from auditor.host import Host
    from auditor.postfix.configuration import Configuration as PostfixConfiguration
    from auditor.postfix.configuration import Service
    from auditor.text import Origin


class Asked(NamedTuple):
    """One question and its answer: a setting for some connections or a service, or a file."""

    name: str
    answer: str
    origin: Origin | None = None
    where: str = ""


class Questions:
    """What was asked so far, each question once, in the order of asking."""

    def __init__(self) -> None:
        self._asked: dict[Asked, None] = {}

    def note(self, asked: Asked) -> None:
        """Remember one question."""
        self._asked[asked] = None

    def forget(self) -> None:
        """Begin anew."""
        self._asked.clear()

    @property
    def asked(self) -> tuple[Asked, ...]:
        """All of them."""
        return tuple(self._asked)


def recorded_dovecot(configuration: DovecotConfiguration, questions: Questions) -> DovecotConfiguration:
    """Return a configuration of Dovecot that notes the settings it is asked for."""
    return cast("DovecotConfiguration", _Dovecot(configuration, questions))


def recorded_postfix(configuration: PostfixConfiguration, questions: Questions) -> PostfixConfiguration:
    """Return a configuration of Postfix that notes the parameters it is asked for."""
    return cast("PostfixConfiguration", _Postfix(configuration, questions))


def recorded_host(host: Host, questions: Questions) -> Host:
    """Return a host that notes the files it is asked for."""
    return cast("Host", _Host(host, questions))


class _Recording:
    """What answers as the object behind it does."""

    def __init__(self, behind: Any, questions: Questions) -> None:
        self._behind = behind
        self._questions = questions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)

    def _note(self, setting: Setting | None, where: str = "") -> Setting | None:
        if setting is not None:
            where = "" if where and setting.name.startswith(f"{where}/") else where
            self._questions.note(Asked(setting.name, _shown(setting), setting.origin, where))
        return setting

    def _noted_items(self, key: str, items: Any, where: str = "") -> Any:
        for item in items:
            secret = item.secret or names_secret(item.name)
            self._questions.note(Asked(f"{key} {item.name}", HIDDEN if secret else item.value, item.origin, where))
        return items


class _Dovecot(_Recording):
    """A configuration of Dovecot."""

    def get(self, name: str, *scope: DovecotScope) -> Setting | None:
        return self._note(self._behind.get(name, *scope), _said(*scope))

    def items(self, name: str, *scope: DovecotScope) -> Any:
        return self._noted_items(name, self._behind.items(name, *scope), _said(*scope))

    def sections(self, kind: str, *scope: DovecotScope) -> list[Any]:
        return [_Section(section, self._questions) for section in self._behind.sections(kind, *scope)]


class _Section(_Recording):
    """A block of Dovecot's configuration."""

    def get(self, key: str) -> Setting | None:
        return self._note(self._behind.get(key), self._behind.label)

    def items(self, key: str) -> Any:
        return self._noted_items(key, self._behind.items(key), self._behind.label)

    def sections(self, kind: str) -> list[Any]:
        return [_Section(section, self._questions) for section in self._behind.sections(kind)]


class _Postfix(_Recording):
    """A configuration of Postfix."""

    def get(self, name: str, service: Service | None = None) -> Any:
        parameter = self._behind.get(name, service)
        answer = HIDDEN if parameter.secret else parameter.effective
        self._questions.note(Asked(name, answer, parameter.origin, _service(service)))
        return parameter

    def scope(self, service: Service | None = None) -> Any:
        return _PostfixScope(self._behind.scope(service), self._questions, _service(service))


class _PostfixScope(_Recording):
    """The parameters as one service sees them."""

    def __init__(self, behind: Any, questions: Questions, service: str) -> None:
        super().__init__(behind, questions)
        self._service_name = service

    def expand(self, name: str) -> Any:
        expansion = self._behind.expand(name)
        answer = HIDDEN if self._behind.is_secret(name) else expansion.text
        self._questions.note(Asked(name, answer, self._behind.origin(name), self._service_name))
        return expansion


class _Host(_Recording):
    """The files of a host."""

    def read_bytes(self, name: str) -> Any:
        return self._noted_file(name, self._behind.read_bytes(name))

    def read_text(self, name: str) -> Any:
        return self._noted_file(name, self._behind.read_text(name))

    def _noted_file(self, name: str, answer: Any) -> Any:
        self._questions.note(Asked(self._behind.path(name), str(answer) if isinstance(answer, Unreadable) else "read"))
        return answer


def _shown(setting: Setting) -> str:
    key = setting.name.rpartition("/")[2].strip('"')
    if setting.secret or names_secret(key):
        return HIDDEN
    # Secrets may stand inside a value, as in the args of a static passdb.
    return without_secrets(f"{key} = {setting.value}").removeprefix(f"{key} = ")


def _said(*scopes: DovecotScope) -> str:
    return ", ".join(f"{name} {value}" for scope in scopes for name, value in scope._asdict().items() if value)


def _service(service: Service | None) -> str:
    return f"service {service.service}" if service else ""
