"""Files beside Dovecot's configuration that look like a part of it and that nothing includes or names."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from auditor.host import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.model.dovecot import Dovecot
    from auditor.text import Span

STOCK: Final = re.compile(
    r"auth-(?:checkpassword|deny|dict|ldap|master|oauth2|passwdfile|sql|static|system|vpopmail)\.conf\.ext"
)
"""Files that Dovecot's packages bring as examples of which one includes what one needs (doc/example-config/conf.d)."""
MAX_FILES: Final = 500
"""Files beside the configuration that are looked at."""

_COMMENT: Final = re.compile(r"(?m)^[ \t]*#.*$")
_PASSDB: Final = re.compile(r"(?m)^[ \t]*passdb\b[^\n{#=]*\{")
_EXTERNAL: Final = re.compile(r"(?mi)^[ \t]*(?:mechanisms|(?:passdb_)?mechanisms_filter)[ \t]*=.*\bexternal\b")


class Unreached(NamedTuple):
    """A passdb in a file that is not in force: its place, and whether it is one for certificate logins."""

    span: Span
    for_external: bool


def unreached_passdbs(dovecot: Dovecot) -> Iterator[Unreached]:
    """Yield the first passdb of each file that nothing reaches; of the packages' examples those for EXTERNAL."""
    read = {source.name for source in dovecot.configuration.files}
    unread = [name for name in _beside(dovecot) if name not in read]
    said = "\n".join(_COMMENT.sub("", source.text) for source in dovecot.configuration.files) if unread else ""
    for name in unread:
        base = posixpath.basename(name)
        if base in said:
            continue
        source = dovecot.host.read_text(name)
        # Comments keep their length, so that places stay what they are.
        text = "" if isinstance(source, Unreadable) else _COMMENT.sub(lambda found: " " * len(found[0]), source.text)
        match = _PASSDB.search(text)
        external = _EXTERNAL.search(text) is not None
        if match and not isinstance(source, Unreadable) and (external or not STOCK.fullmatch(base)):
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            yield Unreached(source.span(start, match.end()), external)


def _beside(dovecot: Dovecot) -> Iterator[str]:
    """Yield the files of the main file's folder and of the folders in it that are named like configuration."""
    top = posixpath.dirname(dovecot.configuration.main_file.name)
    patterns = (f"{top}/*.conf*", f"{top}/*/*.conf*")
    names = [name for pattern in patterns for name in dovecot.host.glob(pattern)]
    yield from [name for name in names if name.endswith((".conf", ".conf.ext"))][:MAX_FILES]
