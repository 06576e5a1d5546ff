"""``make pictures``: the two pages of the sample report that README.md and docs/ show."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pikepdf
import pypdfium2
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs/pictures"
SECTIONS = {"neurons": "Maximally activating patches", "gradients": "Guided backpropagation"}
"""Which pages: those on which the first class of these sections is, by the name of the picture."""

WIDTH = 640


def main() -> None:
    """Draw the sample, build its report with the settings' defaults, and write its pages as pictures."""
    from reportgen.acquire.sample import draw_sample
    from reportgen.engine.pipeline import build
    from reportgen.settings import load_settings

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        draw_sample(home / "sample")
        built = build(load_settings(folder=home, weights="embedded"), home / "sample")
        if built.problem:
            raise built.problem
        take_pictures(built.path("report.pdf"), OUT)


def take_pictures(paper: Path, out: Path) -> None:
    """Write the pages with the first classes of ``SECTIONS`` to ``out/<name>.png``, in 256 colours."""
    out.mkdir(exist_ok=True)
    numbers = find_pages(paper)
    with pypdfium2.PdfDocument(paper) as document:
        for name, title in SECTIONS.items():
            page = document[numbers[title]]
            image = page.render(scale=2 * WIDTH / page.get_width()).to_pil().convert("RGB")
            small = image.resize((WIDTH, round(image.height / 2)), Image.Resampling.LANCZOS)
            small.quantize(256, dither=Image.Dither.NONE).save(out / f"{name}.png", optimize=True)


def find_pages(paper: Path) -> dict[str, int]:
    """On which page, counted from 0, what each section says of its first class begins, by the bookmarks."""
    with pikepdf.open(paper) as pdf, pdf.open_outline() as outline:
        pages = [page.obj.objgen for page in pdf.pages]
        return {
            item.title: pages.index(item.children[0].destination[0].objgen)
            for item in outline.root
            if item.children
        }


if __name__ == "__main__":
    main()
