"""Measures the methods of explanation for docs/methods.md: ``methods_table.py --build BUILD --data DATA``.

All numbers of the table come from here: the example images of a finished report, its trained output layer,
and the embedded weights, as they are and with every block drawn at random.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

PAGE = Path(__file__).resolve().parents[1] / "docs" / "methods.md"
MARKS = "<!-- measured -->\n", "<!-- end -->\n"
_DONE = "<!-- done -->\n"
CELLS, SEED = 14, 671

ROWS = {
    "gradient": ("Gradient", "Simonyan et al. 2014", "∂S/∂x"),
    "gradient_x_input": ("Gradient × input", "Shrikumar et al. 2017", "x · ∂S/∂x"),
    "deconvnet": ("Deconvnet", "Zeiler and Fergus 2014", "gradient, each ReLU passes back max(g, 0)"),
    "guided": (
        "Guided backpropagation",
        "Springenberg et al. 2015",
        "gradient, each ReLU passes back max(g, 0) where it was open",
    ),
    "integrated_gradients": (
        "Integrated gradients",
        "Sundararajan et al. 2017",
        "x · mean of ∂S/∂x between baseline and x",
    ),
    "smoothgrad": ("SmoothGrad", "Smilkov et al. 2017", "mean of ∂S/∂x over noisy copies of x"),
    "grad_cam": ("Grad-CAM", "Selvaraju et al. 2017", "ReLU of Σ mean(∂S/∂A) · A over the maps A"),
    "guided_grad_cam": ("Guided Grad-CAM", "Selvaraju et al. 2017", "guided · Grad-CAM"),
    "occlusion": ("Occlusion", "Zeiler and Fergus 2014", "S(x) − S(x without a box), 56 px every 28"),
}
"""Name, paper and formula of each method; S is the score before the softmax."""


@dataclass(frozen=True)
class Tested:
    """One map of one image: what it took, and what its tests gave; None where a map is flat."""

    cpu: float
    off: float
    other_class: float | None
    signed: float | None
    sizes: float | None


def correlate(one: NDArray[Any], other: NDArray[Any]) -> float | None:
    """Spearman's rank correlation of two maps; None if one is flat."""
    ranks = [rankdata(each.ravel()) for each in (one, other)]
    return None if any(np.ptp(each) == 0 for each in ranks) else float(np.corrcoef(*ranks)[0, 1])


def average(values: NDArray[Any]) -> NDArray[Any]:
    """Mean sizes (14, 14) of a map over its cells."""
    cell = values.shape[0] // CELLS
    found: NDArray[Any] = np.abs(values).reshape(CELLS, cell, CELLS, cell).mean(axis=(1, 3))
    return found


def measure_image(networks: Sequence[Any], pixels: NDArray[np.float32], method: str, effort: Any) -> Tested:
    """Test a method on one image with the network as it is and the redrawn one."""
    from reportgen.analysis.attribution import ImageExplainer

    whole, redrawn = networks
    rule = {"guided_grad_cam": "guided", "guided": "guided", "deconvnet": "deconvnet"}.get(method, "plain")
    # Traced before the clock starts, which takes longer than the gradient.
    whole.gradient(pixels[None], 0, rule)
    scores, blank = whole.score(np.stack([pixels, np.zeros_like(pixels)]))
    first, second = np.argsort(-scores)[:2].tolist()
    start = time.process_time()
    found = ImageExplainer(whole, pixels, first, effort).explain(method)
    cpu = time.process_time() - start
    other = ImageExplainer(whole, pixels, second, effort).explain(method)
    random = ImageExplainer(redrawn, pixels, first, effort).explain(method)
    rise = scores[first] - blank[first]
    return Tested(
        cpu,
        abs(float(found.sum(dtype=np.float64)) - rise) / abs(rise),
        correlate(found, other),
        correlate(found, random),
        correlate(average(found), average(random)),
    )


def make_networks(head: bytes) -> list[Any]:
    """The scored network as it is, and with every block redrawn as the honesty panel redraws it."""
    from reportgen.analysis.whole import build_scored
    from reportgen.models.backbone import load_backbone
    from reportgen.sections.randomisation.network import Chain

    whole, redrawn = load_backbone("embedded"), load_backbone("embedded")
    for name, step in Chain.read(redrawn.convolutions, 224).redraw(1, SEED).items():
        redrawn.network.get_layer(name).set_weights([np.asarray(step.kernel), np.asarray(step.bias)])
    return [build_scored(each, head) for each in (whole, redrawn)]


def say(values: Sequence[float | None]) -> str:
    """A mean with two digits; a dash where all maps are flat."""
    known = [value for value in values if value is not None]
    text = f"{np.mean(known):.2f}" if known else "–"
    return text.replace("-", "−").replace("−0.00", "0.00")


def _tell_part(part: float) -> str:
    """Per cent with three digits; the maps of some methods are on no scale that the score is on."""
    return f"{100 * part:.3g} %" if part < 10 else "beyond ten times"


def draw_table(tested: Mapping[str, Sequence[Tested]]) -> str:
    """The table in Markdown: the median time, the largest sum that is off, and mean correlations."""
    lines = [
        "| method | paper | formula | processor s | sum off by | other class | random weights | sizes |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for method, results in tested.items():
        name, paper, formula = ROWS[method]
        cells = (
            f"{median(each.cpu for each in results):.1f}",
            _tell_part(max(each.off for each in results)),
            *(say([getattr(each, of) for each in results]) for of in ("other_class", "signed", "sizes")),
        )
        lines.append(f"| {name} (`{method}`) | {paper} | {formula} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def draw_panel(results: Mapping[str, Any]) -> str:
    """What the section on random weights of a report says of single neurons."""
    lines = ["| redrawn | guided, signed | plain, signed | plain, sizes |", "|---|---|---|---|"]
    for network, mean in zip(results["networks"], results["mean"], strict=True):
        first = network["first_block"]
        name = "block 5" if first == 5 else "all blocks" if first == 1 else f"blocks {first}–5"
        numbers = (mean["guided"]["signed"], mean["plain"]["signed"], mean["plain"]["absolute"])
        lines.append(f"| {name} | {' | '.join(say([number]) for number in numbers)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and write the tables into the page between its marks."""
    parser = argparse.ArgumentParser(description="Measure the methods of explanation for docs/methods.md.")
    parser.add_argument("--build", type=Path, required=True, help="the build folder of a report")
    parser.add_argument("--data", type=Path, required=True, help="its images")
    parser.add_argument("--images", type=int, default=3, metavar="N", help="so many example images")
    parser.add_argument("--steps", type=int, default=32, metavar="N", help="of integrated gradients")
    parser.add_argument("--samples", type=int, default=16, metavar="N", help="of SmoothGrad")
    options = parser.parse_args()
    from reportgen.analysis.attribution import METHODS, Effort
    from reportgen.dataset.decode import decode
    from reportgen.models.backbone import preprocess

    results = json.loads((options.build / "results.json").read_text(encoding="utf-8"))
    files = list(results["dataset"]["examples"].values())[: options.images]
    images = [preprocess(decode(options.data / file)) for file in files]
    networks = make_networks((options.build / "head.weights.h5").read_bytes())
    effort = Effort(steps=options.steps, samples=options.samples)
    tested = {
        method: [measure_image(networks, pixels, method, effort) for pixels in images] for method in METHODS
    }
    said = (
        f"\nMeasured on {len(files)} example image{'s' * (len(files) != 1)}; {effort.steps} steps of "
        f"integrated gradients, {effort.samples} samples of SmoothGrad.\n"
    )
    text = PAGE.read_text(encoding="utf-8")
    for table in (draw_table(tested) + said, draw_panel(results["randomisation"])):
        # Each table in turn takes the first place that is still marked as open.
        opened, rest = text.split(MARKS[0], 1)
        _, rest = rest.split(MARKS[1], 1)
        # Blank lines, without which Markdown takes the table for a part of the comment.
        text = f"{opened}{_DONE}\n{table.strip()}\n\n{MARKS[1]}{rest}"
    PAGE.write_text(text.replace(_DONE, MARKS[0]), encoding="utf-8")


if __name__ == "__main__":
    main()
