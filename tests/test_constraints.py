"""The lock: one version of each package, for every Python and system that the project supports."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "constraints.txt").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

SYSTEMS = {
    "linux": {"sys_platform": "linux", "os_name": "posix", "platform_machine": "x86_64"},
    "darwin": {"sys_platform": "darwin", "os_name": "posix", "platform_machine": "arm64"},
    "win32": {"sys_platform": "win32", "os_name": "nt", "platform_machine": "AMD64"},
}
# 3.11.2 is the oldest that a supported Debian has.
PYTHONS = ("3.11.2", "3.11.9", "3.12.1", "3.13.0")


def pinned() -> list[Requirement]:
    return [Requirement(line) for line in TEXT.splitlines() if line and not line.startswith("#")]


def direct_dependencies() -> list[Requirement]:
    project = PROJECT["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    return [
        Requirement(line) for line in project["dependencies"] + extras + PROJECT["build-system"]["requires"]
    ]


def pins_on(system: str, python: str) -> dict[str, list[str]]:
    """Canonical name -> the versions pinned for that system and Python."""
    environment = SYSTEMS[system] | {
        "python_version": ".".join(python.split(".")[:2]),
        "python_full_version": python,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    found: dict[str, list[str]] = {}
    for pin in pinned():
        if pin.marker is None or pin.marker.evaluate(dict(environment)):
            (specifier,) = pin.specifier
            assert specifier.operator == "==", pin
            assert "*" not in specifier.version, pin
            found.setdefault(canonicalize_name(pin.name), []).append(specifier.version)
    return found


def test_the_pythons_looked_at_are_those_supported() -> None:
    supported = SpecifierSet(PROJECT["project"]["requires-python"])
    minors = {f"3.{minor}" for minor in range(20) if f"3.{minor}" in supported}
    assert {".".join(python.split(".")[:2]) for python in PYTHONS} == minors


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_every_direct_dependency_has_one_fitting_version(system: str, python: str) -> None:
    pins = pins_on(system, python)
    assert [name for name, versions in pins.items() if len(versions) != 1] == []
    for wanted in direct_dependencies():
        versions = pins.get(canonicalize_name(wanted.name), [])
        assert len(versions) == 1, f"{wanted.name} is not pinned for Python {python} on {system}"
        assert versions[0] in wanted.specifier, f"{wanted} but the lock says {versions[0]}: run make lock"


def test_no_index_and_no_path_of_a_machine() -> None:
    assert re.findall(r"(?i)://|index|find-links|^\s*-|[/\\]|@", TEXT, flags=re.MULTILINE) == []


def test_nothing_for_a_gpu_and_no_second_framework() -> None:
    names = {canonicalize_name(pin.name) for pin in pinned()}
    assert [
        name for name in names if re.match(r"nvidia|cuda|torch|jax|tensorflow-(cpu|gpu|intel)", name)
    ] == []
