"""A report's results in ten lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportgen.results import SPLITS, Split

if TYPE_CHECKING:
    from reportgen.contract.reader import LoadedResults

_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
LONGEST = 160
"""Characters of a line; what is longer ends in an ellipsis."""


def describe_results(results: LoadedResults) -> list[str]:
    """Ten lines for a terminal or a log, whatever stands in the document, which may be a stranger's."""
    neurons, guided, head = results.neurons, results.guided_backprop, results.transfer
    named = (
        ("Results of", f"{results.name}, schema {results.schema_version}"),
        ("Report", title_of(results)),
        ("Data", describe_data(results)),
        ("Weights", describe_weights(results)),
        ("Head", f"{head.trainable_parameters:,} parameters on {head.feature_layer} ({head.feature_size:,} "
                 f"features); epochs run: {head.training.epochs_run}, the best: {head.training.best_epoch}"),
        ("Correct", ", ".join(f"{split} {correct_of(results, split)}" for split in SPLITS)),
        ("Neurons", f"the most excited of {neurons.layer}: " + _describe_best(results)),
        ("Guided", f"{sum(map(len, guided.rows.values()))} neurons explained; of {guided.zero_neurons} with "
                   f"output zero, {guided.zero_neurons_blank} have no gradient"),
        ("Checks", describe_checks(results)),
        ("More", ".tables, .table(name), .at(pointer), .array(section, name); attributes as in results.json"),
    )  # fmt: skip
    return [cut(f"{name + ':':<12}{plain(text)}") for name, text in named]


def title_of(results: LoadedResults) -> str:
    """Course, assignment, group and authors, as far as they are given."""
    report = results.report
    return "; ".join(filter(None, [report.assignment, report.course, report.group, *_authors(results)]))


def describe_data(results: LoadedResults) -> str:
    """How many images of which classes."""
    data = results.dataset
    total = ", ".join(f"{split} {sum(data.counts[split].values())}" for split in SPLITS)
    return f"{len(data.images)} images ({total}) of {len(data.classes)} classes: {', '.join(data.classes)}"


def describe_weights(results: LoadedResults) -> str:
    """Where the weights are from, and the seed."""
    weights = results.provenance.weights
    return f"{weights.source} ({weights.name}); seed {results.provenance.seed}"


def correct_of(results: LoadedResults, split: Split) -> str:
    """As in ``5 of 6 (83.3 %)``; 100 % and 0 % are printed only if they are exactly that."""
    correct, total = results.transfer.correct[split], results.transfer.total[split]
    if not total:
        return "0 of 0"
    share = 100 * correct / total
    shown = f"{share:.0f}" if correct in (0, total) else f"{min(max(share, 0.1), 99.9):.1f}"
    return f"{correct} of {total} ({shown} %)"


def describe_checks(results: LoadedResults) -> str:
    """How many of the report's claims its numbers bear out, and which they do not."""
    failed = [check.name for check in results.checks if not check.passed]
    passed = f"{len(results.checks) - len(failed)} of {len(results.checks)} passed"
    return f"{passed}; failed: {', '.join(failed)}" if failed else passed


def _authors(results: LoadedResults) -> list[str]:
    return [author.name for author in results.report.authors]


def _describe_best(results: LoadedResults) -> str:
    best = {label: neurons[0] for label, neurons in results.neurons.top.items() if neurons}
    return ", ".join(f"{label} {neuron.position} {neuron.value:.4g}" for label, neuron in best.items())


def plain(text: str) -> str:
    """A text without line breaks and control characters, which would play tricks with a terminal."""
    letters = " ".join(text.split())
    return "".join(
        letter if letter.isprintable() or letter in _JOINERS else "\N{REPLACEMENT CHARACTER}"
        for letter in letters
    )


def cut(text: str, longest: int = LONGEST) -> str:
    """A text of ``longest`` characters at most."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
