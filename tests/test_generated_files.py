"""The data files are what their scripts make of their sources."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
SETTINGS = REPOSITORY.parent / "shared" / "settings"

pytestmark = pytest.mark.skipif(not SETTINGS.is_dir(), reason="needs ../shared/settings")


@pytest.mark.parametrize(
    "script", ["make_dovecot_settings.py", "make_dovecot24_settings.py", "make_postfix_parameters.py"]
)
def test_the_data_is_fresh(tmp_path: Path, script: str) -> None:
    shutil.copytree(REPOSITORY / "tools", tmp_path / "tools")
    (tmp_path / "auditor/data").mkdir(parents=True)
    subprocess.run([sys.executable, str(tmp_path / "tools" / script), str(SETTINGS)], cwd=tmp_path, check=True)
    made = sorted((tmp_path / "auditor/data").iterdir())
    assert made
    for path in made:
        assert path.read_bytes() == (REPOSITORY / "auditor/data" / path.name).read_bytes(), f"run tools/{script}"
