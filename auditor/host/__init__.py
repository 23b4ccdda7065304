"""One audited file tree, read safely."""

from __future__ import annotations

from auditor.host.accounts import Account
from auditor.host.names import Mount
from auditor.host.tree import MAX_BYTES, FileFacts, Host
from auditor.host.unreadable import Reason, Unreadable

__all__ = ["MAX_BYTES", "Account", "FileFacts", "Host", "Mount", "Reason", "Unreadable"]
