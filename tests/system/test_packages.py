"""Versions, beside what importlib.metadata says."""

from __future__ import annotations

import importlib.util
import platform
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from PIL import features

from reportgen.engine.plan import NAMED_PACKAGES
from reportgen.system import packages
from reportgen.system.packages import installed_versions, versions_for


@pytest.mark.parametrize("name", [*NAMED_PACKAGES, "markupsafe", "markdown-it-py", "pydyf", "tinycss2"])
def test_versions_are_the_installed_ones(name: str) -> None:
    assert installed_versions()[name] == metadata.version(name)


def test_every_distribution_behind_a_library_is_installed() -> None:
    versions = versions_for(packages.known_libraries() - {"pillow_heif"})  # which is an extra
    assert "missing" not in versions.values()
    assert versions["tensorflow"] == metadata.version("tensorflow")
    assert versions["python"] == platform.python_version()
    assert platform.machine() in versions["machine"]


def test_only_what_is_used_counts() -> None:
    assert set(versions_for({"PIL"})) == {"python", "machine", "pillow", "littlecms"}
    assert set(versions_for({"json", "rich"})) == {"python", "machine"}


def test_the_library_of_colour_profiles_counts_beside_pillow() -> None:
    """It may be the system's, and another one than Pillow came with."""
    major, minor = str(features.version("littlecms2")).split(".")[:2]
    said = versions_for({"PIL"})["littlecms"]
    assert said == f"{major}.{minor}" or (said.startswith("liblcms2") and said.endswith(f".{minor}"))


def test_without_a_copy_of_its_own_the_library_of_the_system_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    packages._littlecms_version.cache_clear()
    try:
        assert versions_for({"PIL"})["littlecms"] == features.version("littlecms2")
    finally:
        packages._littlecms_version.cache_clear()


def test_what_opens_heic_counts_whether_it_is_there_or_not() -> None:
    assert set(versions_for({"pillow_heif"})) == {"python", "machine", "pillow-heif"}


@pytest.fixture
def fresh() -> Iterator[None]:
    """Nothing that is remembered of what is installed, before and after."""
    for known in (packages._installed_by_module, packages.installed_versions):
        known.cache_clear()
    yield
    for known in (packages._installed_by_module, packages.installed_versions):
        known.cache_clear()


def test_the_version_of_a_library_outside_the_table_counts() -> None:
    versions = versions_for({"typing_extensions"})
    assert versions["typing-extensions"] == metadata.version("typing_extensions")


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("odd_name", "odd_name"),
        ("Odd-Name", "odd_name"),
        ("odd.name", "Odd.Name"),
        ("ODD__-Name", "odd-name"),
    ],
)
@pytest.mark.usefixtures("fresh")
def test_a_distribution_is_found_in_every_spelling_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, folder: str
) -> None:
    home = tmp_path / f"{folder}-1.2.dist-info"
    home.mkdir()
    (home / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    (home / "top_level.txt").write_text("oddly_imported\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = versions_for({"oddly_imported"})
    assert found.keys() - {"python", "machine"} == {"odd-name"}
    assert found["odd-name"] == "1.2"
