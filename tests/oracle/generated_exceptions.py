"""Where mailaudit and a daemon differ on random configurations, and why: patterns of what ``differences`` says.

Dovecot's depend on the host, its packages and its environment, or are what doveconf alone does, and no daemon.
"""

from __future__ import annotations

import re
from typing import Final

EXCEPTIONS: Final = {
    r"^the environment decides: ": "$ENV: in a number or a boolean: the environment of the daemon is not known",
    r"#hidden_use-P_to_show#\\t.* for doveconf": "doveconf shows the secret when white space follows the equals sign",
    r"=#hidden_use-P_to_show# .* for doveconf, '.*= #hidden_use-P_to_show#": "2.3.13 does so after any white space",
    r"event filter: syntax error.*; mailaudit .*unexpected \$undefined": (
        "2.3.13 reads on behind a character that it does not know, and has other words for the same refusal"
    ),
    r"^only mailaudit refuses: Unknown service type: .*\$ENV:": "what the environment of the daemon puts into a value",
    r"Dovecot not built with --enable-experimental": "how Debian builds Dovecot; the project's own images have it",
    r"Plugin '.*' not found from directory": "the Sieve plugins of the chroot",
    r"default_(?:internal|login)_user doesn't exist": "the users of the chroot",
    r"^only mailaudit refuses: listen can't be set empty$": (
        "doveconf puts a global listen and the built-in one together; the master does not start (tried on both 2.4)"
    ),
    r"doveconf refuses a filter: .*: protocols: Unknown protocol": (
        "doveconf -f checks the protocols of a filter; the master alone reads them, without filters (tried on 2.4.1)"
    ),
    r"doveconf refuses a filter: .* unexpectedly not found": "doveconf -f checks databases after merging filters",
    r"doveconf refuses a filter: .* assertion failed: \(array_is_empty\(&src_filter->include_groups\)\)": (
        "doveconf -f of 2.4.1 aborts where a filter that matches includes a group"
    ),
    r"^ ?only doveconf has '\w+/[^']*=[^']*' = '[^']*%\{": (
        "doveconf -n takes the last = for the sign of an element of a boolean list that has variables"
    ),
    r"^-M: .*(?: -\} -o \{| -o ft_b -o unce=)": "postconf takes apart a glued option that another o stands in",
    r"^-M: [^;]* - ": "postconf goes on reading options behind a lone -, 3.11 the memory behind it, too",
    r"^-P: .* for postconf, None for mailaudit": "postconf takes the word behind a lone - for a value, getopt(3) ends",
}


def reason(difference: str) -> str:
    """Return why a difference is listed, empty for one that is not."""
    return next((why for pattern, why in EXCEPTIONS.items() if re.search(pattern, difference)), "")
