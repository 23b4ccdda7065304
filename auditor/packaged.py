"""The tables that are installed with the package."""

from __future__ import annotations

import json
import pkgutil
from typing import Any


def contents(package: str, name: str) -> bytes:
    """Return a file of a package; raises OSError where there is none.

    As ``importlib.resources`` does, which takes longer to import than a table to read.
    """
    data = pkgutil.get_data(package, name)
    if data is None:
        message = f"the loader of {package} cannot read {name}"
        raise OSError(message)
    return data


def table(name: str) -> Any:
    """Return what the JSON file ``auditor/data/NAME.json`` holds."""
    return json.loads(contents("auditor", f"data/{name}.json"))
