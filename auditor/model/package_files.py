"""Settings that a distribution's packages make in files of their own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from auditor.model.dovecot import Dovecot

PROTOCOL_FILES: Final = "/usr/share/dovecot/protocols.d"
"""Where each of Debian's packages for Dovecot adds its protocol."""


def lacks_protocol_files(dovecot: Dovecot) -> bool:
    """Whether packages add protocols by files that are included and not in the tree."""
    texts = (source.text for source in dovecot.configuration.files)
    named = any(re.search(rf"(?m)^[ \t]*!include_try[ \t]+{PROTOCOL_FILES}/", text) for text in texts)
    return named and not dovecot.host.exists(PROTOCOL_FILES)
