"""The names of smtpd's restrictions, and words in restriction lists that are none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.postfix.restrictions import ALL_LISTS
from auditor.syntax.postfix_lines import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model.smtpd import SmtpdService
    from auditor.text import Origin

KNOWN: Final = re.compile(
    r"permit(?:_(?:auth_destination|dnswl_client|inet_interfaces|mx_backup|mynetworks|naked_ip_address|rhswl_client"
    r"|sasl_authenticated|tls_all_clientcerts|tls_clientcerts))?"
    r"|reject(?:_(?:(?:authenticated_|known_|unauthenticated_)?sender_login_mismatch|invalid_(?:helo_)?hostname|maps_rbl"
    r"|multi_recipient_bounce|non_fqdn_(?:(?:helo_)?hostname|recipient|sender)|plaintext_session|rbl(?:_client)?"
    r"|rhsbl_(?:client|helo|recipient|reverse_client|sender)|unauth_(?:destination|pipelining)"
    r"|unknown_(?:address|client|client_hostname|forward_client_hostname|(?:helo_)?hostname|recipient_domain"
    r"|reverse_client_hostname|sender_domain)|unlisted_(?:recipient|sender)|unverified_(?:recipient|sender)))?"
    r"|check_(?:(?:ccert|client|etrn|helo|recipient|reverse_client_hostname|sasl|sender)_access"
    r"|(?:client|helo|recipient|reverse_client_hostname|sender)_(?:a|mx|ns)_access"
    r"|policy_service|recipient_maps|relay_domains)"
    r"|defer(?:_(?:if_permit|if_reject|unauth_destination))?|sleep|warn_if_reject",
    re.IGNORECASE,
)
"""Source: generic_checks of src/smtpd/smtpd_check.c, with the names of src/global/mail_params.h (3.12-20260821)."""


class Strange(NamedTuple):
    """A word that smtpd does not know, and the list it is in."""

    word: str
    list_name: str
    origin: Origin


def strange_words(service: SmtpdService) -> Iterator[Strange]:
    """Yield the words in the lists of a service that are neither restrictions nor defined classes."""
    classes = {word.text for word in words(service.get("smtpd_restriction_classes").effective)}
    for list_name in ALL_LISTS:
        for one in service.restrictions(list_name):
            if one.name not in classes and not KNOWN.fullmatch(one.name):
                yield Strange(one.name, list_name, one.origin)
