"""What is installed: one top-level package with every grammar, rule and data file of the tree."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from auditor.rule import discover

REPOSITORY = Path(__file__).parents[1]
SOURCES = ("auditor", "rules", "grammars")
INSTALLED_AS = {"auditor": "auditor", "rules": "auditor/rules", "grammars": "auditor/grammars"}
KINDS = (".py", ".lark", ".json", ".typed")

CAN_BUILD = find_spec("setuptools") and (find_spec("wheel") or find_spec("setuptools.command.bdist_wheel"))

pytestmark = pytest.mark.skipif(not CAN_BUILD, reason="needs setuptools, and wheel if that is older than 70.1")


def files_of(tree: Path) -> set[str]:
    """Return the names that the installed files of a source tree must have."""
    return {
        f"{INSTALLED_AS[folder]}/{path.relative_to(tree / folder)}"
        for folder in SOURCES
        for path in (tree / folder).rglob("*")
        if path.suffix in KINDS
    }


def built(kind: str, tree: Path, target: Path) -> Path:
    """Build a wheel or an sdist of a tree with the build back end, without a network."""
    target.mkdir(exist_ok=True)
    code = f"import setuptools.build_meta as b; print('BUILT', b.build_{kind}({str(target)!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return target / re.findall(r"BUILT (\S+)", done.stdout)[-1]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean copy of the sources, so that nothing is built in the checkout."""
    copy = tmp_path_factory.mktemp("tree") / "mailaudit"
    ignored = shutil.ignore_patterns(
        "__pycache__", ".git", ".venv", "*.egg-info", "build", "dist", ".*_cache", ".hypothesis"
    )
    shutil.copytree(REPOSITORY, copy, ignore=ignored, symlinks=True)
    return copy


@pytest.fixture(scope="module")
def wheel(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("wheel", tree, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site-packages")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def python(code: str, cwd: Path, *path: Path) -> str:
    """Run Python with folders in front of its path, away from the checkout."""
    command = [sys.executable, "-I", "-c", f"import sys; sys.path[:0] = {[str(one) for one in path]!r}; {code}"]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_the_wheel_holds_the_whole_tree_and_nothing_else(tree: Path, wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert {name.split("/")[0] for name in names} == {"auditor"}
    assert names == files_of(tree)
    assert any(name.startswith("auditor/rules/") for name in names)
    assert any(name.endswith(".lark") for name in names)
    assert "auditor/data/report.schema.json" in names


def test_a_wheel_of_the_sdist_is_the_same(wheel: Path, tree: Path, tmp_path: Path) -> None:
    with tarfile.open(built("sdist", tree, tmp_path / "sdist")) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = (path for path in tmp_path.iterdir() if path.name.startswith("mailaudit-"))
    for name in ("README.md", "LICENSE", "pyproject.toml", "setup.py", "tests/test_packaging.py", "examples", "docs"):
        assert (unpacked / name).exists(), name
    again = built("wheel", unpacked, tmp_path / "wheel")
    assert set(zipfile.ZipFile(again).namelist()) == set(zipfile.ZipFile(wheel).namelist())


def test_a_new_folder_of_rules_is_not_forgotten(tree: Path, tmp_path: Path) -> None:
    copy = tmp_path / "tree"
    shutil.copytree(tree, copy, symlinks=True)
    (copy / "rules/new/deeper").mkdir(parents=True)
    for name in ("rules/new/__init__.py", "rules/new/deeper/__init__.py", "rules/new/deeper/some_rule.py"):
        (copy / name).write_text('"""New."""\n')
    names = zipfile.ZipFile(built("wheel", copy, tmp_path / "wheel")).namelist()
    assert "auditor/rules/new/deeper/some_rule.py" in names


def test_the_installed_rules_are_those_of_the_checkout(installed: Path, tmp_path: Path) -> None:
    code = "import json; from auditor.rule import discover; print(json.dumps([rule.name for rule in discover()]))"
    assert json.loads(python(code, tmp_path, installed)) == [rule.name for rule in discover()]


def test_the_installed_command_audits_alike(installed: Path, tmp_path: Path) -> None:
    arguments = [str(REPOSITORY / "examples"), "--format", "json", "--now", "2026-11-22"]
    code = f"from auditor.cli import run; run({arguments!r})"
    here, there = python(code, tmp_path, REPOSITORY), python(code, tmp_path, installed)
    assert json.loads(here)["hosts"]
    assert here == there


def test_a_third_party_adds_rules_by_being_installed(installed: Path, tmp_path: Path) -> None:
    info = tmp_path / "their_rules-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-rules\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[mailaudit.rules]\ntheirs = their_rules\n")
    (tmp_path / "their_rules.py").write_text(
        "from auditor.finding import Severity\n"
        "from auditor.rule import PostfixRule\n"
        "class Theirs(PostfixRule):\n"
        '    """Their rule."""\n'
        "    name = 'their-rule'\n"
        "    severity = Severity.LOW\n"
    )
    code = "from auditor.rule import discover; print([rule.name for rule in discover()])"
    assert "'their-rule'" in python(code, tmp_path, installed, tmp_path)


def test_the_command_is_declared_with_the_wheel(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (entry_points,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
    assert "mailaudit = auditor.cli:main" in archive.read(entry_points).decode()


def test_the_hooks_are_for_repositories() -> None:
    text = (REPOSITORY / ".pre-commit-hooks.yaml").read_text()
    (pattern,) = set(re.findall(r"(?m)^  files: (.*)$", text))
    assert text.count("pass_filenames: false") == text.count("- id: ") == 2
    for name in (
        "etc/dovecot/conf.d/10-ssl.conf",
        "main.cf",
        "x/postfix/sasl_passwd",
        "dovecot.conf",
        "etc/ssl/ca.pem",
    ):
        assert re.search(pattern, name), name
    assert not re.search(pattern, "README.md")


def test_nothing_names_this_machine() -> None:
    """Everything committed works on any machine."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    here = re.compile(rb"/(?:work/(?:main|shared)|tmp/(?:brief|venv)|opt/(?:wheels|pypi)|root/\.pyenv)\b")
    names = [name for name in listed.stdout.decode().split("\0") if name and not name.endswith("test_packaging.py")]
    found = [name for name in names if (REPOSITORY / name).is_file() and here.search((REPOSITORY / name).read_bytes())]
    assert found == []
