"""Rules of the form "this setting must not be so": the settings, which of their values are wrong, and what to say.

Such a rule is its docstring and some class attributes. It looks at every effective value: in Dovecot that of every
connection that the files distinguish, in Postfix that of every service whose program reads the parameter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from auditor.model.fixes import parameter_to, setting_to, without
from auditor.model.vocabulary import is_true
from auditor.rule import DovecotRule, PostfixRule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from auditor.change import Fix
    from auditor.dovecot.configuration import Setting
    from auditor.finding import Finding, NotChecked
    from auditor.model import Dovecot, Postfix
    from auditor.postfix.configuration import Parameter

    Condition = Callable[[str], bool]

__all__ = ["DEFAULT", "DovecotSettingRule", "PostfixSettingRule", "at_least", "is_set", "is_true", "is_yes", "one_of"]

DEFAULT: Final = "its default"
"""The right value where it is the one that holds without the line."""


class DovecotSettingRule(DovecotRule):
    """A rule about the values of Dovecot settings.

    ``settings`` holds their names in 2.4, whatever the dialect; ``wrong`` says of a value in 2.4's sense whether it is.
    ``message`` may hold ``{setting}``, which becomes name and value as the user spells them. ``right`` is the value
    that mends it, spelled as in the file, for all of them or by name; ``DEFAULT`` takes the line out.
    """

    settings: ClassVar[tuple[str, ...]]
    wrong: ClassVar[Condition]
    message: ClassVar[str]
    advice: ClassVar[str]
    right: ClassVar[str | Mapping[str, str]] = ""

    def check(self, dovecot: Dovecot) -> Iterator[Finding | NotChecked]:
        """Yield each place that gives one of the settings a wrong value."""
        is_wrong = type(self).wrong
        for setting in (one for name in self.settings for one in dovecot.spellings(name)):
            if not setting.literal:
                yield self.not_checked(f"{setting.name} at {setting.origin}", "its value depends on the environment")
            elif is_wrong(setting.value):
                message = self.message.format(setting=dovecot.shown(setting))
                fix = self._fix(dovecot, setting)
                yield self.finding(setting.origin, message, advice=self.advice, subject=setting.name, fix=fix)

    def _fix(self, dovecot: Dovecot, setting: Setting) -> Fix | None:
        right = _right(self.right, setting.name)
        if right == DEFAULT:
            return without(setting.origin, setting.name)
        return setting_to(dovecot, setting, right) if right else None


class PostfixSettingRule(PostfixRule):
    """A rule about the values of Postfix parameters; the attributes are those of ``DovecotSettingRule``."""

    parameters: ClassVar[tuple[str, ...]]
    wrong: ClassVar[Condition]
    message: ClassVar[str]
    advice: ClassVar[str]
    right: ClassVar[str | Mapping[str, str]] = ""

    def check(self, postfix: Postfix) -> Iterator[Finding]:
        """Yield each place that gives one of the parameters a wrong value where it is read."""
        is_wrong = type(self).wrong
        for parameter in (one for name in self.parameters for one in postfix.values(name)):
            if is_wrong(parameter.effective):
                message = self.message.format(setting=f"`{parameter.name} = {parameter.shown}`")
                because = postfix.unset(parameter)
                fix = self._fix(postfix, parameter)
                yield self.finding(
                    parameter.origin, message, because=because, advice=self.advice, subject=parameter.name, fix=fix
                )

    def _fix(self, postfix: Postfix, parameter: Parameter) -> Fix | None:
        right = _right(self.right, parameter.name)
        if right == DEFAULT:
            return without(parameter.origin, parameter.name)
        return parameter_to(postfix, parameter, right) if right else None


def _right(right: str | Mapping[str, str], name: str) -> str:
    return right if isinstance(right, str) else right.get(name, "")


def is_yes(value: str) -> bool:
    """Whether Postfix takes a boolean for true: ``yes`` in any letter case (mail_conf_bool.c)."""
    return value.lower() == "yes"


def is_set(value: str) -> bool:
    """Whether there is a value at all."""
    return bool(value.strip())


def one_of(*wrong: str) -> Condition:
    """Return the condition that a value is one of these, in any letter case."""
    return lambda value: value.strip().lower() in wrong


def at_least(number: int) -> Condition:
    """Return the condition that a value is a number of this size or more."""
    return lambda value: value.isascii() and value.isdigit() and int(value[:9]) >= number
