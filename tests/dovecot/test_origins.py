"""Every value and every block that is shown says where it comes from."""

from pathlib import Path

import pytest

from auditor.discover import discover
from auditor.read import Versions, read_hosts

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("example", ["article", "sound", "sound-2.4"])
@pytest.mark.parametrize("defaults", [False, True])
def test_every_origin_is_a_place_or_a_version(example: str, *, defaults: bool) -> None:
    hosts, failures = read_hosts(discover([str(EXAMPLES / example / "etc")]), Versions())
    assert failures == ()
    for dovecot in hosts[0].dovecot:
        shown = dovecot.settings(defaults=defaults)
        assert [name for name, one in shown.items() if not one.origin.span and not one.origin.default_of] == []
