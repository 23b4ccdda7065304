"""Tests that ask the real daemons; where there are none they are skipped, or fail with MAILAUDIT_REQUIRE_ORACLES=1."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import daemons
import pytest

if TYPE_CHECKING:
    from types import ModuleType


@pytest.fixture(scope="session")
def oracle() -> ModuleType:
    """The module that asks the daemons, ``../shared/oracles/oracle.py``."""
    try:
        return daemons.load()
    except daemons.UnavailableError as error:
        if os.environ.get("MAILAUDIT_REQUIRE_ORACLES") == "1":
            pytest.fail(f"no real daemons: {error}", pytrace=False)
        pytest.skip(f"no real daemons: {error}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is about a suite that MAILAUDIT_SUITES does not ask for."""
    for item in items:
        suite = (
            item.callspec.params.get("suite")
            if isinstance(item, pytest.Function) and hasattr(item, "callspec")
            else None
        )
        if suite is not None and suite not in daemons.SUITES:
            item.add_marker(pytest.mark.skip(reason=f"MAILAUDIT_SUITES does not ask for {suite}"))
