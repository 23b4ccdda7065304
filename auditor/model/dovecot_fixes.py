"""What rules can propose inside Dovecot's blocks: listeners, passdbs and their fields, files named with ``<``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from auditor.change import AddInside, Fix, MoveAbove, Remove, ReplaceWord, SetValue
from auditor.model.fixes import all_of, setting_to, without
from auditor.model.vocabulary import INVERTED_IN_23, is_true
from auditor.text import shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.dovecot.configuration import Section, Setting
    from auditor.model.dovecot import Dovecot
    from auditor.model.passdb import Passdb
    from auditor.model.passdb_fields import Field
    from auditor.text import Origin

POSTFIX: Final = "postfix"
"""The user that Postfix's programs run as (postconf(5), mail_owner)."""
QUEUE: Final = "/var/spool/postfix/"
_SCHEME: Final = re.compile(r"(?<!\S)scheme=\S*")


def switched(dovecot: Dovecot, setting: Setting) -> Fix:
    """Switch a boolean that the model gave the other way, whatever the dialect means by it."""
    on = is_true(setting.value)
    if dovecot.dialect == "2.3" and setting.name in map(dovecot.spelled, INVERTED_IN_23):
        on = not on
    return setting_to(dovecot, setting, "no" if on else "yes")


def in_block(dovecot: Dovecot, block: Section, name: str, value: str) -> Fix | None:
    """Give a setting, by its 2.4 name, a value in one block."""
    key = dovecot.spelled(name)
    short = key.removeprefix(f"{block.kind}_")
    setting = block.get(key)
    title = f"write `{short} = {value}` inside `{shortened(f'{block.kind} {block.name}')}`"
    if setting and setting.origin.span and _is_inside(setting.origin, block):
        return Fix(title, (SetValue(setting.origin.span, value),))
    return Fix(title, (AddInside(block.span, short, value),)) if block.origin.span else None


def _is_inside(origin: Origin, block: Section) -> bool:
    span = origin.span
    return span is not None and span.file is block.span.file and block.span.start <= span.start < block.span.end


def socket_for_its_user(dovecot: Dovecot, mode: Origin) -> Fix | None:
    """Close the socket whose mode stands at a place to all but the user and group that it is given to.

    One below Postfix's queue that is given to nobody is given to Postfix. Who needs another one is not known.
    """
    for block in _blocks(dovecot, "unix_listener"):
        setting = block.get(dovecot.spelled("unix_listener_mode"))
        if setting is not None and setting.origin == mode:
            return _for_its_user(dovecot, block)
    return None


def _for_its_user(dovecot: Dovecot, block: Section) -> Fix | None:
    owners = [block.get(dovecot.spelled(f"unix_listener_{name}")) for name in ("user", "group")]
    user, group = (one.value if one and one.origin.span else "" for one in owners)
    mode = in_block(dovecot, block, "unix_listener_mode", "0660" if group else "0600")
    closed = mode.closing() if mode else None
    if user or group:
        return closed
    names = {account.name for account in dovecot.host.users.values()}
    if block.name.startswith(QUEUE) and (not names or POSTFIX in names):
        return all_of(closed, in_block(dovecot, block, "unix_listener_user", POSTFIX))
    return closed.unsafe() if closed else None


def bound_to_loopback(dovecot: Dovecot, block: Origin) -> Fix | None:
    """Bind the TCP port of the block that begins at a place to 127.0.0.1; who connects from elsewhere is not known."""
    name = "listen" if dovecot.dialect == "2.4" else "address"
    for listener in _blocks(dovecot, "inet_listener"):
        if listener.origin == block and block.span:
            change = AddInside(block.span, name, "127.0.0.1")
            return Fix(
                f"write `{name} = 127.0.0.1` inside `inet_listener {shortened(listener.name)}`", (change,)
            ).unsafe()
    return None


def _blocks(dovecot: Dovecot, kind: str) -> list[Section]:
    return [block for service in dovecot.configuration.sections("service") for block in service.sections(kind)]


def with_marker(setting: Setting) -> Fix | None:
    """Have 2.3 read the file whose name is a setting's value: with ``<`` before it, outside of quotes."""
    name = setting.value.lstrip("< ")
    if not name.startswith("/") or setting.origin.span is None:
        return None
    title = f"write `{setting.name.rpartition('/')[2]} = <{shortened(name)}`"
    return Fix(title, (SetValue(setting.origin.span, f"<{name}"),)).opening()


def without_filter(passdb: Passdb) -> Fix | None:
    """Let every mechanism get to a passdb."""
    places = [item.origin for item in passdb.section.items("passdb_mechanisms_filter")]
    if passdb.filter is not None and not places:
        places = [passdb.filter.origin]
    return all_of(*(without(place, passdb.filter_setting) for place in dict.fromkeys(places)))


def asked_first(passdb: Passdb, others: Sequence[Passdb]) -> Fix | None:
    """Have a passdb asked before others that stand above it in the same file and for the same protocol."""
    first = min(others, key=lambda one: one.section.span.start)
    if any(one.protocol != passdb.protocol or one.section.span.file != passdb.section.span.file for one in others):
        return None
    title = f"move `{passdb.title}` above `{first.title}`"
    return Fix(title, (MoveAbove(passdb.section.span, first.section.span),))


def decided_by(dovecot: Dovecot, own: Origin, other: Origin) -> Fix | None:
    """Let the block around one place decide where that around another one does: 2.3 takes the first, 2.4 the last.

    It takes consent: every other setting of the two is decided anew, too.
    """
    first, second = (own.span, other.span) if dovecot.dialect == "2.3" else (other.span, own.span)
    if first is None or second is None or first.file != second.file:
        return None
    return Fix("change the order of the blocks", (MoveAbove(first, second),)).unsafe()


def without_field(passdb: Passdb, field: Field) -> Fix | None:
    """Take a field that a passdb block sets out of it; the line, where nothing else stands there."""
    if field.origin.span is None:
        return None
    word = ":".join(filter(None, (field.name, field.suffix))) + (f"={field.value}" if field.value else "")
    setting = passdb.section.get(field.setting) if passdb.dialect == "2.3" else None
    title = f"take `{shortened(word)}` out of `{field.setting}`"
    if setting is None or setting.value.split() == [word]:
        return Fix(title, (Remove(field.origin.span),))
    return Fix(title, (ReplaceWord(field.origin.span, word),))


def with_plain_scheme(dovecot: Dovecot, passdb: Passdb) -> Fix | None:
    """Take the passwords of a passwd-file that name no scheme for plain ones."""
    if dovecot.dialect == "2.4":
        return in_block(dovecot, passdb.section, "passdb_default_password_scheme", "PLAIN")
    args = passdb.section.get("args")
    if args is None or args.origin.span is None:
        return None
    written = _SCHEME.sub("scheme=PLAIN", args.value)
    value = written if _SCHEME.search(args.value) else f"scheme=PLAIN {args.value}"
    return Fix(f"write `args = {shortened(value)}`", (SetValue(args.origin.span, value),))


def asking_for_certificates(dovecot: Dovecot, settings: list[Setting]) -> Fix | None:
    """Ask clients for certificates where these settings say not to, if there is a CA to verify them by."""
    if not any(context.has_ca for context in dovecot.tls_contexts):
        return None
    fix = all_of(*(setting_to(dovecot, one, "yes") for one in settings))
    return fix.opening() if fix else None


def with_tls(dovecot: Dovecot, ssl: Setting, cleartext: Setting) -> Fix | None:
    """Demand TLS where there is a certificate for it; whether clients trust that one is not known.

    2.4 closes every connection where passwords may pass in clear as well.
    """
    if not any(context.has_certificate for context in dovecot.tls_contexts):
        return None
    fix = all_of(setting_to(dovecot, ssl, "required"), switched(dovecot, cleartext))
    return fix.unsafe().opening() if fix else None


def without_short_dh(dovecot: Dovecot, setting: Setting) -> Fix | None:
    """Go without DHE, or have 2.2 make longer parameters; which clients know nothing but DHE is not known."""
    if setting.value.isdigit():
        return setting_to(dovecot, setting, str(dovecot.policy.dh_bits)).unsafe()
    # Dovecot demands a file up to 2.3.2 (src/lib-master/master-service-ssl-settings.c).
    fix = without(setting.origin, setting.name) if dovecot.is_at_least(2, 3, 3) else None
    return fix.unsafe() if fix else None
