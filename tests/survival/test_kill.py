"""A build that dies at any moment leaves a report, and the next one is as if nothing had been."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from finished_report import snapshot
from survivors import Build, job, report

pytestmark = pytest.mark.slow

SAMPLE = 6
MAIN = ("report.html", "report.pdf", "results.json", "head.weights.h5")


@pytest.fixture(scope="module")
def moments(builds: Build, changed_home: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Every change of a file that a build makes, in order."""
    home = shutil.copytree(changed_home, tmp_path_factory.mktemp("moments") / "home")
    (answer,) = builds(job(home))
    seen: list[str] = answer["seen"]
    return seen


def sample(moments: list[str], *, full: bool) -> list[int]:
    """Which changes to die at, counted from 1: all, or some spread over all and some around the commit."""
    every = list(range(1, len(moments) + 1))
    if full:
        return every
    commit = next(n for n, what in enumerate(moments, 1) if re.match(r"os.rename .*/\.next-[^/]*$", what))
    spread = every[:: len(every) // SAMPLE]
    return sorted({*spread, commit, commit + 1, commit + 8, len(every)})


def copies(original: Path, tmp_path: Path, points: list[int]) -> list[Path]:
    return [shutil.copytree(original, tmp_path / str(point)) for point in points]


@pytest.mark.long
def test_there_are_many_moments_to_die_at(moments: list[str]) -> None:
    kinds = {what.split(" ")[0] for what in moments}
    assert {"open", "write", "os.rename", "os.link", "os.remove"} <= kinds
    assert sum("/build/" in what for what in moments) > 50
    assert sum("/.cache/" in what for what in moments) > 15


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_killed_build_is_made_good_by_the_next(
    builds: Build,
    changed_home: Path,
    undisturbed: dict[str, str],
    moments: list[str],
    tmp_path: Path,
    full: bool,
) -> None:
    old, earlier = report(changed_home), snapshot(changed_home / "build")
    points = sample(moments, full=full)
    for pair in (points[i : i + 2] for i in range(0, len(points), 2)):
        homes = copies(changed_home, tmp_path, pair)
        killed = builds(*[job(home, "kill", at) for home, at in zip(homes, pair, strict=True)])
        assert [answer["end"] for answer in killed] == ["killed"] * len(pair), pair
        for home in homes:
            check_what_is_left(home, old, undisturbed)
        answers = builds(*[job(home) for home in homes])
        for home, answer, at in zip(homes, answers, pair, strict=True):
            assert answer["end"] in ("changed", "unchanged"), (at, moments[at - 1], answer)
            assert report(home) == undisturbed, (at, moments[at - 1])
            assert tidy(home), (at, moments[at - 1])
            assert kept_results(home) == [earlier["results.json"]], (at, moments[at - 1])
            shutil.rmtree(home)


def check_what_is_left(home: Path, old: dict[str, str], new: dict[str, str]) -> None:
    """Each document is whole, the old one or the new; a mixed set is only met while it is being moved."""
    now = report(home)
    assert all(now[name] in (old[name], new[name]) for name in MAIN)
    if not list((home / "build").glob(".ready-*")):
        assert now in (old, new)


def tidy(home: Path) -> bool:
    """Whether nothing half made is in the build folder."""
    return not [path for path in (home / "build").rglob(".*") if path.name not in (".lock", ".record.json")]


def kept_results(home: Path) -> list[str]:
    files = snapshot(home / "build")
    return [
        files[name]
        for name in sorted(files)
        if name.startswith("previous/") and name.endswith("results.json")
    ]


@pytest.mark.timeout(3600)
def test_an_interrupted_build_leaves_a_whole_report(
    builds: Build,
    changed_home: Path,
    undisturbed: dict[str, str],
    moments: list[str],
    tmp_path: Path,
    full: bool,
) -> None:
    old = report(changed_home)
    points = sample(moments, full=full)[:: 1 if full else 3]
    for pair in (points[i : i + 2] for i in range(0, len(points), 2)):
        homes = copies(changed_home, tmp_path, pair)
        stopped: list[dict[str, Any]] = builds(
            *[job(home, "interrupt", at) for home, at in zip(homes, pair, strict=True)]
        )
        for home, answer, at in zip(homes, stopped, pair, strict=True):
            assert answer["end"] in ("interrupted", "changed"), (at, moments[at - 1], answer)
            assert report(home) in (old, undisturbed), (at, moments[at - 1])
        for home, answer, at in zip(homes, builds(*[job(home) for home in homes]), pair, strict=True):
            assert answer["end"] in ("changed", "unchanged"), (at, moments[at - 1], answer)
            assert report(home) == undisturbed, (at, moments[at - 1])
            assert tidy(home), (at, moments[at - 1])
            shutil.rmtree(home)
