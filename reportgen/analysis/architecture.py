"""Architectures of convolutional networks as data: their layers, sizes, parameters and receptive fields.

Nothing here needs TensorFlow: an architecture is checked when the settings are read, so that a layer that
does not fit is an error of one line in the file and not a trace after minutes of training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from reportgen.results import FieldGeometry
from reportgen.results.fields import SIDE

LayerKind = Literal["conv", "pool", "batch_norm", "activation", "dropout", "flatten", "dense"]

Function = Literal["relu", "elu", "tanh", "sigmoid", "linear"]

INPUT_SHAPE: Final = (SIDE, SIDE, 3)
"""Rows, columns and channels of what goes in: colour images."""

MOST_PARAMETERS: Final = 50_000_000
"""Of one network. Adam keeps two more numbers for each, and more would not fit beside VGG19 in 2 GB."""

_MOST_LAYERS: Final = 60

_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "conv": ("filters", "size"),
    "pool": ("size",),
    "batch_norm": (),
    "activation": ("activation",),
    "dropout": ("rate",),
    "flatten": (),
    "dense": ("units",),
}

_OPTIONAL: Final[dict[str, tuple[str, ...]]] = {
    "conv": ("stride", "padding", "activation"),
    "pool": ("stride",),
    "dense": ("activation",),
}

_LAST_REPORTABLE = 0x24F
"""The last letter of Latin Extended-B: all up to it are in the report's own fonts."""


def output_size(W1: int, F: int, P: int, S: int) -> int:
    """W2 = (W1 − F + 2P)/S + 1, rounded down: the filter's positions along one side.

    All in pixels. Raises ``ValueError`` if the padded side is shorter than the filter or S < 1.
    """
    if S < 1 or W1 + 2 * P < F:
        raise ValueError(f"no position for a filter of {F} on {W1} pixels, padding {P}, stride {S}")
    return (W1 - F + 2 * P) // S + 1


class _Table(BaseModel):
    # As all settings: "8" is no number, and an unknown key is an error.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Layer(_Table):
    """One layer as the settings name it; what is None does not belong to a layer of this kind."""

    layer: LayerKind
    filters: Annotated[int | None, Field(ge=1, le=4096)] = None
    size: Annotated[int | None, Field(ge=1, le=SIDE)] = None
    stride: Annotated[int | None, Field(ge=1, le=SIDE)] = None
    padding: Annotated[int | None, Field(ge=0, le=SIDE)] = None
    units: Annotated[int | None, Field(ge=1, le=65536)] = None
    rate: Annotated[float | None, Field(gt=0, lt=1)] = None
    activation: Function | None = None

    # Before the fields are checked: afterwards None means that a layer of this kind has no such key.
    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, table: Any) -> Any:
        """The usual values of the field: stride 1, no padding and ReLU; a pool moves by its own size."""
        if not isinstance(table, dict):
            return table
        usual: dict[str, dict[str, Any]] = {
            "conv": {"stride": 1, "padding": 0, "activation": "relu"},
            "pool": {"stride": table.get("size")},
            "dense": {"activation": "relu"},
        }
        # Whatever stands there: a list could not be looked up, and its field reports it.
        kind = table.get("layer")
        return {**(usual.get(kind, {}) if isinstance(kind, str) else {}), **table}

    @model_validator(mode="after")
    def _require_keys(self) -> Layer:
        needed, optional = _NEEDED[self.layer], _OPTIONAL.get(self.layer, ())
        set_keys = [
            name for name in type(self).model_fields if name != "layer" and getattr(self, name) is not None
        ]
        if missing := [name for name in needed if name not in set_keys]:
            raise ValueError(f"a {self.layer} layer needs {' and '.join(missing)}")
        if wrong := [name for name in set_keys if name not in (*needed, *optional)]:
            known = ", ".join((*needed, *optional)) or "no key beside 'layer'"
            raise ValueError(f"a {self.layer} layer has no '{wrong[0]}'; it has {known}")
        return self

    @property
    def table(self) -> dict[str, Any]:
        """The layer as ``report.toml`` has it."""
        # What does not belong to the layer's kind would be refused if the table were read again.
        return self.model_dump(exclude_none=True)


@dataclass(frozen=True)
class Traced:
    """A layer with the shapes (rows, columns, channels), or (numbers,) once flattened, that go in and come
    out; ``parameters`` with the statistics of a batch norm; ``operations`` of one image, two for each
    multiplication and addition of a convolution or a dense layer.
    """

    layer: Layer
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    parameters: int
    operations: int


class LayerError(ValueError):
    """A layer that does not fit on the one before it; ``number`` counts from 1."""

    def __init__(self, number: int, layer: Layer, problem: str) -> None:
        super().__init__(f"layer {number} ({layer.layer}): {problem}")


def trace(layers: Sequence[Layer], shape: tuple[int, ...] = INPUT_SHAPE) -> list[Traced]:
    """The sizes of every layer for an input of ``shape``, by the formula rounded down.

    Raises ``LayerError`` naming the layer, the value and a remedy.
    """
    traced: list[Traced] = []
    for number, layer in enumerate(layers, 1):
        try:
            output, parameters, operations = _measure(layer, shape)
        except ValueError as error:
            raise LayerError(number, layer, str(error)) from None
        traced.append(Traced(layer, shape, output, parameters, operations))
        shape = output
    return traced


def _measure(layer: Layer, shape: tuple[int, ...]) -> tuple[tuple[int, ...], int, int]:
    """The shape that comes out, the parameters and the operations of one layer."""
    if layer.layer in ("conv", "pool"):
        return _measure_window(layer, shape)
    if layer.layer == "dense":
        if len(shape) > 1:
            raise ValueError('it needs a list of numbers; put { layer = "flatten" } before it')
        units = layer.units or 0
        # One weight more for each unit, its bias.
        return (units,), (shape[0] + 1) * units, 2 * shape[0] * units
    if layer.layer == "flatten":
        if len(shape) == 1:
            raise ValueError("the layer before it gives a list of numbers already; leave it out")
        return (shape[0] * shape[1] * shape[2],), 0, 0
    # Scale, shift, mean and variance of each channel.
    return shape, 4 * shape[-1] if layer.layer == "batch_norm" else 0, 0


def _measure_window(layer: Layer, shape: tuple[int, ...]) -> tuple[tuple[int, ...], int, int]:
    if len(shape) == 1:
        raise ValueError("it needs feature maps; put it before the flatten layer")
    rows, columns, channels = shape
    F, S, P = layer.size or 1, layer.stride or 1, layer.padding or 0
    # Said here and not by output_size(), which knows neither the key's name nor a remedy.
    if min(rows, columns) + 2 * P < F:
        most = min(rows, columns) + 2 * P
        raise ValueError(
            f"size = {F} is more than the {rows} × {columns} values that reach it"
            f"{f' with padding = {P}' if P else ''}; write {most} or less, or leave out a layer before it"
        )
    out = (output_size(rows, F, P, S), output_size(columns, F, P, S))
    if layer.layer == "pool":
        return (*out, channels), 0, 0
    K = layer.filters or 1
    weights = F * F * channels * K
    return (*out, K), weights + K, 2 * weights * out[0] * out[1]


class Architecture(_Table):
    """A network by name: its layers between the image and the softmax, which is added for the classes."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    # Not strict here: TOML has lists, which strictly are no tuples.
    layers: Annotated[tuple[Layer, ...], Field(strict=False)]

    @field_validator("name")
    @classmethod
    def _require_letters(cls, name: str) -> str:
        # Figures and pages are set in fonts that are chosen by the words of the report before it is made.
        if (
            name != name.strip()
            or not name.isprintable()
            or any(ord(each) > _LAST_REPORTABLE for each in name)
        ):
            raise ValueError("Latin letters, digits and signs are needed, without a blank at either end")
        return name

    @field_validator("layers")
    @classmethod
    def _require_layers(cls, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        # Not as a limit of the field: of a list with one bad layer pydantic also says that it is too short.
        if not 1 <= len(layers) <= _MOST_LAYERS:
            raise ValueError(f"it has {len(layers)} layers; allowed is 1 to {_MOST_LAYERS}")
        return layers

    @model_validator(mode="after")
    def _require_sizes(self) -> Architecture:
        try:
            traced = trace(self.layers)
        except LayerError as fault:
            raise ValueError(f"'{self.name}', {fault}") from None
        if not any(layer.layer == "conv" for layer in self.layers):
            raise ValueError(f"'{self.name}' has no conv layer; add one")
        if len(traced[-1].output_shape) > 1:
            raise ValueError(
                f"'{self.name}' ends in feature maps of {' × '.join(map(str, traced[-1].output_shape))}; "
                'end it in { layer = "flatten" }, or in dense layers after it'
            )
        total = sum(each.parameters for each in traced)
        if total > MOST_PARAMETERS:
            raise ValueError(
                f"'{self.name}' has {total} parameters; {MOST_PARAMETERS} are the most: pool more before "
                "the flatten layer, or take fewer units"
            )
        return self

    @property
    def table(self) -> dict[str, Any]:
        """The architecture as ``report.toml`` has it."""
        return {"name": self.name, "layers": [layer.table for layer in self.layers]}


def trace_whole(architecture: Architecture, classes: int) -> list[Traced]:
    """The sizes of all layers and of the softmax on ``classes`` that follows them."""
    # Linear stands for the softmax, which the settings do not know: it changes neither shape nor numbers of
    # weights.
    return trace([*architecture.layers, Layer(layer="dense", units=classes, activation="linear")])


def find_geometry(layers: Sequence[Layer]) -> FieldGeometry:
    """Receptive field size, stride and padding, in input pixels, of the last of these layers.

    r = 1 + Σ (k − 1) Π s of the layers before, S = Π s, P = Σ p Π s of the layers before (Araujo et al.
    2019).
    """
    size, stride, padding = 1, 1, 0
    for layer in layers:
        # All others work position by position, and change nothing.
        if layer.size is not None:
            # In this order: a layer's own stride counts for those after it.
            size += (layer.size - 1) * stride
            padding += (layer.padding or 0) * stride
            stride *= layer.stride or 1
    return FieldGeometry(size=size, stride=stride, padding=padding)


def _conv(filters: int, size: int, stride: int = 1) -> Layer:
    return Layer(layer="conv", filters=filters, size=size, stride=stride)


_POOL, _FLATTEN = Layer(layer="pool", size=3, stride=2), Layer(layer="flatten")

_BEGINNING = (_conv(8, 11, 4), _POOL, _conv(16, 5), _POOL)

_END = (_FLATTEN, Layer(layer="dense", units=128))

DEFAULT_ARCHITECTURES: Final = (
    Architecture(name="Network 1", layers=(*_BEGINNING, *_END)),
    Architecture(name="Network 2", layers=(*_BEGINNING, _conv(32, 3), _POOL, *_END)),
    Architecture(name="Network 3", layers=(*_BEGINNING, _conv(32, 3), _conv(64, 3), _POOL, *_END)),
)
"""The three of the course's second sheet (April 2023)."""
