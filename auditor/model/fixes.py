"""What rules can propose: settings, parameters and permissions changed where they stand, or set where they belong."""

from __future__ import annotations

import re
import stat
from typing import TYPE_CHECKING, Final

from auditor.change import (
    AddBlock,
    AddGlobal,
    AddInside,
    ChangeMode,
    Fix,
    InsertWord,
    Remove,
    Rename,
    ReplaceWord,
    SetValue,
)
from auditor.host import Unreadable
from auditor.model.keys import KEY_GROUPS
from auditor.text import escaped

if TYPE_CHECKING:
    from auditor.dovecot.configuration import Setting
    from auditor.files.writers import Writable
    from auditor.model import AuditedHost
    from auditor.model.dovecot import Dovecot
    from auditor.model.dovecot_settings import Element
    from auditor.model.keys import KeyFile
    from auditor.model.passdb import Passdb
    from auditor.model.postfix import Postfix
    from auditor.model.smtpd import SmtpdService
    from auditor.postfix.configuration import Parameter
    from auditor.text import Origin, Span

EXTERNAL: Final = "external"
_WORD: Final = re.compile(r"[^\s,]+")


def setting_to(dovecot: Dovecot, setting: Setting, value: str) -> Fix:
    """Give a setting of Dovecot another value where it is set; where it has its default, set it for all."""
    name = setting.name.rpartition("/")[2]
    if setting.origin.span:
        return Fix(f"write `{name} = {value}`", (SetValue(setting.origin.span, value),))
    return Fix(f"set `{name} = {value}`", (AddGlobal(tuple(dovecot.configuration.files), name, value),))


def renamed(at: Span, name: str) -> Fix:
    """Give a setting, a parameter or an ``-o`` another name."""
    return Fix(f"write `{name}`", (Rename(at, name),))


def exempted(setting: Setting, protocol: str, value: str) -> Fix | None:
    """Give a setting of Dovecot another value for one protocol, in a block below the place where it is set."""
    name = setting.name.rpartition("/")[2]
    if setting.origin.span is None:
        return None
    title = f"add `protocol {protocol} {{ {name} = {value} }}`"
    return Fix(title, (AddBlock(setting.origin.span, f"protocol {protocol}", name, value),))


def parameter_to(postfix: Postfix, parameter: Parameter, value: str) -> Fix | None:
    """Give a parameter another value where it is set, in main.cf or by an ``-o``; where it is not, in main.cf."""
    if parameter.assignment:
        return Fix(f"write `{parameter.name} = {value}`", (SetValue(parameter.assignment.span, value),))
    main = postfix.configuration.main_file
    title = f"set `{f'{parameter.name} = {value}'.rstrip()}` in main.cf"
    return Fix(title, (AddGlobal((main,), parameter.name, value),)) if main else None


def option_to(service: SmtpdService, name: str, value: str) -> Fix | None:
    """Give a parameter another value for one service of master.cf."""
    if service.service is None:
        return None
    option = service.service.options.get(name)
    title = f"give `-o {name}={value}` to {service.name}"
    if option and option.assignment:
        return Fix(title, (SetValue(option.assignment.span, value),))
    return Fix(title, (AddInside(service.service.span, name, value),))


def without(origin: Origin, what: str) -> Fix | None:
    """Take a line, or an ``-o``, out."""
    return Fix(f"take out `{what}`", (Remove(origin.span),)) if origin.span else None


def without_element(element: Element, setting: str) -> Fix | None:
    """Take an element out of a list setting."""
    if element.origin.span is None:
        return None
    return Fix(f"take `{element.name}` out of `{setting}`", (ReplaceWord(element.origin.span, element.name),))


def for_external_only(passdb: Passdb) -> Fix | None:
    """Keep all mechanisms but EXTERNAL away from a passdb."""
    title = f"write `{passdb.filter_setting} = {EXTERNAL}` inside the block"
    if passdb.filter is None:
        return Fix(title, (AddInside(passdb.section.span, passdb.filter_setting, EXTERNAL),))
    elements = passdb.section.items("passdb_mechanisms_filter") if passdb.dialect == "2.4" else ()
    places = {element.origin.span for element in elements} or {passdb.filter.origin.span}
    if None in places:
        return None
    if len(places) == 1:
        return Fix(title, tuple(SetValue(place, EXTERNAL) for place in places if place))
    others = [element for element in elements if element.name.lower() != EXTERNAL]
    return Fix(title, tuple(ReplaceWord(one.origin.span, one.name) for one in others if one.origin.span))


def all_of(*fixes: Fix | None) -> Fix | None:
    """Make several changes at once; nothing where one of them cannot be made."""
    made = [one for one in fixes if one]
    if not made or len(made) < len(fixes):
        return None
    changes = tuple(dict.fromkeys(change for one in made for change in one.changes))
    return Fix(
        "; ".join(dict.fromkeys(one.title for one in made)),
        changes,
        safe=all(one.safe for one in made),
        opens=any(one.opens for one in made),
        closes=any(one.closes for one in made),
    )


def with_word_at_end(parameter: Parameter, word: str) -> Fix | None:
    """End a list of words in main.cf with another one."""
    if parameter.assignment is None or not (words := list(_WORD.finditer(parameter.assignment.value.value))):
        return None
    last = parameter.assignment.value.part(*words[-1].span())
    return Fix(f"end `{parameter.name}` with `{word}`", (InsertWord(last, word, behind=True),))


def closed_to_others(host: AuditedHost, name: str) -> Fix:
    """Take from other users every right on a file that only root, or its group, needs to read."""
    return Fix(f"chmod o-rwx {escaped(host.host.path(name))}", (ChangeMode(name, stat.S_IRWXO),))


def kept_for_group(host: AuditedHost, name: str, group: str) -> Fix | None:
    """Let one group read a file and no other user; nothing where the group is not known, or the mode denies groups."""
    facts = host.host.facts(name)
    gid = next((number for number, account in host.host.groups.items() if account.name == group), None)
    if isinstance(facts, Unreadable) or gid is None or not facts.mode & stat.S_IRGRP:
        return None
    return Fix(f"chgrp {group} and chmod o-rwx {escaped(facts.path)}", (ChangeMode(name, stat.S_IRWXO, gid),))


def given_to_root(place: Writable) -> Fix:
    """Let nobody but root write a file or folder; where it is not root's, its owner may have written there for good."""
    path = escaped(place.path)
    if place.owner:
        change = ChangeMode(place.name, stat.S_IWGRP | stat.S_IWOTH, uid=0)
        return Fix(f"chown root and chmod go-w {path}", (change,)).unsafe()
    return Fix(f"chmod go-w {path}", (ChangeMode(place.name, stat.S_IWGRP | stat.S_IWOTH),))


def kept_from_writers(host: AuditedHost, name: str) -> Fix | None:
    """Let nobody but root write a file and no others read it; who changes passwords there is not known."""
    facts = host.host.facts(name)
    if isinstance(facts, Unreadable):
        return None
    change = ChangeMode(name, stat.S_IWGRP | stat.S_IRWXO, uid=0)
    return Fix(f"chown root and chmod g-w,o-rwx {escaped(facts.path)}", (change,)).unsafe()


def kept_for_root(key: KeyFile) -> Fix:
    """Give a key to root, and to root's group unless its group is there for keys and it is the owner that is wrong."""
    readers = key.readers
    keep_group = readers.group in KEY_GROUPS and readers.owner in key.mail_users
    title = f"chown root{'' if keep_group else ':root'} {escaped(readers.path)}"
    return Fix(title, (ChangeMode(key.use.name, 0, None if keep_group else 0, uid=0),))


def closed_to_group(host: AuditedHost, name: str) -> Fix:
    """Take from the group of a file every right on it, whoever its members are."""
    return Fix(f"chmod g-rwx {escaped(host.host.path(name))}", (ChangeMode(name, stat.S_IRWXG),)).unsafe()


def closed_secret_file(host: AuditedHost, name: str) -> Fix | None:
    """Close a file with a password to others; nothing for the configuration, which others must read.

    Postfix's proxymap opens the file as the user postfix, Dovecot's auth as root (MYSQL_README; Dovecot manual, SQL).
    """
    files = [file.name for one in host.dovecot for file in one.configuration.files]
    for postfix in host.postfix:
        files += [one.name for one in (postfix.configuration.main_file, postfix.configuration.master_file) if one]
    if name in files:
        return None
    of_postfix = any(table.name == name for table in host.tables)
    return kept_for_group(host, name, "postfix") if of_postfix else closed_to_others(host, name)
