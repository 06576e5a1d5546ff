"""The benchmark of whole classes, on made-up measurements and a class that nobody builds."""

from __future__ import annotations

import tomllib
from pathlib import Path

from batch import OVERHEAD_GOAL, describe_batches, draw_class
from home import Home
from measurement import Run
from rebuild import VGG19, Rebuild
from run import attempt

from reportgen.batch.class_file import read_class


def _run(around: float, **stages: float) -> Run:
    return Run(around, around, around, 10**9, stages, stages, 0.0)


def test_a_batch_is_compared_with_the_sum_of_its_builds() -> None:
    floor = [[_run(12.0, a=10.0)], [_run(30.0, b=20.0)]]
    batch = Rebuild("two groups", VGG19, 24, [_run(33.0)], floor, OVERHEAD_GOAL)
    assert list(describe_batches([batch])) == [
        "two groups, grading included: 3.64 groups a minute (4.00 by their builds alone), overhead +10.0%"
    ]
    assert batch.reached is True
    assert Rebuild("two groups", VGG19, 24, [_run(33.1)], floor, OVERHEAD_GOAL).reached is False


def test_the_class_has_groups_with_images_of_their_own(tmp_path: Path) -> None:
    file = draw_class(tmp_path, 3, 12)
    assert len(tomllib.loads(file.read_text())["group"]) == 3
    assert [group.name for group in read_class(file).groups] == ["group-01", "group-02", "group-03"]
    images = list((tmp_path / "groups").glob("*/data/*/*/*.png"))
    assert len(images) == len({image.read_bytes() for image in images}) == 36


def test_a_row_that_fails_takes_no_other_with_it() -> None:
    failures: list[str] = []

    def fail() -> list[int]:
        raise RuntimeError("batch of 4 groups failed")

    assert attempt(fail, failures) is None
    assert attempt(lambda: [3], failures) == [3]
    assert failures == ["batch of 4 groups failed"]


def test_the_reports_of_the_class_have_the_sections_that_it_asks_for(tmp_path: Path) -> None:
    """Red if the groups are built of fewer sections than the class: none would be graded."""
    file = draw_class(tmp_path / "class", 1, 6)
    home = Home.made(tmp_path / "home", tmp_path / "class" / "groups" / "group-01" / "data")
    settings = tomllib.loads((home.folder / "report.toml").read_text())
    assert tomllib.loads(file.read_text())["sections"] == settings["sections"]
