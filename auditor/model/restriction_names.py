"""The names of smtpd's restrictions, and words in restriction lists that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.postfix.restrictions import ALL_LISTS
from auditor.syntax.postfix_lines import words
from auditor.text import similar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model.smtpd import SmtpdService
    from auditor.text import Origin, Span

_CHECKED: Final = ("ccert", "client", "etrn", "helo", "recipient", "reverse_client_hostname", "sasl", "sender")
_RESOLVED: Final = ("client", "helo", "recipient", "reverse_client_hostname", "sender")
_PERMITTED: Final = (
    "auth_destination dnswl_client inet_interfaces mx_backup mynetworks naked_ip_address rhswl_client"
    " sasl_authenticated tls_all_clientcerts tls_clientcerts"
)
_REJECTED: Final = (
    "sender_login_mismatch authenticated_sender_login_mismatch known_sender_login_mismatch"
    " unauthenticated_sender_login_mismatch invalid_hostname invalid_helo_hostname maps_rbl multi_recipient_bounce"
    " non_fqdn_hostname non_fqdn_helo_hostname non_fqdn_recipient non_fqdn_sender plaintext_session rbl rbl_client"
    " rhsbl_client rhsbl_helo rhsbl_recipient rhsbl_reverse_client rhsbl_sender unauth_destination unauth_pipelining"
    " unknown_address unknown_client unknown_client_hostname unknown_forward_client_hostname unknown_hostname"
    " unknown_helo_hostname unknown_recipient_domain unknown_reverse_client_hostname unknown_sender_domain"
    " unlisted_recipient unlisted_sender unverified_recipient unverified_sender"
)
KNOWN: Final = frozenset(
    [
        *("permit", "reject", "defer", "defer_if_permit", "defer_if_reject", "defer_unauth_destination", "sleep"),
        *("warn_if_reject", "check_policy_service", "check_recipient_maps", "check_relay_domains"),
        *(f"permit_{what}" for what in _PERMITTED.split()),
        *(f"reject_{what}" for what in _REJECTED.split()),
        *(f"check_{what}_access" for what in _CHECKED),
        *(f"check_{what}_{kind}_access" for what in _RESOLVED for kind in ("a", "mx", "ns")),
    ]
)
"""Source: generic_checks of src/smtpd/smtpd_check.c, with the names of src/global/mail_params.h (3.12-20260821)."""


class Strange(NamedTuple):
    """A word that smtpd does not know, and the list it is in."""

    word: str
    list_name: str
    origin: Origin
    span: Span | None
    meant: str
    """The restriction or class that was probably meant; empty where none is near."""


def strange_words(service: SmtpdService) -> Iterator[Strange]:
    """Yield the words in the lists of a service that are neither restrictions nor defined classes."""
    classes = {word.text for word in words(service.get("smtpd_restriction_classes").effective)}
    for list_name in ALL_LISTS:
        for one in service.restrictions(list_name):
            if one.name not in classes and one.name.lower() not in KNOWN:
                span = one.span if one.span and one.span.text == one.name else None
                yield Strange(one.name, list_name, one.origin, span, similar(one.name, [*KNOWN, *classes], 0.85))
