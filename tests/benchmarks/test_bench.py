"""The benchmark's arithmetic and its table, on made-up measurements; no test looks at a clock's value."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from budgets import BUDGETS, describe_budgets
from comparison import Comparison, Growth
from enlargement import enlarge
from explaining import Timed, describe_explaining, draw_explaining, measure_difference, run_library
from findings import Findings
from measurement import Run, measure, median_run
from PIL import Image
from rich.console import Console
from table import as_data, describe_disturbance, describe_growth, draw_table
from workloads import WORKLOADS, StageTimes
from workloads import run as run_workload

import reportgen

MB = 10**6


def _run(around: float, peak: int = 1500 * MB, others: float = 0.0, **stages: float) -> Run:
    twice = {title: 2 * seconds for title, seconds in stages.items()}
    return Run(around, around - 0.5, 2.2 * around, peak, stages, twice, others)


def _floor(imports: float, forward: float, printing: float) -> list[list[Run]]:
    # The processes themselves took 100 s, which must not count.
    return [[_run(100.0, Import=imports)], [_run(100.0, Forward=forward)], [_run(100.0, Print=printing)]]


def _printed(*comparisons: Comparison) -> dict[str, list[str]]:
    """The table's rows as a person reads them: label -> cells."""
    stream = io.StringIO()
    Console(file=stream, width=120).print(draw_table(comparisons))
    rows = [line.strip("│┃ \n").split("│") for line in stream.getvalue().splitlines() if "│" in line]
    return {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in rows}


def test_ratio_is_the_build_from_outside_over_the_sum_of_the_floor_parts() -> None:
    comparison = Comparison("x", 4, [_run(30.0, a=10, b=5)], floor=_floor(5, 12, 3))
    assert comparison.floor_seconds == 20
    assert comparison.ratio == 1.5
    assert comparison.cpu_ratio == pytest.approx(2.2 * 30 / (2 * 20))
    assert comparison.cold_run.unstaged == 15


@pytest.mark.parametrize(("around", "reached"), [(50.0, True), (50.1, False)])
def test_time_goal_is_one_floor_without_the_sections_beyond_the_assignments_own(
    around: float, reached: bool
) -> None:
    run = replace(_run(around), stages={"VGG19 features": 18.0, "Occlusion": 25.0, "Decisive channels": 5.0})
    comparison = Comparison("x", 4, [run], floor=_floor(5, 12, 3))
    assert comparison.own_ratio == pytest.approx((around - 30) / 20)
    assert comparison.fast_enough is reached


@pytest.mark.parametrize(("peak", "reached"), [(1_500_000_000, True), (1_500_000_001, False)])
def test_memory_goal_is_one_and_a_half_gigabytes(peak: int, reached: bool) -> None:
    assert Comparison("x", 4, [_run(1.0, peak)]).small_enough is reached


def test_every_number_is_its_own_median() -> None:
    runs = [_run(9.0, 30, a=1, b=8), _run(2.0, 10, a=3, b=7), _run(4.0, 20, a=2, b=1)]
    middle = median_run(runs)
    assert (middle.around, middle.inside, middle.cpu, middle.peak) == (4.0, 3.5, 8.8, 20)
    assert middle.stages == {"a": 2, "b": 7}
    assert middle.stages_cpu == {"a": 4, "b": 14}


def test_budgets_are_shares_of_the_forward_passes() -> None:
    """Red with a stage left out, with seconds for shares, with a goal that cannot be missed."""
    stages = {name: 1.0 for budget in BUDGETS for name in budget.stages} | {"Occlusion": 30.0, "Other": 99.0}
    forward = [[replace(_run(100.0), stages={"VGG19 forward": 98.0})]]
    taken = replace(_run(300.0), stages=stages)
    slow = replace(taken, stages=stages | {"Occlusion": 31.0})
    occlusion, panel, together = describe_budgets(Comparison("x", 266, [taken], (), forward))
    assert "30.0 s, 0.31 of 266 forward passes; goal ≤ 0.31: yes" in occlusion
    assert "1.0 s, 0.01 of 266" in panel
    assert "38.0 s, 0.39 of 266" in together
    assert next(describe_budgets(Comparison("x", 266, [slow], (), forward))).endswith("goal ≤ 0.31: no")
    assert list(describe_budgets(Comparison("x", 266, [taken]))) == []
    # A stage that was renamed is no cheap one, and does not cost the run what was measured.
    renamed = [replace(taken, stages={"Occluding": 1.0})]
    first = next(describe_budgets(Comparison("x", 266, renamed, (), forward)))
    assert first.endswith("not measured, no stage is called Occlusion")


def test_what_was_found_can_be_shown_and_written() -> None:
    """Red if a package is asked for by a name that none has, which only the end of a run tells."""
    few, more = (Comparison(name, n, [_run(20.0)], (), _floor(5, 12, 3)) for name, n in (("x", 4), ("y", 16)))
    findings = Findings([few], Growth(few, more), [], [], None, ((0, 0, 0), (1, 1, 1)))
    written = json.loads(json.dumps(findings.as_data()))
    assert written["versions"]["reportgen"] == reportgen.__version__
    assert written["comparisons"][0]["ratio"] == 1.0
    stream = io.StringIO()
    findings.show(Console(file=stream, width=120))
    assert "load average (1 minute) 0.00 before and 1.00 after" in stream.getvalue()


def test_a_short_run_has_no_growth_and_says_nothing_of_it() -> None:
    one = Comparison("x", 4, [_run(20.0)], (), _floor(5, 12, 3))
    findings = Findings([one], None, [], [], None, ((0, 0, 0), (1, 1, 1)))
    assert findings.as_data()["growth"] is None
    stream = io.StringIO()
    findings.show(Console(file=stream, width=120))
    assert "per image" not in stream.getvalue()


def test_table_shows_stages_floor_ratio_and_goals_of_each_data_set() -> None:
    missed = Comparison(
        "sample",
        108,
        [_run(30.0, 2100 * MB, Reading=1.25, Features=20)],
        [_run(11.0)],
        _floor(5, 12, 3),
    )
    met = Comparison("few", 4, [_run(10.0, 900 * MB, Reading=0.5)], (), _floor(4, 4, 2))
    rows = _printed(missed, met)
    assert rows["Reading"] == ["1.25", "0.50"]
    assert rows["Features"] == ["20.00", "–"]
    assert rows["in no stage (interpreter, imports)"] == ["8.75", "9.50"]
    assert rows["Cold build in all"] == ["30.00", "10.00"]
    assert rows["Forward"] == ["12.00", "4.00"]
    assert rows["Floor"] == ["20.00", "10.00"]
    assert rows["Cold build ÷ floor"] == ["1.500", "1.000"]
    assert rows["the same in processor time"] == ["1.650", "1.100"]
    assert rows["the assignment's own sections"] == ["1.500", "1.000"]
    assert rows["goal for these ≤ 1.00 × floor"] == ["no", "yes"]
    assert rows["Peak memory"] == ["2100", "900"]
    assert rows["goal ≤ 1.5 GB"] == ["no", "yes"]
    assert rows["Warm build (cache kept, build/ emptied)"] == ["11.00", "–"]


def test_without_floor_nothing_is_claimed() -> None:
    comparison = Comparison("doubled", 8, [_run(10.0)])
    rows = _printed(comparison)
    assert [rows[name] for name in ("Floor", "Cold build ÷ floor", "goal for these ≤ 1.00 × floor")] == [
        ["–"]
    ] * 3
    assert as_data(comparison)["goals"] == {"time": None, "memory": True}


def test_several_runs_show_their_spread() -> None:
    runs = [_run(11.0), _run(10.0), _run(14.0)]
    assert _printed(Comparison("x", 4, runs))["Cold build in all"] == ["11.00 (10.00–14.00)"]


@pytest.mark.parametrize(("more", "words"), [(1515 * MB, "+150 kB"), (1516 * MB, "+160 kB")])
def test_growth_is_the_extra_memory_of_an_extra_image(more: int, words: str) -> None:
    growth = Growth(Comparison("x", 100, [_run(1.0, 1500 * MB)]), Comparison("x × 2", 200, [_run(1.0, more)]))
    line = describe_growth(growth)
    assert "1500 MB with 100 images" in line
    assert words in line
    assert line.endswith(": yes" if more == 1515 * MB else ": no")  # 224 · 224 · 3 = 150,528 bytes


def test_data_for_json_holds_medians_and_single_runs() -> None:
    comparison = Comparison("x", 4, [_run(30.0, a=10), _run(32.0, a=11)], floor=_floor(5, 12, 3))
    data = json.loads(json.dumps(as_data(comparison)))
    assert data["cold"]["around"] == 31
    assert data["cold"]["stages"] == {"a": 10.5}
    assert data["cold"]["unstaged"] == 20.5
    assert [run["around"] for run in data["cold"]["runs"]] == [30, 32]
    assert data["floor"]["parts"] == {"Import": 5, "Forward": 12, "Print": 3}
    assert data["ratio"] == 1.55


def test_stage_inside_a_stage_counts_once() -> None:
    times = StageTimes()
    for _ in range(2):
        with times.stage("outer", total=1) as advance, times.stage("inner"):
            advance(1)
    with times.stage("second"):
        pass
    assert list(times.seconds) == list(times.processor) == ["outer", "second"]


def test_stage_that_fails_still_ends() -> None:
    times = StageTimes()
    with pytest.raises(KeyError), times.stage("failed"):
        raise KeyError
    with times.stage("next"):
        pass
    assert list(times.seconds) == ["failed", "next"]


def test_busy_neighbours_of_any_run_are_told() -> None:
    quiet = Comparison("quiet", 4, [_run(10.0, others=0.05)], floor=_floor(5, 12, 3))
    floor = [[_run(9.0, others=0.02), _run(9.0, others=0.31)]]
    disturbed = Comparison("noisy", 4, [_run(10.0)], floor=floor)
    assert _printed(quiet, disturbed)["Processors used by others, at most"] == ["5%", "31% !"]
    assert "undisturbed" in describe_disturbance([quiet])
    line = describe_disturbance([quiet, disturbed])
    assert "of: noisy." in line
    assert "undisturbed" not in line


def test_enlarged_images_are_all_different(tmp_path: Path) -> None:
    pixels = np.random.default_rng(3).integers(0, 255, (2, 20, 30, 3), dtype=np.uint8)
    for label, image in zip("ab", pixels, strict=True):
        folder = tmp_path / "data" / "train" / label
        folder.mkdir(parents=True)
        Image.fromarray(image).save(folder / "1.png")
    (tmp_path / "data" / "annotations.json").write_text("{}")
    out = enlarge(tmp_path / "data", tmp_path / "out", 3)
    images = {str(file.relative_to(out)): file for file in out.rglob("*.png")}
    assert sorted(images) == [
        f"train/{label}/1{version}.png" for label in "ab" for version in ("-1", "-2", "")
    ]
    assert len({file.read_bytes() for file in images.values()}) == 6
    with Image.open(images["train/b/1-2.png"]) as cropped:
        assert np.array_equal(np.array(cropped), pixels[1, :, 2:])
    assert (out / "annotations.json").exists()


def test_peak_memory_is_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(WORKLOADS, "nothing", lambda _times: None)
    run_workload(tmp_path / "cost.json", "nothing")
    cost = json.loads((tmp_path / "cost.json").read_text())
    # The kernel counts both in its own steps, so they differ by a little; KiB for bytes would be 1024 times.
    assert 0.9 * psutil.Process().memory_info().rss < cost["peak"] < psutil.virtual_memory().total


def test_failed_workload_is_an_error_with_its_words() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)'no such work' failed:.*KeyError"):
        measure("no such work")


def test_other_libraries_stand_beside_ours_where_they_compute_the_same() -> None:
    rows = [
        Timed("reportgen", 12, 2.0, 4.0),
        Timed("captum", 12, 3.0, 9.0, 1e-6),
        Timed("tf-keras-vis", 12, 1.0, 2.0, 0.5),
        Timed("xplique", 12, problem="python cannot import xplique"),
    ]
    lines = list(describe_explaining(rows))
    # The plain gradients of the second are no rival, however fast they are.
    assert lines[0] == (
        "12 guided gradients: 1.50 times as fast as captum, the fastest of the others; goal 3: missed"
    )
    assert lines[1].startswith("! tf-keras-vis computes something else: its gradients differ by 0.5")
    assert lines[2] == "xplique is left out of 12 neurons: python cannot import xplique"
    stream = io.StringIO()
    Console(file=stream, width=120).print(draw_explaining(rows))
    (captum,) = [line for line in stream.getvalue().splitlines() if "captum" in line]
    assert [cell.strip() for cell in captum.strip("│").split("│")] == [
        *("captum", "12", "3.0", "9.0", "1.50", "2.25", "1.0e-06"),
    ]


def test_gradients_differ_by_a_part_of_the_largest() -> None:
    wanted = np.array([[1.0, -4.0], [0.0, 2.0]])
    assert measure_difference(wanted + np.array([[0, 0], [0.002, 0]]), wanted) == pytest.approx(0.0005)
    assert measure_difference(wanted[:1], wanted) == float("inf")


def test_an_interpreter_without_the_library_is_left_out(tmp_path: Path) -> None:
    row, found = run_library("xplique", "/bin/false", tmp_path / "in.npz", 12)
    assert (row.problem, found) == ("/bin/false cannot import xplique", None)
