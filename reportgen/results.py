"""Every result type: the public contract of ``build/results.json``.

Counts and numbers only; rates are derived. Arrays stay in ``build/arrays/<section>.npz`` and are
summarised here by name. Boxes are half-open ``[start, stop)`` in pixels of the 224 × 224 image.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from reportgen.split import SPLITS as SPLITS
from reportgen.split import Split as Split
from reportgen.weights import Weights

SCHEMA_VERSION = "1.0"

Position = tuple[int, int, int]
Matrix = list[list[int]]


class _Result(BaseModel):
    # What a newer minor version or a derived property added is passed over when results are read back.
    model_config = ConfigDict(frozen=True, extra="ignore")


class ArraySummary(_Result):
    """Where an array is kept and what it is like. ``norm`` is the Euclidean norm of all elements."""

    file: str
    key: str
    shape: list[int]
    dtype: str
    min: float
    max: float
    mean: float
    norm: float


Arrays = dict[str, ArraySummary]


class Box(_Result):
    """A half-open box ``[start, stop)`` in pixels of the 224 × 224 image."""

    rows: tuple[int, int]
    cols: tuple[int, int]


class Author(_Result):
    """One author, as printed on the title page."""

    name: str
    roll_number: str


class Report(_Result):
    """What the title page says."""

    course: str
    assignment: str
    group: str
    authors: list[Author]
    date: str | None


class Provenance(_Result):
    """Everything the numbers depend on besides the code."""

    seed: int
    data_fingerprint: str
    weights: Weights
    versions: dict[str, str]


class ImageFile(_Result):
    """One image; ``file`` is relative to the data folder, with forward slashes."""

    file: str
    split: Split
    label: str
    sha256: str


class Duplicate(_Result):
    """Images of equal content that stand in more than one split."""

    sha256: str
    files: list[str]


class Dataset(_Result):
    """The images, their classes and splits, and what is odd about them."""

    classes: list[str]
    counts: dict[Split, dict[str, int]]
    layout: Literal["split", "unsplit"]
    drawn_by_program: bool
    annotated: bool
    annotations_sha256: str | None = None
    examples: dict[str, str]
    duplicates: list[Duplicate]
    warnings: list[str]
    images: list[ImageFile]


class InitCheck(_Result):
    """Is the sample's standard deviation plausible under the claimed one?

    Two-sided χ² test of Σw²/σ² with ``n`` degrees of freedom (the mean is known to be 0);
    ``plausible`` if the statistic lies within ``interval``, the central 1 − α of the distribution.
    """

    fan_in: int
    n: int
    sigma_expected: float
    sigma_observed: float
    statistic: float
    interval: tuple[float, float]
    p_value: float
    alpha: float
    plausible: bool


class ConvolutionClass(_Result):
    """The convolution of one class's example image."""

    file: str
    observed_shape: list[int]
    matches: bool


class Convolution(_Result):
    """One image a class, convolved with one filter. Arrays: ``image_<i>`` (224, 224[, 3]) in 0–1 and
    ``map_<i>`` (222, 222), i counting the classes in order.
    """

    colour: bool
    input_shape: list[int]
    filter_size: int
    stride: int
    padding: int
    filter: list[list[float]] | list[list[list[float]]]
    expected_shape: list[int]
    classes: dict[str, ConvolutionClass]
    init_check: InitCheck
    arrays: Arrays

    @computed_field  # type: ignore[prop-decorator]
    @property
    def matches(self) -> bool:
        """Whether every observed shape is the expected one."""
        return all(item.matches for item in self.classes.values())


class ConvLayer(_Result):
    """One layer of the stack. Shapes are (rows, columns, channels)."""

    filters: int
    kernel_shape: list[int]
    input_shape: list[int]
    expected_shape: list[int]
    observed_shape: list[int]
    matches: bool
    stride: int
    padding: int
    init_check: InitCheck


class ConvStack(_Result):
    """Two stacked convolution layers with ReLU. Arrays: ``kernel_<l>`` and, for class i,
    ``maps_<l>_<i>`` (rows, columns, shown channels).
    """

    colour: bool
    shown: int
    files: dict[str, str]
    layers: Annotated[list[ConvLayer], Field(min_length=2, max_length=2)]
    arrays: Arrays

    @computed_field  # type: ignore[prop-decorator]
    @property
    def matches(self) -> bool:
        """Whether both layers' observed shapes are the expected ones."""
        return all(layer.matches for layer in self.layers)


class BeforeAfter(_Result):
    """One SHA-256 over all frozen weights, taken before and after training."""

    before: str
    after: str


class Training(_Result):
    """How the head was trained."""

    optimizer: str
    learning_rate: float
    batch_size: int
    max_epochs: int
    patience: int
    epochs_run: int
    best_epoch: int
    feature_scale: float


class History(_Result):
    """One value an epoch, as in Keras: mean cross-entropy in nats, accuracy from 0 to 1."""

    loss: list[float]
    accuracy: list[float]
    val_loss: list[float]
    val_accuracy: list[float]


class ClassScore(_Result):
    """Precision and recall of one class; null where the denominator is zero."""

    precision: float | None
    recall: float | None
    support: int


class Misclassified(_Result):
    """A test image that the network got wrong."""

    file: str
    true: str
    predicted: str
    probabilities: dict[str, float]


class Transfer(_Result):
    """VGG19 with a new head. ``confusion[split][i][j]``: images of true class i predicted as j."""

    feature_layer: str
    feature_pooling: Literal["none", "global_average"]
    feature_size: int
    classes: list[str]
    trainable_parameters: int
    frozen_parameters: int
    frozen_sha256: BeforeAfter
    training: Training
    history: History
    confusion: dict[Split, Matrix]
    per_class: dict[Split, dict[str, ClassScore]]
    misclassified: list[Misclassified]
    arrays: Arrays

    @computed_field  # type: ignore[prop-decorator]
    @property
    def correct(self) -> dict[Split, int]:
        """Correctly classified images of each split: the trace of its confusion matrix."""
        return {split: sum(row[i] for i, row in enumerate(m)) for split, m in self.confusion.items()}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def total(self) -> dict[Split, int]:
        """Images of each split: the sum of its confusion matrix."""
        return {split: sum(map(sum, matrix)) for split, matrix in self.confusion.items()}

    @computed_field  # type: ignore[prop-decorator]
    @property
    def accuracy(self) -> dict[Split, float]:
        """Share of correctly classified images, 0 to 1, from the confusion matrix."""
        return {split: self.correct[split] / self.total[split] for split in self.confusion}


class Patch(Box):
    """The effective receptive field: the box between the 5 % and 95 % quantiles, along rows and along
    columns, of the energy of the neuron's input gradient; ``energy_share`` of it lies inside (null if
    the gradient is zero everywhere: then the box is the receptive field). Luo et al. 2016.
    """

    energy_share: float | None


class Neuron(_Result):
    """One neuron of a layer: ``position`` is (row, column, channel), ``value`` its output after ReLU.
    ``receptive_field`` is the architecture's (Araujo et al. 2019), clipped to the image.
    """

    position: Position
    value: float
    receptive_field: Box
    patch: Patch


class HeadOverlap(_Result):
    """How many of a class's patches overlap the annotated head."""

    overlapping: int
    total: int


class FieldGeometry(_Result):
    """Receptive field size, stride and padding of a layer in input pixels (Araujo et al. 2019)."""

    size: int
    stride: int
    padding: int


class Neurons(_Result):
    """The most excited neurons of the explained layer. Array: ``image_<i>`` (224, 224, 3) uint8."""

    layer: str
    layer_shape: list[int]
    geometry: FieldGeometry
    files: dict[str, str]
    top: dict[str, list[Neuron]]
    top_distinct: dict[str, list[Neuron]]
    positive_share: dict[str, float]
    head_overlap: dict[str, HeadOverlap] | None
    arrays: Arrays


class BoxShares(_Result):
    """A share, 0 to 1, inside the annotated box of the animal and of its head."""

    animal: float | None
    head: float | None


class GuidedRow(_Result):
    """One neuron and its guided gradient. ``relu_total`` ReLUs lie between input and neuron,
    ``relu_guided`` of them had their gradient replaced. ``scale_limit``: the picture shows
    −limit … +limit. ``energy_share`` is null without annotations or where the gradient is zero.
    """

    choice: str
    position: Position
    value: float
    gradient_max_abs: float
    blank: bool
    relu_total: int
    relu_guided: int
    scale_limit: float
    energy_share: BoxShares | None


class GuidedBackprop(_Result):
    """Guided backpropagation (Springenberg et al. 2015). Array ``gradients_<i>``: (rows, 224, 224, 3),
    channels in R, G, B order, per unit of preprocessed input.
    """

    layer: str
    files: dict[str, str]
    percentile: float
    shared_scale: bool
    rows: dict[str, list[GuidedRow]]
    area_share: dict[str, BoxShares] | None
    arrays: Arrays

    @computed_field  # type: ignore[prop-decorator]
    @property
    def zero_neurons(self) -> int:
        """Rows whose neuron has zero output."""
        return sum(row.value == 0 for rows in self.rows.values() for row in rows)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def zero_neurons_blank(self) -> int:
        """Rows whose neuron has zero output and whose gradient image is blank."""
        return sum(row.value == 0 and row.blank for rows in self.rows.values() for row in rows)


SECTIONS: Mapping[str, type[_Result]] = {
    "convolution": Convolution,
    "conv_stack": ConvStack,
    "transfer": Transfer,
    "neurons": Neurons,
    "guided_backprop": GuidedBackprop,
}
"""The computed sections in the order of the document."""


class Check(_Result):
    """A claim of the report, and whether the numbers bear it out."""

    name: str
    claim: str
    passed: bool


class Results(_Result):
    """The whole of ``results.json``."""

    schema_version: str = SCHEMA_VERSION
    report: Report
    provenance: Provenance
    dataset: Dataset
    convolution: Convolution
    conv_stack: ConvStack
    transfer: Transfer
    neurons: Neurons
    guided_backprop: GuidedBackprop
    checks: list[Check]


def load_results(path: Path) -> Results:
    """Read a ``results.json``. Raises ``OSError`` if it cannot be read, ``ValueError`` if it is not one."""
    return Results.model_validate_json(path.read_bytes())
