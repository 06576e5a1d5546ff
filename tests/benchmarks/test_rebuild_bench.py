"""The rebuilds' arithmetic, table, slopes and figure on made-up measurements; no test looks at a clock."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import psutil
import pytest
from chart import Bar, as_label, bars_of, chart_figure, draw_chart
from home import NEURONS, Home, size_of
from many_images import draw_many
from matplotlib.colors import to_rgb
from measurement import Run, measure, measure_command
from PIL import Image
from rebuild import STAND_IN, VGG19, Check, Goal, Rebuild, check_equal, check_imports, check_passes, merge
from rebuild_table import (
    describe_checks,
    describe_floors,
    describe_longest,
    describe_slopes,
    draw_rebuilds,
    noop_slope,
    rebuild_data,
    slopes_data,
)
from rich.console import Console
from slopes import Size, Slopes, slope, slopes_of
from stand_in import COUNTS, LABELS, draw_image, make_home
from table import describe_disturbance

from reportgen.settings import load_settings

MB = 10**6
HASHING = Path(__file__).with_name("hashing.py")


def _run(around: float, peak: int = 100 * MB, others: float = 0.0, **stages: float) -> Run:
    return Run(around, around, around, peak, stages, stages, others)


def _rebuild(around: float, goal: Goal | None = None, network: str = VGG19) -> Rebuild:
    # The floor's processes took 100 s, of which only the stages count.
    floor = [[_run(100.0, Import=3.0, Forward=0.5)], [_run(100.0, Printing=1.5)]]
    return Rebuild("one image added", network, 267, [_run(around)], floor, goal)


def _printed(rebuilds: list[Rebuild], notebook: Run | None = None) -> dict[str, list[str]]:
    stream = io.StringIO()
    Console(file=stream, width=100).print(draw_rebuilds(rebuilds, notebook))
    rows = [line.strip()[1:-1].split("│") for line in stream.getvalue().splitlines() if "│" in line]
    return {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in rows}


def test_ratio_is_the_whole_process_over_the_stages_of_the_floor() -> None:
    rebuild = _rebuild(12.5)
    assert rebuild.floor_parts == {"Import": 3.0, "Forward": 0.5, "Printing": 1.5}
    assert rebuild.floor_seconds == 5
    assert rebuild.ratio == 2.5


@pytest.mark.parametrize(
    ("goal", "around", "reached"),
    [
        (Goal(0.35), 0.35, True),
        (Goal(0.35), 0.36, False),
        (Goal(1.5, of_floor=True), 7.5, True),
        (Goal(1.5, of_floor=True), 7.6, False),
        (None, 0.1, None),
    ],
)
def test_goal_is_in_seconds_or_in_floors(goal: Goal | None, around: float, reached: bool | None) -> None:
    assert _rebuild(around, goal).reached is reached


def test_without_floor_nothing_is_claimed() -> None:
    rebuild = Rebuild("everything (cold)", STAND_IN, 10_000, [_run(60.0)], [], Goal(1.25, of_floor=True))
    assert (rebuild.floor_seconds, rebuild.ratio, rebuild.reached) == (None, None, None)
    assert _printed([rebuild])["everything (cold)"][1:5] == ["–", "–", "≤ 1.25 ×", "–"]
    assert describe_floors([rebuild]) == []


def test_saving_is_how_often_the_rebuild_fits_into_the_notebook() -> None:
    assert _rebuild(12.5).saving(_run(250.0)) == 20
    assert _rebuild(12.5, network=STAND_IN).saving(_run(250.0)) is None
    assert _rebuild(12.5).saving(None) is None


def test_several_rounds_are_one_rebuild_with_all_runs() -> None:
    rounds = [[Rebuild("a", VGG19, 4, [_run(s)], [[_run(9.0, Print=s / 2)]])] for s in (2.0, 8.0, 4.0)]
    (merged,) = merge(rounds)
    assert [run.around for run in merged.runs] == [2, 8, 4]
    assert merged.seconds == 4
    assert merged.floor_parts == {"Print": 2}
    assert merged.ratio == 2


def test_check_holds_only_if_it_does_in_every_round() -> None:
    good, bad = Check("x", True), Check("x", False, "seen")
    for order in ((good, bad), (bad, good)):
        (merged,) = merge([[Rebuild("a", VGG19, 4, [_run(1.0)], [], None, [check])] for check in order])
        assert merged.checks == [bad]


@pytest.mark.parametrize(
    ("imported", "holds"),
    [
        ({"reportgen", "typer"}, True),
        ({"reportgen", "numpy"}, False),
        ({"typer"}, False),  # nothing of the program ran, so nothing is shown
    ],
)
def test_imports_are_checked_by_name(imported: set[str], holds: bool) -> None:
    check = check_imports(imported)
    assert check.holds is holds
    assert check.seen == ("numpy" if "numpy" in imported else "")


@pytest.mark.parametrize(
    ("passes", "holds"),
    [({"features": 1}, True), ({"features": 2}, False), ({}, False), ({"features": 1, "guided": 1}, False)],
)
def test_passes_are_exactly_those_wanted(passes: dict[str, int], holds: bool) -> None:
    assert check_passes(passes, {"features": 1}).holds is holds


def test_failed_check_says_what_was_seen() -> None:
    checks = [check_equal("images", 266, 267), check_equal("rows", 6, 6)]
    rebuild = Rebuild("a", VGG19, 4, [_run(1.0)], [], None, checks)
    assert describe_checks([rebuild]) == ["a (VGG19): images: 267: NO (266)", "a (VGG19): rows: 6: yes"]


def test_table_has_a_row_for_each_rebuild_and_the_notebook() -> None:
    many = Rebuild("nothing", STAND_IN, 10_000, [_run(1.25)], [[_run(0.5, Hash=0.5)]], Goal(1.5))
    notebook = _run(250.0, 3000 * MB, 0.02)
    rows = _printed([_rebuild(12.5, Goal(1.3, of_floor=True)), many], notebook)
    assert rows["267 images, VGG19"] == [""] * 8
    assert rows["one image added"] == ["12.50", "5.00", "2.50", "≤ 1.3 ×", "no", "20", "100", "0%"]
    assert rows["10,000 images, stand-in"] == [""] * 8
    assert rows["nothing"] == ["1.25", "0.50", "2.50", "≤ 1.5 s", "yes", "–", "100", "0%"]
    assert rows["the notebook"] == ["250.00", "–", "–", "–", "–", "–", "3000", "2%"]
    assert "the notebook" not in _printed([many])


def test_floor_is_told_part_by_part() -> None:
    (line,) = describe_floors([_rebuild(12.5)])
    assert line == "Floor of “one image added” (VGG19): Import 3.00 + Forward 0.50 + Printing 1.50"


def test_longest_stage_is_told_where_stages_are_known() -> None:
    staged = Rebuild("a", STAND_IN, 4, [_run(9.0, Reading=1.0, Training=7.0, Printing=0.5)], [])
    assert describe_longest([_rebuild(12.5), staged]) == ["Longest stage of “a” (stand-in): Training 7.00"]


def test_busy_neighbours_of_a_rebuild_or_its_floor_are_told() -> None:
    floor = [[_run(1.0, others=0.2, Print=1.0)]]
    noisy = Rebuild("noisy", VGG19, 4, [_run(1.0)], floor)
    assert "of: noisy." in describe_disturbance([_rebuild(1.0), noisy])
    assert "undisturbed" in describe_disturbance([_rebuild(1.0)])


def test_data_for_json_holds_ratios_checks_and_single_runs() -> None:
    rebuild = Rebuild(
        "a", VGG19, 4, [_run(6.0), _run(4.0)], [[_run(9.0, Print=2.0)]], Goal(5.0), [Check("c", True)]
    )
    data = json.loads(json.dumps(rebuild_data(rebuild, _run(50.0))))
    assert (data["seconds"], data["ratio"], data["reached"], data["notebook_over_rebuild"]) == (
        5,
        2.5,
        True,
        10,
    )
    assert [run["around"] for run in data["runs"]] == [6, 4]
    assert data["floor_runs"][0][0]["around"] == 9
    assert data["checks"] == [{"claim": "c", "holds": True, "seen": ""}]


def test_slope_is_that_of_least_squares() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.uniform(100, 10_000, 7), rng.uniform(0, 90, 7)
    assert slope(list(zip(x, y, strict=True))) == pytest.approx(np.polyfit(x, y, 1)[0])
    assert slope([(100, 3.0), (300, 4.0)]) == pytest.approx(0.005)


@pytest.mark.parametrize("points", [[], [(5.0, 1.0)], [(5.0, 1.0), (5.0, 2.0)]])
def test_one_number_of_images_has_no_slope(points: list[tuple[float, float]]) -> None:
    assert slope(points) is None


def test_slopes_are_by_network_and_the_no_op_over_all() -> None:
    sizes = [
        Size(VGG19, 100, 40.0, 1500 * MB, 1_000_000),
        Size(VGG19, 200, 57.0, 1501 * MB, 1_200_000, 0.25),
        Size(STAND_IN, 1_000, 10.0, 900 * MB, 50_000, 0.33),
        Size(STAND_IN, 10_000, 28.0, 909 * MB, 950_000, 1.23),
    ]
    vgg19, stand_in = slopes_of(sizes)
    assert (vgg19.network, stand_in.network) == (VGG19, STAND_IN)
    assert vgg19.cold_seconds == pytest.approx(0.17)
    assert vgg19.peak_bytes == pytest.approx(10_000)
    assert vgg19.cache_bytes == pytest.approx(2_000)
    assert vgg19.noop_seconds is None
    assert stand_in.noop_seconds == pytest.approx(1e-4)
    assert noop_slope(sizes) == pytest.approx(1e-4)  # all three lie on one line
    assert slopes_data([vgg19, stand_in])[STAND_IN]["cache_bytes_per_image"] == pytest.approx(100)
    assert describe_slopes([vgg19, stand_in]) == [
        "Each further image with VGG19 (100, 200 images): cold +0.1700 s, no-op –, cache +2000 bytes, "
        "peak memory +10.0 kB",
        "Each further image with stand-in (1,000, 10,000 images): cold +0.0020 s, no-op +100.0 µs, "
        "cache +100 bytes, peak memory +1.0 kB",
    ]
    assert "cold –" in describe_slopes([Slopes(VGG19, sizes[:1])])[0]


def test_command_runs_in_its_folder_and_its_memory_is_its_own(tmp_path: Path) -> None:
    code = "from pathlib import Path; Path('made').write_text('x'); held = bytes({})"
    small = measure_command((sys.executable, "-S", "-c", code.format(1)), tmp_path, "All")
    large = measure_command(
        (sys.executable, "-S", "-c", code.format(300 * MB).replace("bytes(", "b'x' * (")), tmp_path
    )
    assert (tmp_path / "made").exists()
    # Of the caller nothing counts, though it has NumPy, matplotlib and pytest in memory.
    assert small.peak < 40 * MB < psutil.Process().memory_info().rss
    assert 300 * MB < large.peak < 350 * MB
    assert small.stages == {"All": small.around}
    assert small.stages_cpu == {"All": small.cpu}
    assert large.stages == {}


def test_failed_command_is_an_error_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)failed:.*no such luck"):
        measure_command((sys.executable, "-c", "raise SystemExit('no such luck')"), tmp_path)


def test_hashing_reads_every_file_of_its_list(tmp_path: Path) -> None:
    names = tmp_path / "names"
    names.write_text(f"{HASHING}\n{names}\n")
    measure_command((sys.executable, HASHING, names), tmp_path)
    names.write_text(f"{HASHING}\n{tmp_path / 'absent'}\n")
    with pytest.raises(RuntimeError, match="absent"):
        measure_command((sys.executable, HASHING, names), tmp_path)


def test_settings_of_a_home_are_those_that_reportgen_reads(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.write_settings()
    first = load_settings(folder=tmp_path)
    assert first.weights == "embedded"
    default = load_settings(folder=tmp_path / "none").value("guided_backprop.neurons")
    assert first.value("guided_backprop.neurons") == NEURONS == default
    assert (first.build, first.commentary.introduction) == (home.build, "")
    home.write_settings([*NEURONS, (7, 7, 100)], 'Words with "quotes".')
    second = load_settings(folder=tmp_path)
    assert second.value("guided_backprop.neurons") == (*NEURONS, (7, 7, 100))
    assert second.commentary.introduction == 'Words with "quotes".'


def test_added_images_are_new_training_images(tmp_path: Path) -> None:
    for number, location in enumerate(("train/a/1.png", "train/b/1.png", "test/a/1.png")):
        draw_image(tmp_path / "data" / location, number, (30, 20))
    home = Home.made(tmp_path / "home", tmp_path / "data")
    home.add_image(1)
    home.add_image(2)
    files = {str(file.relative_to(home.data)): file.read_bytes() for file in home.data.rglob("*.png")}
    assert sorted(files)[1:] == [
        "train/a/1.png",
        "train/a/added-1.png",
        "train/a/added-2.png",
        "train/b/1.png",
    ]
    assert len(set(files.values())) == 5
    with (
        Image.open(tmp_path / "data/train/a/1.png") as old,
        Image.open(home.data / "train/a/added-2.png") as new,
    ):
        assert np.array_equal(np.array(new), np.array(old)[:, 2:])


def test_files_of_a_report_leave_out_what_is_kept_for_later(tmp_path: Path) -> None:
    for name in ("report.html", ".record.json", "figures/a.svg", "previous/report.html", ".new/report.html"):
        file = tmp_path / "build" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("12345")
    home = Home(tmp_path)
    assert [str(file.relative_to(home.build)) for file in home.built_files()] == [
        "figures/a.svg",
        "report.html",
    ]
    assert size_of(home.build) == 25
    before = home.state()
    assert home.state() == before
    (home.build / "report.html").replace(home.build / "old")
    (home.build / "report.html").write_text("12345")
    (home.build / "old").unlink()
    assert home.state() != before


def test_many_images_are_all_different_and_as_large_as_photographs(tmp_path: Path) -> None:
    data = draw_many(tmp_path / "data", 48)
    files = list(data.rglob("*.png"))
    assert Counter(file.parts[-3] for file in files) == {"train": 24, "val": 12, "test": 12}
    assert Counter(file.parts[-2] for file in files) == dict.fromkeys(("cat", "dog", "owl"), 16)
    assert len({hashlib.sha256(file.read_bytes()).digest() for file in files}) == 48
    assert all(13_000 < file.stat().st_size < 15_000 for file in files)
    with Image.open(files[0]) as image:
        assert image.mode == "RGB"
        image.load()


def test_bars_are_the_rebuilds_their_floors_and_the_notebook() -> None:
    bars = bars_of([_rebuild(12.5), Rebuild("cold", STAND_IN, 10_000, [_run(60.0)], [])], _run(250.0))
    assert bars == [
        Bar("one image added, 267 images, VGG19", 12.5, 5.0),
        Bar("the notebook, whatever changed", 250.0),
        Bar("cold, 10,000 images, stand-in", 60.0),
    ]
    assert len(bars_of([_rebuild(12.5)], None)) == 1


def test_figure_shows_every_bar_with_its_length_in_grey() -> None:
    figure = chart_figure([Bar("a", 0.31, 0.09), Bar("b", 250.0)])
    (axes,) = figure.axes
    assert axes.get_xscale() == "log"
    assert [patch.get_width() for patch in axes.patches] == [0.31, 0.09, 250.0]  # type: ignore[attr-defined]
    assert [patch.get_hatch() is not None for patch in axes.patches] == [False, True, False]
    assert [text.get_text() for text in axes.texts] == ["0.31 s", "0.09 s", "250 s"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    low, high = axes.get_xlim()
    assert low < 0.09
    assert high > 250
    for patch in axes.patches:
        assert len(set(to_rgb(patch.get_facecolor()))) == 1
    drawing = draw_chart([Bar("a", 0.31, 0.09), Bar("b", 250.0)])
    assert drawing.startswith(b"<?xml")
    assert drawing.rstrip().endswith(b"</svg>")


@pytest.mark.parametrize(
    ("seconds", "label"), [(0.0449, "0.04"), (0.352, "0.35"), (3.14, "3.1"), (69.4, "69"), (250.0, "250")]
)
def test_labels_have_no_more_digits_than_mean_anything(seconds: float, label: str) -> None:
    assert as_label(seconds) == label


@pytest.mark.long
@pytest.mark.slow
def test_workloads_count_passes_and_list_imports(tmp_path: Path) -> None:
    home = make_home(tmp_path / "home")
    answer = tmp_path / "answer.json"
    # The test images once more, without their outermost ring.
    images = len(LABELS) * (sum(COUNTS.values()) + COUNTS["test"])

    def ask(workload: str, *arguments: object) -> object:
        measure(workload, home, *arguments, answer)
        return json.loads(answer.read_bytes())

    passes = ask("build_counting", STAND_IN)
    assert isinstance(passes, dict)
    assert passes["features"] == images
    draw_image(home / "data/train/cat/new.png", 99)
    assert ask("build_counting", STAND_IN) == {"features": 1}
    names = ask("list_imports")
    assert isinstance(names, list)
    assert check_imports(names).holds
