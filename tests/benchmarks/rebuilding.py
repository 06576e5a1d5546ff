"""The rebuilds in the order in which they are measured: of photographs, then of many small files."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import Bench
from comparison import TIME_GOAL, Comparison
from home import NEURONS, Home, size_of
from many_images import draw_many
from rebuild import STAND_IN, VGG19, Check, Goal, Rebuild, check_equal, check_imports, check_passes, merge
from slopes import Size

from reportgen.templates import templates_folder
from reportgen.weights import embedded_path

NOOP, NOOP_MANY = Goal(0.25), Goal(1.0)
WORDS_GOAL = IMAGE_GOAL = Goal(1.15, of_floor=True)
IMAGE_AMONG_MANY_GOAL = Goal(8)
COLD_GOAL = Goal(TIME_GOAL, of_floor=True)
WORDS = "commentary edited"
NETWORK_PACKAGES = ("tensorflow", "keras")
SHORT = 5
"""How often what takes less than a second or two is measured, in turns with its floor."""

FEW, MANY = 1_000, 10_000
"""Numbers of small images."""

_FIRST, _SECOND = (7, 7, 100), (8, 8, 101)
"""Neurons that no rule of the tables is likely to choose, which the check of the passes would tell."""

_COMMENT = "\n/* harmless */\n"


def rebuild_photographs(bench: Bench, data: Path, cold: Comparison) -> tuple[list[Rebuild], Size]:
    """All rebuilds of a data set with VGG19, and the size of the cold one, whose floor ``cold`` has."""
    rounds, colds, cache = [], [], 0
    for _ in range(bench.repeat):
        home = Home.made(bench.fresh_folder(), data)
        colds.append(bench.build("cold build as a user runs it", home))
        cache = size_of(home.folder / ".cache")
        nothing = _nothing(bench, home, VGG19, NOOP)
        rounds.append(
            [nothing, _words(bench, home), _style(bench, home), _image(bench, home), _neuron(bench, home)]
        )
    rebuilds = merge(rounds)
    images = rebuilds[0].images
    # The home's report has fewer sections than the one that ``cold`` printed, so its own printing counts.
    printing = next(each for each in rebuilds if each.name == WORDS).floor
    first = Rebuild("everything (cold)", VGG19, images, colds, [*cold.floor[:-1], *printing], COLD_GOAL)
    size = Size(VGG19, images, first.seconds, first.run.peak, cache, rebuilds[0].seconds)
    return [*rebuilds, first], size


def rebuild_many(bench: Bench) -> tuple[list[Rebuild], list[Size]]:
    """The rebuilds of many small files with the stand-in, and the sizes of two cold builds with it."""
    rebuilds: list[Rebuild] = []
    sizes = []
    for count in (FEW, MANY):
        home = Home.made(bench.fresh_folder(), draw_many(bench.fresh_folder() / "data", count))
        first, passes = bench.ask(
            f"cold build of {count} small files", "build_counting", home.folder, STAND_IN
        )
        cache = size_of(home.folder / ".cache")
        noop = _nothing(bench, home, STAND_IN, NOOP_MANY)
        sizes.append(Size(STAND_IN, home.images, first.around, first.peak, cache, noop.seconds))
        if count == MANY:
            cold = Rebuild(
                "everything (cold)", STAND_IN, count, [first], [],
                checks=[check_equal("forward passes for features", passes["features"], count)],
            )  # fmt: skip
            rebuilds = [noop, _image_among_many(bench, home), cold]
    return rebuilds, sizes


def _nothing(bench: Bench, home: Home, network: str, goal: Goal) -> Rebuild:
    images = home.images
    files = [*_data_files(home), embedded_path(), *home.built_files()]
    before = home.state()
    runs, floor = [], []
    for _ in range(SHORT):
        runs.append(bench.build(f"nothing changed, {images} images", home))
        floor.append(bench.hash_files(f"hashing {len(files)} files", files))
    _, imported = bench.ask("what it imports", "list_imports", home.folder)
    checks = [check_imports(imported), Check("no file of the report was written", home.state() == before)]
    return Rebuild("nothing changed", network, images, runs, [floor], goal, checks)


def _words(bench: Bench, home: Home) -> Rebuild:
    home.write_settings(words="The first words.")
    run = bench.build("other commentary", home)
    printing = bench.measure("bare printing", "print_document", home.html)
    checks = [_check_html(home, "The first words.")]
    home.write_settings(words="The second words.")
    _, imported = bench.ask("what it imports", "list_imports", home.folder)
    checks += [_check_html(home, "The second words."), check_imports(imported, NETWORK_PACKAGES)]
    return Rebuild(WORDS, VGG19, home.images, [run], [[printing]], WORDS_GOAL, checks)


def _style(bench: Bench, home: Home) -> Rebuild:
    templates = bench.fresh_folder() / "templates"
    shutil.copytree(templates_folder(), templates)
    with (templates / "report.css").open("a", encoding="utf-8") as stream:
        stream.write(_COMMENT)
    before = home.state()[str(home.html)]
    run = bench.measure("a comment in the style sheet", "build_with_templates", home.folder, templates)
    printing = bench.measure("bare printing", "print_document", home.html)
    checks = [Check("the report was written again", home.state()[str(home.html)] != before)]
    return Rebuild("style sheet edited", VGG19, home.images, [run], [[printing]], WORDS_GOAL, checks)


def _image(bench: Bench, home: Home) -> Rebuild:
    images = home.images
    home.add_image(1)
    run = bench.build("one image added", home)
    checks = [check_equal("images in the report", home.images, images + 1)]
    forward = bench.measure("bare network, one image", "forward_once")
    printing = bench.measure("bare printing", "print_document", home.html)
    home.add_image(2)
    checks.append(_count_passes(bench, home, {"features": 1}))
    return Rebuild("one image added", VGG19, images + 1, [run], [[forward], [printing]], IMAGE_GOAL, checks)


def _neuron(bench: Bench, home: Home) -> Rebuild:
    home.write_settings([*NEURONS, _FIRST])
    run = bench.build("one neuron added to the tables", home)
    tables = home.results()["guided_backprop"]["rows"]
    rows = len(NEURONS) + 1
    checks = [check_equal("rows of each table", {len(table) for table in tables.values()}, {rows})]
    backward = bench.measure("bare network, gradients", "backward_once", len(tables))
    printing = bench.measure("bare printing", "print_document", home.html)
    home.write_settings([*NEURONS, _FIRST, _SECOND])
    checks.append(_count_passes(bench, home, {"guided": len(tables)}))
    return Rebuild("one neuron added", VGG19, home.images, [run], [[backward], [printing]], None, checks)


def _image_among_many(bench: Bench, home: Home) -> Rebuild:
    images = home.images
    home.add_image(1)
    run, passes = bench.ask(
        f"one image added to {images} small files", "build_counting", home.folder, STAND_IN
    )
    checks = [
        check_equal("images in the report", home.images, images + 1),
        check_passes(passes, {"features": 1}),
    ]
    files = [*_data_files(home), embedded_path()]
    floor = [
        [bench.hash_files(f"hashing {len(files)} files", files)],
        [bench.measure("bare stand-in, one image", "forward_stand_in")],
        [bench.measure("bare printing", "print_document", home.html)],
    ]
    return Rebuild("one image added", STAND_IN, images + 1, [run], floor, IMAGE_AMONG_MANY_GOAL, checks)


def _count_passes(bench: Bench, home: Home, wanted: Mapping[str, int]) -> Check:
    _, passes = bench.ask("the same again, counting passes", "build_counting", home.folder, VGG19)
    return check_passes(passes, wanted)


def _check_html(home: Home, words: str) -> Check:
    return Check(f"the report says “{words}”", words in home.html.read_text(encoding="utf-8"))


def _data_files(home: Home) -> Sequence[Path]:
    return [file for file in sorted(home.data.rglob("*")) if file.is_file()]
