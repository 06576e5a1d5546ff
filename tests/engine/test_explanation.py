"""Why each stage runs or not, in words."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from stand_in import counting, draw_image, make_home

from reportgen.engine import pipeline
from reportgen.engine.explanation import MAX_CAUSES, _differences
from reportgen.engine.preparation import preview as preview_build
from reportgen.engine.preparation import stage_names
from reportgen.outline.kind import find_kind
from reportgen.settings import load_settings

STAGES = stage_names(find_kind())


def preview(home: Path) -> list[str]:
    with counting():
        return preview_build(load_settings(folder=home), home / "data")


def build(home: Path) -> None:
    with counting():
        pipeline.build(load_settings(folder=home), home / "data")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = make_home(tmp_path_factory.mktemp("original") / "home")
    build(home)
    return home


@pytest.fixture
def home(original: Path, tmp_path: Path) -> Path:
    return shutil.copytree(original, tmp_path / "home")


def actions(lines: list[str]) -> dict[str, str]:
    """What is said of each stage: unchanged, from the cache, or runs."""
    found = {}
    for line in lines:
        name = line.strip().split(" ")[0]
        if line.startswith("  ") and name in STAGES:
            found[name] = next(
                word for word in ("unchanged", "from the cache", "runs") if f"  {word}" in line
            )
    return found


def edit(home: Path, old: str, new: str) -> None:
    file = home / "report.toml"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def test_the_first_build_makes_everything(tmp_path: Path) -> None:
    lines = preview(make_home(tmp_path / "home"))
    assert lines[0] == "There is no report yet, so everything is made."
    assert actions(lines) == dict.fromkeys(STAGES, "runs")
    assert not (tmp_path / "home/build").exists()
    assert not (tmp_path / "home/.cache").exists()


@pytest.mark.parametrize(
    "layers",
    [pytest.param('["block1_conv1"]', marks=pytest.mark.long), '["block5_conv4", "block1_conv1"]'],
)
def test_what_is_kept_of_a_chosen_layer_is_not_missing(tmp_path: Path, layers: str) -> None:
    home = make_home(tmp_path / "home")
    file = home / "report.toml"
    file.write_text(f"layers = {layers}\n{file.read_text(encoding='utf-8')}", encoding="utf-8")
    build(home)
    lines = preview(home)
    assert set(actions(lines).values()) == {"unchanged"}
    assert lines[-1] == "Nothing is to be done."
    draw_image(home / "data/train/cat/1.png", 99)
    images = len(list((home / "data").rglob("*.png")))
    assert any(line.startswith(f"  features (1 of {images}) ") for line in preview(home))
    # Of the layer that has no name here nothing was kept.
    edit(home, f"layers = {layers}", "layers = []")
    assert any(line.startswith(f"  features ({images} of {images}) ") for line in preview(home))


@pytest.mark.long
def test_with_nothing_changed_nothing_is_to_be_done(home: Path) -> None:
    lines = preview(home)
    assert set(actions(lines).values()) == {"unchanged"}
    assert lines[-1] == "Nothing is to be done."


def test_a_changed_image_is_followed_to_the_figures(home: Path) -> None:
    draw_image(home / "data/train/cat/1.png", 99)
    lines = preview(home)
    (chain,) = (line for line in lines if "→" in line)
    cause, *reached = chain.split(" → ")
    assert cause == "train/cat/1.png changed"
    followed = ("transfer", "channels", "guided_backprop", "methods", "shortcuts", "errors")
    assert reached[:9] == ["dataset", "features (1 of 14)", *followed, "results"]
    assert (reached[9], reached[-2:]) == ("Fig. 10, A1", ["html", "pdf"])
    assert len([each for each in reached if each.startswith("Fig. ")]) == len(followed)
    runs = {name for name, action in actions(lines).items() if action == "runs"}
    drawn = {f"figures_{name}" for name in followed}
    assert runs == {"dataset", "features", *followed, "results", *drawn, "html", "pdf"}
    before = actions(lines)
    assert set(before) == set(STAGES)


@pytest.mark.long
def test_what_is_said_is_what_is_done(home: Path) -> None:
    draw_image(home / "data/val/dog/1.png", 98)
    edit(home, "filters = 2", "filters = 3")
    said = actions(preview(home))
    with counting():
        built = pipeline.build(load_settings(folder=home), home / "data")
    runs = {name for name, action in said.items() if action == "runs"}
    # What channels read of the layer is put together from what is kept of each image.
    assert set(built.ran) - {"activations"} == runs


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ('"One"', '"Two"', 'setting group "One" → "Two"'),
        ("filters = 2", "filters = 3", "setting show.filters 2 → 3"),
        (
            'neurons = ["zero", "top:1"]',
            'neurons = ["zero"]',
            'setting guided_backprop.neurons ["zero", "top:1"]',
        ),
    ],
)
def test_a_setting_is_named_with_both_values(home: Path, old: str, new: str, cause: str) -> None:
    edit(home, old, new)
    assert any(line.startswith(cause) for line in preview(home))


def test_added_and_removed_images_are_told_apart(home: Path) -> None:
    draw_image(home / "data/train/cat/new.png", 99)
    (home / "data/train/dog/1.png").unlink()
    lines = preview(home)
    assert any(line.startswith("train/cat/new.png added → ") for line in lines)
    assert any(line.startswith("train/dog/1.png removed → ") for line in lines)


def test_what_is_kept_comes_from_the_cache(home: Path) -> None:
    shutil.rmtree(home / "build")
    lines = preview(home)
    found = actions(lines)
    assert set(found.values()) == {"from the cache"}


def test_a_lost_file_is_named(home: Path) -> None:
    (home / "build/report.pdf").unlink()
    assert any("files of pdf" in line and "missing" in line for line in preview(home))


def test_many_causes_are_counted(home: Path) -> None:
    for number in range(MAX_CAUSES + 7):
        draw_image(home / f"data/train/cat/new{number}.png", 100 + number)
    lines = preview(home)
    assert sum(" → " in line for line in lines) == MAX_CAUSES
    assert "and 7 more changes" in lines


def test_the_record_of_another_version_counts_as_none(home: Path) -> None:
    record = home / "build/.record.json"
    for content in ('{"format": 99}', "garbage", "[]", '{"format": 1, "files": 5}', "[" * 10_000):
        record.write_text(content, encoding="utf-8")
        assert preview(home)[0] == "There is no report yet, so everything is made."


@pytest.mark.parametrize("option", ["--dry-run", "--explain"])
def test_the_command_says_it(home: Path, option: str) -> None:
    """Nothing is to be done, so that the small network is never missed."""
    command = [sys.executable, "-m", "reportgen", "build", option]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=True)
    said = done.stdout if option == "--dry-run" else done.stderr
    assert "Nothing is to be done." in said
    assert ("Nothing has changed" in done.stdout) == (option == "--explain")


def test_only_one_stage_is_run_and_its_numbers_shown(home: Path) -> None:
    before = sorted(path.stat().st_mtime_ns for path in (home / "build").rglob("*"))
    with counting() as passes:
        outcome = pipeline.recompute(load_settings(folder=home), home / "data", "guided_backprop")
    assert passes["guided"] == 4, "the neurons of this stage, though they are kept"
    assert passes["features"] == 0
    lines = pipeline.describe_outcome(outcome)
    assert '"percentile": 99.5' in lines[0]
    assert lines[1].startswith("arrays.npz: ")
    assert sorted(path.stat().st_mtime_ns for path in (home / "build").rglob("*")) == before


def test_a_stage_that_does_not_exist_is_named(home: Path) -> None:
    with pytest.raises(Exception, match="no stage 'heads'") as caught:
        pipeline.recompute(load_settings(folder=home), home / "data", "heads")
    assert "transfer" in str(caught.value)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("edges/compute.py", "edges/compute.py changed"),
        (
            "reportgen/sections/neurons/compute.py",
            "reportgen's own reportgen/sections/neurons/compute.py changed",
        ),
    ],
)
def test_code_of_another_package_is_not_called_our_own(file: str, said: str) -> None:
    assert list(_differences("code", {file: "a"}, {file: "b"})) == [said]
