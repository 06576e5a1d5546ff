"""The files that a build leaves behind."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_data import CLASSES, COUNTS

from reportgen.outline.kind import find_kind

pytestmark = pytest.mark.slow

SIX_MEGABYTES = 6 * 1024 * 1024


@pytest.mark.prints
def test_a_quiet_build_says_nothing(finished: subprocess.CompletedProcess[str]) -> None:
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")


@pytest.mark.prints
def test_the_build_holds_the_report_and_nothing_half_made(build: Path) -> None:
    assert {path.name for path in build.iterdir()} == {
        ".lock", ".record.json", "report.html", "report.pdf", "results.json", "head.weights.h5", "figures",
        "arrays",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["report.html", pytest.param("report.pdf", marks=pytest.mark.prints)])
def test_the_report_can_be_sent_by_mail(build: Path, name: str) -> None:
    assert (build / name).stat().st_size <= SIX_MEGABYTES


def test_every_array_that_the_results_name_is_there_and_as_described(build: Path, results: Any) -> None:
    summaries = [s for section in find_kind().names for s in results[section]["arrays"].values()]
    assert len(summaries) == 62
    for summary in summaries:
        with np.load(build / summary["file"], allow_pickle=False) as archive:
            array = archive[summary["key"]]
        assert list(array.shape) == summary["shape"]
        assert str(array.dtype) == summary["dtype"]
        assert summary["norm"] == pytest.approx(np.linalg.norm(array.astype(np.float64)), rel=1e-9)


def test_every_numbered_figure_is_a_file_of_its_own(build: Path) -> None:
    names = sorted(path.name for path in (build / "figures").iterdir())
    numbers = [int(name[4:6]) for name in names if re.match(r"fig-\d\d-", name)]
    assert numbers == list(range(1, 38))


def test_hostile_names_are_the_classes(results: Any) -> None:
    assert results["dataset"]["classes"] == list(CLASSES)
    assert results["dataset"]["counts"] == {
        split: dict.fromkeys(CLASSES, count) for split, count in COUNTS.items()
    }
