"""Packages whose folder and import name differ; everything else is in pyproject.toml."""

from setuptools import find_packages, setup


def mapped(folder: str, package: str) -> list[str]:
    """Return the packages below a top-level folder under the name they are installed as."""
    return [package, *(f"{package}.{name}" for name in find_packages(folder))]


setup(packages=[*mapped("auditor", "auditor"), *mapped("rules", "auditor.rules"), "auditor.grammars"])
