"""What an upgrade from Dovecot 2.3 has to change, against what doveconf 2.4 refuses line by line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cases import all_cases
from trees_dovecot23 import trees
from upgrade_refusals import Refusal, refusals

from auditor.dovecot.read import read_upgraded
from auditor.host import Host, Mount, Unreadable
from auditor.model.upgrade_dovecot import dovecot_upgrade

VERSIONS = {"trixie": "2.4.1", "sid": "2.4.5"}
EXCEPTIONS = {
    ("Yonle__mailserver-config", "*"): "it has a header of its own, in a file that is included",
    ("mailserver2__mailserver__h2016011341", "*"): "first_valid_uid = <UID> is a file's content for the daemon",
    (
        "unknown__nawia-nixos",
        "*",
    ): "default_internal_user names a user of that host, not of the chroot",
    ("alexamiryan__mailserver-postfix-dovecot", "sid"): "doveconf 2.4.5 -n does not check protocols, its daemon does",
    ("dotink__inKSpot", "sid"): "as above",
    ("mokaa1102__smtp-imap", "sid"): "as above",
}
"""Trees that are not compared, and why; ``*`` stands for both suites."""
HEADERS = ("dovecot_config_version", "dovecot_storage_version")


def _trees() -> dict[str, tuple[Path, str]]:
    found = trees()
    for case in all_cases():
        if case.rule == "upgrade-breaks" and case.has_dovecot and case.dialect == "2.3":
            found[f"case {case.folder.name}"] = (case.folder / "etc/dovecot", "dovecot.conf")
    return found


TREES = _trees()


def ours(oracle: Any, suite: str, tree: Path, main: str) -> list[Refusal] | None:
    """Return what mailaudit says is refused; None when it takes the files for those of 2.4."""
    folder = tree if tree.is_dir() else tree.parent
    packaged = Path(oracle.BASE) / suite / "usr/share/dovecot"
    host = Host((Mount("/etc/dovecot", str(folder)), Mount("/usr/share/dovecot", str(packaged))))
    configuration = read_upgraded(host, f"/etc/dovecot/{main}", VERSIONS[suite], None)
    assert not isinstance(configuration, Unreadable)
    if configuration.older is None:
        return None
    upgrade = dovecot_upgrade(configuration, host)
    spans = [(one.at, f"{one.setting} {one.message}") for one in upgrade.breaks if one.refused]
    spans += [(problem.span, problem.message) for problem in upgrade.problems]
    return [Refusal(span.file.name.removeprefix("/etc/dovecot/"), span.line, words) for span, words in spans]


@pytest.mark.skipif("debian" not in TREES, reason="no trees beside the repository")
@pytest.mark.parametrize("suite", VERSIONS)
@pytest.mark.parametrize("name", TREES)
def test_every_line_that_is_refused_is_found_and_no_other(name: str, suite: str, oracle: Any) -> None:
    reason = EXCEPTIONS.get((name, suite)) or EXCEPTIONS.get((name, "*"))
    if reason:
        pytest.skip(reason)
    tree, main = TREES[name]
    mine = ours(oracle, suite, tree, main)
    if mine is None:
        pytest.skip("the files are written for 2.4")
    theirs = list(refusals(oracle, suite, tree, VERSIONS[suite], main))
    # A complaint about the files as a whole has no line; mailaudit gives it that of the setting.
    whole = [refusal for refusal in theirs if not refusal.line or any(name in refusal.words for name in HEADERS)]
    mine_of_whole = [one for one in mine if any(_same(one, other) for other in whole)]
    assert len(mine_of_whole) == len(whole), (mine, whole)
    lines = {(one.file, one.line) for one in mine if one not in mine_of_whole}
    assert lines == {(one.file, one.line) for one in theirs if one not in whole}


def _same(mine: Refusal, whole: Refusal) -> bool:
    header = next((name for name in HEADERS if name in whole.words), "")
    return header in mine.words if header else whole.words in mine.words


def test_debians_default_tree_needs_these_changes(oracle: Any) -> None:
    if "debian" not in TREES:
        pytest.skip("no trees beside the repository")
    found = ours(oracle, "trixie", *TREES["debian"])
    assert found is not None
    names = sorted({refusal.words.partition(" ")[0] for refusal in found})
    assert names == [
        *("dict", "dovecot_config_version", "dovecot_storage_version", "inet_listener", "mail_location"),
        *("passdb", "plugin", "sieve", "ssl_cert", "ssl_dh", "ssl_key", "userdb"),
    ]
