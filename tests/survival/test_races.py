"""Several builds at once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from finished_report import snapshot
from survivors import Build, job, report

pytestmark = pytest.mark.slow


@pytest.mark.long
def test_two_builds_of_a_folder_at_once_give_the_report_once(
    builds: Build, stricken: Path, undisturbed: dict[str, str]
) -> None:
    answers = builds(job(stricken), job(stricken))
    assert sorted(answer["end"] for answer in answers) == ["changed", "unchanged"]
    (waited,) = (answer for answer in answers if answer["end"] == "unchanged")
    assert any("Another build" in line and str(stricken / "build") in line for line in waited["said"])
    assert report(stricken) == undisturbed


@pytest.mark.long
def test_builds_of_different_settings_in_one_folder_do_not_mix(
    builds: Build, stricken: Path, undisturbed: dict[str, str]
) -> None:
    other = shutil.copytree(stricken, stricken.with_name("other"))
    settings = other / "report.toml"
    text = settings.read_text(encoding="utf-8").replace('"Two"', '"Three"')
    settings.write_text(f'build = "{stricken / "build"}"\n' + text, encoding="utf-8")
    answers = builds(job(stricken), job(other))
    assert [answer["end"] for answer in answers] == ["changed", "changed"]
    third = report(stricken)
    (answer,) = builds(job(stricken))
    if third == undisturbed:  # the other one was first
        assert answer["end"] == "unchanged"
    else:
        assert answer["end"] == "changed"
        assert answer["ran"] == []
    assert report(stricken) == undisturbed


@pytest.mark.long
def test_builds_in_different_folders_share_a_cache(
    builds: Build, stricken: Path, undisturbed: dict[str, str], tmp_path: Path
) -> None:
    homes = [shutil.copytree(stricken, tmp_path / name) for name in ("one", "other")]
    for each in homes:
        settings = each / "report.toml"
        text = settings.read_text(encoding="utf-8")
        settings.write_text(f'cache = "{tmp_path / "cache"}"\n' + text, encoding="utf-8")
    answers = builds(*[job(each) for each in homes])
    assert [answer["end"] for answer in answers] == ["changed", "changed"]
    assert [report(each) for each in homes] == [undisturbed, undisturbed]
    before = snapshot(homes[0] / "build")
    (again,) = builds(job(homes[0]))
    assert (again["end"], snapshot(homes[0] / "build")) == ("unchanged", before)
