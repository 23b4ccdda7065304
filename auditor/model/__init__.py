"""What the daemons do, as rules ask for it: the effective configuration and the files it names, judged once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.model.assumptions import NO_ASSUMPTIONS, Assumptions
from auditor.model.dovecot import Dovecot
from auditor.model.host import AuditedHost
from auditor.model.postfix import Postfix
from auditor.model.tls_policy import DEFAULT_POLICY, policies
from auditor.model.upgrade import Upgrade
from auditor.model.upgrade_postfix import postfix_upgrade

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from auditor.dovecot.configuration import Configuration as DovecotConfiguration
    from auditor.host import Host
    from auditor.postfix.configuration import Configuration as PostfixConfiguration

__all__ = ["Assumptions", "AuditedHost", "Dovecot", "Postfix", "build_model"]


def build_model(
    host: Host,
    dovecot: Sequence[DovecotConfiguration],
    postfix: Sequence[PostfixConfiguration],
    now: datetime,
    assumed: Assumptions = NO_ASSUMPTIONS,
    policy: str = DEFAULT_POLICY,
) -> AuditedHost:
    """Return the model of a host from its effective configurations.

    ``now`` is in UTC, ``policy`` one of the names of ``policies()``.

    Files that belong to another dialect of Dovecot than the version that was named are judged as they are in force now:
    what the new version makes of them is its ``Upgrade``. A Postfix without main.cf is not judged: its programs end as
    they start ("open /etc/postfix/main.cf: No such file"), so that its defaults are in force nowhere.
    """
    judged_by = policies()[policy]
    postfixes = tuple(Postfix(one, host, judged_by) for one in postfix if one.main_file)
    asked = any(instance.asks_dovecot for instance in postfixes)
    dovecots = tuple(
        Dovecot(_in_force(configuration), host, judged_by, asked_by_postfix=asked) for configuration in dovecot
    )
    upgrades = [
        *(("Dovecot", _dovecot_upgrade(configuration, host)) for configuration in dovecot),
        *(("Postfix", postfix_upgrade(configuration)) for configuration in postfix),
    ]
    return AuditedHost(host, dovecots, postfixes, now, judged_by, tuple(upgrades), assumed)


def _in_force(configuration: DovecotConfiguration) -> DovecotConfiguration:
    """Return the configuration that rules judge: files in another dialect as their own version reads them."""
    older = configuration.older
    return older.configuration if older and older.configuration.dialect != configuration.dialect else configuration


def _dovecot_upgrade(configuration: DovecotConfiguration, host: Host) -> Upgrade:
    if configuration.older is None:
        return Upgrade(problems=configuration.problems)
    # It needs the interpreters of both dialects, which few audits do.
    from auditor.model.upgrade_dovecot import dovecot_upgrade

    return dovecot_upgrade(configuration, host)
