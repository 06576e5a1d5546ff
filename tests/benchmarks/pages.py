"""What a page costs to render, with the figures in the cache: for three classes, and for twelve."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pikepdf
from bench import Bench
from home import Home
from many_images import draw_many
from measurement import Run
from rebuild import STAND_IN

from reportgen.templates import templates_folder

CLASSES = (3, 12)
IMAGES_PER_CLASS = 8


@dataclass(frozen=True)
class Rendering:
    """A document of so many classes and pages, rendered again, and WeasyPrint alone on the same document."""

    classes: int
    pages: int
    run: Run
    bare: Run

    @property
    def per_page(self) -> float:
        """Seconds a page."""
        return self.run.around / self.pages


def measure_pages(bench: Bench) -> list[Rendering]:
    """Render the documents of both sizes with the stand-in network, after a change of the style sheet."""
    return [_measure(bench, classes) for classes in CLASSES]


def _measure(bench: Bench, classes: int) -> Rendering:
    labels = [f"class {number:02}" for number in range(classes)]
    data = draw_many(bench.fresh_folder() / "data", classes * IMAGES_PER_CLASS, labels=labels)
    home = Home.made(bench.fresh_folder(), data)
    bench.ask(f"cold build of {classes} classes", "build_counting", home.folder, STAND_IN)
    templates = bench.fresh_folder() / "templates"
    shutil.copytree(templates_folder(), templates)
    with (templates / "report.css").open("a", encoding="utf-8") as stream:
        stream.write("\n/* harmless */\n")
    run = bench.measure(f"rendering {classes} classes", "build_with_templates", home.folder, templates)
    bare = bench.measure("bare printing", "print_document", home.html)
    with pikepdf.open(home.build / "report.pdf") as paper:
        return Rendering(classes, len(paper.pages), run, bare)


def describe_pages(renderings: Sequence[Rendering]) -> Iterator[str]:
    """A line for each document."""
    for each in renderings:
        yield (
            f"Rendering {each.classes} classes: {each.pages} pages in {each.run.around:.1f} s, "
            f"{1000 * each.per_page:.0f} ms a page; WeasyPrint alone {each.bare.around:.1f} s, "
            f"ratio {each.run.around / each.bare.around:.2f}."
        )


def pages_data(renderings: Sequence[Rendering]) -> list[dict[str, Any]]:
    """The same for ``bench.json``."""
    return [asdict(each) | {"per_page": each.per_page} for each in renderings]
