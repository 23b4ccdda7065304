"""Where mailaudit and a daemon differ on random configurations, and why: patterns of what ``differences`` says.

Some cannot agree (the host, the plugins of the chroot), the others are checks that mailaudit does not have.
"""

from __future__ import annotations

import re
from typing import Final

EXCEPTIONS: Final = {
    r"setting variables: Unknown variable '": "doveconf expands %{…} in names of blocks and users",
    r"event filter: ": "the event filter language of log_debug and filters of metrics is not read",
    r"is not a valid URI|http_client_proxy_url": "addresses of web services are not taken apart",
    r"Unknown setting: (?:\w*_)?(?:fts_flatcurve|cassandra|lua)": "plugins that the chroot does not have",
    r"default_internal_user doesn't exist": "the users of the chroot",
    r"^doveconf, line \w+: [^;]*\$(?!SET)\w": "doveconf -n checks a reference as text; the daemon expands it first",
    r"'service Imap/' = '{}'": "a built-in service in capital letters, merged with itself by a filter",
    r"'myhostname' is ": "a myhostname that refers to mydomain, whose default comes from it",
    r"domain_to_ascii": "names inside what 3.7 and 3.10 cannot expand count as used for mailaudit, not for postconf",
    r"^-M: .*(?: -\} -o \{| -o ft_b -o unce=)": "postconf takes apart a glued option that another o stands in",
    r"^-P: .* for postconf, None for mailaudit": "postconf takes the word behind a lone - for a value, getopt(3) ends",
    r"'foo_server_host' is None for postconf": "postconf 3.10 reads no tables behind a # in a value",
    r"dsync_features: Unknown feature": "the features of dsync are not checked",
    r"Namespace prefix not valid UTF8": "what is no UTF-8 in prefixes of namespaces is not checked",
    r"unknown inet_protocols value|dictionary mail_dict": "postconf stops where it computes mynetworks; not checked",
}


def reason(difference: str) -> str:
    """Return why a difference is listed, empty for one that is not."""
    return next((why for pattern, why in EXCEPTIONS.items() if re.search(pattern, difference)), "")
