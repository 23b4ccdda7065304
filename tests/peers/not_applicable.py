"""Cases of the peers' tests that mailaudit cannot be put through, by ``suite/case``, each with its reason."""

from __future__ import annotations

import re
from typing import Final

_EDITS: Final = "it edits a file; mailaudit writes none"
_JSON: Final = "the form of postconf's JSON; the same values are in the cases that print text"
_CLASSES: Final = "postconf's classes of parameters (-C); mailaudit has none"
_WARNINGS: Final = "prints every parameter to count postconf's warnings"
_DEFAULTS: Final = "compares two ways of postconf to list a service's parameters"
_EXPANDED: Final = "-M with -x expands the options in the command; mailaudit shows them as written"
_ENVIRONMENT: Final = "the environment of the daemon is not known to who reads its files"
_PROGRAM: Final = "a program or protocol of Postfix, not a file that is read"
_CHECKS: Final = "smtpd_check's command language: it acts as smtpd on whole sessions"
_TABLE_TYPE: Final = "opened from a shell's argument; such a table stands in main.cf for mailaudit, see tests/files"

NOT_APPLICABLE: Final = {
    r"postfix-postconf/test17": "has no run",
    r"postfix-postconf/test(?:41|42|43|44|52|53|54|55|56|72|73|74|75|76|78|79)": _EDITS,
    r"postfix-postconf/test8[0-7]": _JSON,
    r"postfix-postconf/test2[34567]": _CLASSES,
    r"postfix-postconf/test6[68]": _WARNINGS,
    r"postfix-postconf/test9[12]": _DEFAULTS,
    r"postfix-postconf/test(?:37|40|67)": _EXPANDED,
    r"postfix-postconf/test65": "-o of the command line of postconf",
    r"postfix-postconf/test3[45]": "process_name is the name of the program that runs, which is postconf there",
    r"postfix-mystrtok/test_mystrtokd?q?_cw.*|postfix-mystrtok/test_mystrtokdq.*": (
        "no parameter that mailaudit takes apart is split with double quotes or with a warning about comments"
    ),
    r"dovecot-config-parser/.*/env_key\d?/expanded": _ENVIRONMENT,
    r"dovecot-values/var-expand/.*": "fails or not for the values of its variables when it runs",
    r"augeas-[^/]*/[^/]*": "a test that Augeas refuses the text or edits it; there is no tree to compare",
    r"postfix-raw/util/valid_hostname.ref/\*.*": "asked with a flag for wildcards, which myhostname is not",
    r"postfix-raw/util/(?:attr_scan|mac_expand|name_mask).*": "in another suite, or a protocol between daemons",
    r"postfix-raw/util/(?:dict_|miss_endif|inet_addr_list|ip_match|host_port).*": _TABLE_TYPE,
    r"postfix-raw/smtpd/.*": _CHECKS,
    r"postfix-raw/global/.*": _PROGRAM,
}


def reason(case: str) -> str:
    """Return why a case does not apply; empty for one that does."""
    return next((why for pattern, why in NOT_APPLICABLE.items() if re.fullmatch(pattern, case)), "")
