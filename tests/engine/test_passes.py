"""What a change of the data or the settings costs, in passes through the network and in stages."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from finished_report import snapshot
from stand_in import COUNTS, LABELS, counting, draw_image, make_home

from reportgen.engine import pipeline
from reportgen.engine.pipeline import BuildResult, BuildSession
from reportgen.engine.preparation import stage_names
from reportgen.outline.kind import find_kind
from reportgen.settings import load_settings

STAGES = stage_names(find_kind())

IMAGES = len(LABELS) * sum(COUNTS.values())
TESTED = len(LABELS) * COUNTS["test"]
"""Images that the network sees once more, without their outermost ring."""
FROM_THE_HEAD = {
    *(
        "dataset",
        "features",
        "transfer",
        "activations",
        "channels",
        "guided_backprop",
        "methods",
        "shortcuts",
        "errors",
        "results",
    ),
    *("figures_transfer", "figures_channels", "figures_guided_backprop", "figures_methods"),
    *("figures_shortcuts", "figures_errors"),
    *("html", "pdf"),
}
WORDS_ONLY = {"html", "pdf"}

Change = Callable[[Path], object]


def build(home: Path) -> tuple[BuildResult, Counter[str]]:
    with counting() as passes:
        built = pipeline.build(load_settings(folder=home), home / "data")
    assert built.problem is None
    return built, passes


TELLING = {"one image added", "one image moved to another split", "a neuron added to the tables"}
"""The changes after which a wrong key shows most easily; the others are compared with ``--full``."""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = make_home(tmp_path_factory.mktemp("original"))
    built, passes = build(home)
    assert set(built.ran) == set(STAGES)
    assert passes["features"] == IMAGES + TESTED
    assert passes["activations"] == len(LABELS)
    assert passes["guided"] == 2 * len(LABELS)
    assert passes["occluded"] == 1 + 2 * len(LABELS)
    return home


@pytest.fixture
def home(original: Path, tmp_path: Path) -> Path:
    """A copy of the finished project."""
    return shutil.copytree(original, tmp_path / "home")


def edit(home: Path, old: str, new: str) -> None:
    file = home / "report.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def rename(home: Path, old: str, new: str) -> None:
    (home / "data" / new).parent.mkdir(exist_ok=True)
    (home / "data" / old).rename(home / "data" / new)


def touch_all(home: Path) -> None:
    for path in (home / "data").rglob("*.png"):
        path.touch()


CASES: dict[str, tuple[Change, set[str], dict[str, int]]] = {
    "nothing": (lambda _home: None, set(), {}),
    "new times of all files": (touch_all, set(), {}),
    "another folder": (lambda home: home.rename(home.with_name("elsewhere")), set(), {}),
    "one image added": (
        lambda home: draw_image(home / "data/train/cat/new.png", 99), FROM_THE_HEAD, {"features": 1},
    ),
    "one image changed": (
        lambda home: draw_image(home / "data/val/dog/1.png", 99), FROM_THE_HEAD, {"features": 1},
    ),
    "one image removed": (lambda home: (home / "data/train/dog/2.png").unlink(), FROM_THE_HEAD, {}),
    "one image renamed": (
        lambda home: rename(home, "train/dog/2.png", "train/dog/9.png"), FROM_THE_HEAD, {},
    ),
    "one image moved to another split": (
        lambda home: rename(home, "train/dog/2.png", "val/dog/9.png"), FROM_THE_HEAD, {},
    ),
    "an example image changed": (
        lambda home: draw_image(home / "data/test/cat/0.png", 99),
        set(STAGES) - {"weights"},
        {"features": 2, "activations": 1, "guided": 2, "redrawn": 6, "occluded": 3},
    ),
    "other random weights": (
        lambda home: edit(home, "[commentary]", "[randomisation]\nseed = 3\n\n[commentary]"),
        {"randomisation", "activations", "figures_randomisation", "results", *WORDS_ONLY},
        {"redrawn": 5 * len(LABELS)},
    ),
    "random weights for fewer images": (
        lambda home: edit(home, "[commentary]", "[randomisation]\nimages = 1\n\n[commentary]"),
        {"randomisation", "activations", "figures_randomisation", "results", *WORDS_ONLY},
        {},
    ),
    "a neuron added to the tables": (
        lambda home: edit(home, '"zero", "top:1"', '"zero", [3, 4, 5], "top:1"'),
        {"guided_backprop", "features", "activations", "figures_guided_backprop", "results", *WORDS_ONLY},
        {"guided": len(LABELS)},
    ),
    "a neuron dropped from the tables": (
        lambda home: edit(home, '"zero", "top:1"', '"top:1"'),
        {"guided_backprop", "features", "activations", "figures_guided_backprop", "results", *WORDS_ONLY},
        {},
    ),
    "fewer excited neurons": (
        lambda home: edit(home, "neurons = 2", "neurons = 1"),
        {
            *("neurons", "activations", "figures_neurons", "occlusion", "figures_occlusion", "results"),
            # What excites channels over the data is put together from what is kept of each image.
            *("features", "channels", "figures_channels"),
            *WORDS_ONLY,
        },
        {},
    ),
    "more random boxes": (
        lambda home: edit(home, "[commentary]", "[occlusion]\nrandom_boxes = 31\n\n[commentary]"),
        {"occlusion", "activations", "figures_occlusion", "results", *WORDS_ONLY},
        {"occluded": 1 + 2 * len(LABELS)},
    ),
    "more filters": (
        lambda home: edit(home, "filters = 2", "filters = 3"),
        {"conv_stack", "figures_conv_stack", "results", *WORDS_ONLY},
        {},
    ),
    "another group": (lambda home: edit(home, '"One"', '"Two"'), {"results", *WORDS_ONLY}, {}),
    "other words": (lambda home: edit(home, "are mine", "are ours"), WORDS_ONLY, {}),
    "a setting that changes nothing": (
        lambda home: edit(home, 'group = "One"', 'group = "One"\ncache_limit_mb = 1999'), set(), {},
    ),
}  # fmt: skip


RARE = {
    "new times of all files", "one image changed", "one image removed", "one image renamed",
    "one image moved to another split",
    "random weights for fewer images", "a neuron dropped from the tables", "more random boxes",
    "more filters", "a setting that changes nothing",
}  # fmt: skip
"""Changes like another one; they are left to the long tests."""


@pytest.mark.parametrize(
    "case", [pytest.param(name, marks=[pytest.mark.long] * (name in RARE)) for name in CASES]
)
def test_a_change_costs_what_it_must(home: Path, case: str) -> None:
    change, stages, wanted = CASES[case]
    change(home)
    home = home if home.exists() else home.with_name("elsewhere")
    built, passes = build(home)
    assert set(built.ran) == stages
    assert passes["features"] == wanted.get("features", 0)
    assert passes["redrawn"] == wanted.get("redrawn", 0)
    assert passes["activations"] == wanted.get("activations", 0)
    assert passes["guided"] == wanted.get("guided", 0)
    assert passes["occluded"] == wanted.get("occluded", 0)
    if case != "an example image changed":
        assert passes["gradient"] == 0
    assert built.changed == bool(stages)


@pytest.mark.long
@pytest.mark.parametrize("case", [case for case, (_, stages, _) in CASES.items() if stages])
def test_a_renewed_report_is_that_of_a_build_from_nothing(
    home: Path, tmp_path: Path, case: str, full: bool
) -> None:
    if not full and case not in TELLING:
        pytest.skip("only with --full")
    CASES[case][0](home)
    build(home)
    scratch = tmp_path / "scratch"
    shutil.copytree(home / "data", scratch / "data")
    shutil.copy(home / "report.toml", scratch)
    build(scratch)
    assert current(home) == current(scratch)


def current(home: Path) -> dict[str, str]:
    return {name: data for name, data in snapshot(home / "build").items() if not name.startswith("previous/")}


@pytest.mark.long
def test_going_back_is_free(home: Path) -> None:
    before = current(home)
    file = home / "data/train/cat/new.png"
    draw_image(file, 99)
    build(home)
    assert current(home) != before
    file.unlink()
    built, passes = build(home)
    assert set(built.ran) <= {"dataset"}
    assert passes.total() == 0
    assert current(home) == before


@pytest.mark.long
@pytest.mark.parametrize(
    "file", ["report.pdf", "report.html", "results.json", "arrays/neurons.npz", ".record.json"]
)
@pytest.mark.parametrize("harm", ["deleted", "edited"])
def test_a_file_of_the_build_that_was_lost_or_changed_comes_back(home: Path, file: str, harm: str) -> None:
    before = current(home)
    path = home / "build" / file
    if harm == "deleted":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-20])
    built, passes = build(home)
    assert built.changed
    assert built.ran == ()
    assert passes.total() == 0
    assert current(home) == before


def test_without_the_cache_an_intact_report_stands(home: Path) -> None:
    shutil.rmtree(home / ".cache")
    built, passes = build(home)
    assert (built.ran, passes.total()) == ((), 0)


@pytest.mark.long
def test_without_the_cache_a_change_makes_everything_again(home: Path) -> None:
    shutil.rmtree(home / ".cache")
    edit(home, '"One"', '"Two"')
    built, passes = build(home)
    assert set(built.ran) == set(STAGES)
    assert passes["features"] == IMAGES + TESTED


@pytest.mark.long
def test_fresh_makes_everything_again_and_the_same(home: Path) -> None:
    before = current(home)
    with counting() as passes:
        built = pipeline.build(
            load_settings(folder=home), home / "data", options=pipeline.Options(fresh=True)
        )
    assert set(built.ran) == set(STAGES)
    assert passes["features"] == IMAGES + TESTED
    assert current(home) == before


def test_copies_of_an_image_cost_one_pass(home: Path) -> None:
    for name in ("a.png", "b.png"):
        draw_image(home / "data/train/cat" / name, 99)
    draw_image(home / "data/train/dog/c.png", 99)
    _, passes = build(home)
    assert passes["features"] == 1


@pytest.mark.long
def test_a_workshop_keeps_the_network(home: Path) -> None:
    loads: list[object] = []
    session = BuildSession()
    with counting(), pytest.MonkeyPatch.context() as patch:
        from reportgen.models import backbone

        real = backbone.load_backbone

        def load(source: str) -> backbone.Backbone:
            loads.append(source)
            return real(source)

        patch.setattr(backbone, "load_backbone", load)
        for seed in (97, 98):
            draw_image(home / "data/train/cat/new.png", seed)
            pipeline.build(load_settings(folder=home), home / "data", session=session)
    assert loads == ["embedded"]
