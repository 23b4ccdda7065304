"""Whether the real Postfix starts with a configuration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SMTPD = "/usr/lib/postfix/sbin/smtpd"


def postfix_refusal(oracle: Any, suite: str, folder: Path) -> str:
    """Return why Postfix refuses a configuration, empty if it does not.

    postconf reads both files but no value; every smtpd reads its arguments and the values of its parameters when it
    starts. Stand-alone, as sendmail(1) -bs runs it, it needs no other process, and at the end of its input it is done.
    """
    status, messages = oracle.postfix_check(suite, folder)
    if status:
        return "\n".join(messages)
    disabled = oracle.postfix_settings(suite, folder)["master_service_disable"].replace("/", ".").split()
    with oracle.Tree(suite, folder, at="/tmp/oracle-postfix", main="main.cf") as tree:
        for service, kind, arguments in smtpd_rows((folder / "master.cf").read_text("utf-8", "surrogateescape")):
            if f"{service}.{kind}" in disabled:
                continue
            # Looking for a local recipient would ask proxymap, and wait for it.
            quiet = ["-o", "local_recipient_maps="]
            status, *_ = tree.run(["env", f"MAIL_CONFIG={tree.at}", SMTPD, "-S", *quiet, *arguments])
            if status:
                return f"smtpd of {service} exits with {status}"
    return ""


def smtpd_rows(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield service, type and arguments of every smtpd in a master.cf, as the master passes them on.

    Not those that postconf -M prints: it splits ``-oname=value`` at an "o" inside the value.
    """
    lines = re.sub(r"(?m)^[ \t]*(?:#.*)?\r?\n", "", text)
    for line in re.sub(r"\r?\n[ \t]+", " ", lines).splitlines():
        # A group in braces, nested ones included, is not split (mystrtokq() in master_ent.c).
        words = re.findall(r"(?:\{(?:[^{}]|\{[^{}]*\})*\}|[^\s{}])+", line)
        if len(words) > 7 and words[7] == "smtpd":
            yield words[0], words[1], [word[1:-1].strip() if word[0] == "{" else word for word in words[8:]]
