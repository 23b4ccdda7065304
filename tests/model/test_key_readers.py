"""Who can read private keys, where the tree is odd."""

import os
from datetime import UTC, datetime
from pathlib import Path

from auditor.audit import audit
from auditor.discover import discover
from auditor.host import Reason
from auditor.rule import discover as discover_rules


def test_a_fifo_holds_no_key(tmp_path: Path) -> None:
    folder = tmp_path / "etc/dovecot"
    folder.mkdir(parents=True)
    (folder / "dovecot.conf").write_text("protocols = imap\nssl_key = </etc/dovecot/key\n")
    os.mkfifo(folder / "key", 0o644)
    result = audit(discover([str(tmp_path / "etc")], modes=True), discover_rules(), now=datetime.now(UTC))
    assert not [one for one in result.findings if one.rule == "private-key-world-readable"]
    assert [one.why for one in result.not_checked if one.what.endswith("/key")] == [Reason.NOT_REGULAR.why]
