"""What rules about Postfix can propose where several services are concerned, or a list of restrictions is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from auditor.change import AddComment, Fix, InsertWord, ReplaceWord, SetValue
from auditor.files.public_cas import SYSTEM_BUNDLES
from auditor.model.fixes import all_of, option_to, parameter_to, renamed, with_word_at_end, without
from auditor.model.tls_policy import PROTOCOLS
from auditor.model.tls_protocols import from_words
from auditor.postfix.restrictions import GUARDS, MAIL_LISTS
from auditor.syntax.postfix_lines import words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from auditor.model.postfix import Postfix
    from auditor.model.smtp_client import SmtpClient
    from auditor.model.smtpd import SmtpdService
    from auditor.postfix.configuration import Parameter, Service
    from auditor.postfix.restrictions import Restriction
    from auditor.syntax.postfix import Assignment
    from auditor.text import Origin, Span

USERS: Final = (
    "permit_mynetworks",
    "permit_sasl_authenticated",
    "permit_tls_clientcerts",
    "permit_tls_all_clientcerts",
)
"""Restrictions that let those past whom a server is there for."""


def services_to(services: Sequence[SmtpdService], name: str, value: str) -> Fix | None:
    """Give a parameter another value for some services.

    That is done where they get it from; where others get it from there, too, by an ``-o`` of each.
    """
    mine, postfix = {*services}, services[0].postfix
    shared = {other.get(name).origin for other in postfix.smtpd_services if other not in mine}
    own = ((service, service.get(name)) for service in services)
    return all_of(
        *(
            option_to(service, name, value) if parameter.origin in shared else parameter_to(postfix, parameter, value)
            for service, parameter in own
        )
    )


def main_to(services: Sequence[SmtpdService], name: str, value: str, *, keeping: Iterable[SmtpdService]) -> Fix | None:
    """Give a parameter another value where some services get it from, and each one to be kept an ``-o`` with the old.

    Those that get it from elsewhere keep theirs without.
    """
    mine, places = {*services}, {service.get(name).origin: service.get(name) for service in services}
    kept = ((other, other.get(name)) for other in keeping if other not in mine)
    changed = [parameter_to(services[0].postfix, parameter, value) for parameter in places.values()]
    return all_of(*changed, *(option_to(one, name, old.effective) for one, old in kept if old.origin in places))


def recent_protocols(postfix: Postfix, parameter: Parameter) -> Fix | None:
    """Let a list of protocols begin with the oldest that the policy takes, as the version spells it.

    Before 3.6 only what is excluded can be said, which all versions understand (postconf(5), smtpd_tls_protocols).
    """
    oldest = postfix.policy.minimum_protocol
    if postfix.version_numbers >= (3, 6) and not postfix.version_is_assumed:
        return parameter_to(postfix, parameter, f">={oldest}")
    return parameter_to(postfix, parameter, ", ".join(f"!{one}" for one in PROTOCOLS[: PROTOCOLS.index(oldest)]))


def tls_demanded(service: SmtpdService, name: str, value: str) -> Fix | None:
    """Give one service the parameter that makes TLS mandatory, with protocols that are fit for it."""
    fix = option_to(service, name, value)
    return with_recent_protocols(fix, service.postfix, service.get("smtpd_tls_mandatory_protocols"))


def with_recent_protocols(fix: Fix | None, postfix: Postfix, parameter: Parameter) -> Fix | None:
    """Let a list of protocols, which a fix makes count, name none that the policy does not take."""
    is_recent = not postfix.policy.too_old(from_words(parameter.effective))
    return fix if is_recent else all_of(fix, recent_protocols(postfix, parameter))


def users_let_past(service: SmtpdService) -> list[str]:
    """Return the restrictions by which a service relays for its users, in the order of its lists."""
    items = (item for name in MAIL_LISTS for item in service.restrictions(name) if not item.warn_only)
    return list(dict.fromkeys(item.name for item in items if item.name.lower() in USERS))


def guarded_relay(service: SmtpdService) -> Fix | None:
    """Let a service relay for those whom its lists let past, or as the default does, and for nobody else."""
    users = users_let_past(service) or USERS[:2]
    relay = service.get("smtpd_relay_restrictions")
    return parameter_to(service.postfix, relay, ", ".join((*users, "reject_unauth_destination")))


def with_word(parameter: Parameter, word: str, postfix: Postfix) -> Fix | None:
    """Put a word at the end of a list, which may be empty."""
    return with_word_at_end(parameter, word) if parameter.value.strip() else parameter_to(postfix, parameter, word)


def inserted(at: Span | None, word: str) -> Fix | None:
    """Put a word before one that stands in a list."""
    return Fix(f"write `{word}` before `{at.text}`", (InsertWord(at, word),)) if at else None


def replaced(at: Span | None, by: str = "") -> Fix | None:
    """Write another word for one at its place in a list, or none."""
    if at is None:
        return None
    title = f"write `{by}` for `{at.text}`" if by else f"take `{at.text}` out"
    return Fix(title, (ReplaceWord(at, at.text, by),))


def behind_guard(item: Restriction, items: Sequence[Restriction]) -> Fix | None:
    """Move a restriction behind the first one after it that refuses foreign recipients, in the same value."""
    if item.span is None or item.warn_only or item not in items:
        return None
    after = items[items.index(item) + 1 :]
    guard = next((one for one in after if one.name.lower() in GUARDS and one.via == item.via), None)
    if guard is None or guard.span is None or guard.warn_only:
        return None
    changes = (ReplaceWord(item.span, item.span.text), InsertWord(guard.span, item.span.text, behind=True))
    return Fix(f"move `{item.span.text}` behind `{guard.name}`", changes)


def without_words(parameter: Parameter, is_wrong: Callable[[str], bool], otherwise: str = "") -> Fix | None:
    """Take words out of a list; where none would be left, write what is given instead, or take the line out."""
    if parameter.assignment is None:
        return None
    value = parameter.assignment.value
    listed = list(words(value.value))
    wrong = [one for one in listed if is_wrong(one.text)]
    left = [one.text for one in listed if one not in wrong]
    if len(wrong) == 1 and left:
        return replaced(value.part(wrong[0].start, wrong[0].start + len(wrong[0].text)))
    if not wrong or not (left or otherwise):
        return without(parameter.origin, parameter.name) if wrong else None
    right = ", ".join(left) or otherwise
    return Fix(f"write `{parameter.name} = {right}`", (SetValue(parameter.assignment.span, right),))


def system_cas(client: SmtpClient) -> Fix | None:
    """Let the client trust the CAs that its system trusts, where the host has them in a file.

    A file is read before the client enters its chroot (postconf(5), smtp_tls_CAfile).
    """
    bundle = next((name for name in sorted(SYSTEM_BUNDLES) if client.postfix.host.exists(name)), None)
    return parameter_to(client.postfix, client.get("smtp_tls_CAfile"), bundle) if bundle else None


def without_argument(service: Service, argument: str) -> Fix:
    """Take an argument out of the command of a service."""
    return Fix(f"take `{argument}` out", (ReplaceWord(service.span, argument),))


def renamed_once(postfix: Postfix, origin: Origin, name: str) -> Fix | None:
    """Give what is set at a place another name; nothing where main.cf sets that as well."""
    if origin.span is None:
        return None
    in_main = origin.span.file is postfix.configuration.main_file
    if in_main and name in postfix.configuration.assignments:
        return None
    return renamed(origin.span, name)


def comment_above(setting: Assignment, comment: Span) -> Fix | None:
    """Give a comment behind a value a line of its own."""
    if "\n" in comment.text:
        return None
    text = comment.text.lstrip("# \t").rstrip()
    changes = ReplaceWord(comment, comment.text), AddComment(setting.span, text)
    return Fix("give the comment a line of its own", changes)
