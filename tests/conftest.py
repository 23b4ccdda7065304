"""Settings of all tests: how long an example of hypothesis takes depends on what else the machine does."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("whatever the load", deadline=None)
settings.load_profile("whatever the load")
