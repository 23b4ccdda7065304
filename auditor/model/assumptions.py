"""What users say of their hosts that no file tells."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime


class Assumptions(NamedTuple):
    """Facts from ``[assume]`` of mailaudit.toml."""

    days_before_expiry: int | None = None
    """Days before its end at which what expires is reported; None for as many as each rule says."""
    server_names: tuple[str, ...] = ()
    """The names by which users' programs reach the host."""

    def expires_soon(self, end: datetime, now: datetime, usual: timedelta) -> bool:
        """Whether what ends at a time is to be reported already; ``usual`` is how long before it usually is."""
        days = self.days_before_expiry
        return end - now <= (usual if days is None else timedelta(days=days))


NO_ASSUMPTIONS: Final = Assumptions()
