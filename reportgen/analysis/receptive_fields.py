"""The pixels that the neurons of any layer of a network can see, from its graph.

Along each axis the exact span of pixels of every position is carried from layer to layer: windows join the
spans that they cover, branches join theirs, and what looks at all positions sees all that these see.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reportgen.models.graph import LayerGraph, Node
from reportgen.models.identity import is_identity
from reportgen.results import FieldGeometry

Span = tuple[int, int]
"""Half-open, in pixels."""

Spans = tuple[Span | None, ...]
"""What each position along one axis can see; None for one that sees nothing, such as a padded zero."""

_POINTWISE = frozenset(
    {
        *("Activation", "ReLU", "LeakyReLU", "ELU", "PReLU", "BatchNormalization", "Dropout"),
        *("SpatialDropout2D", "GaussianNoise", "GaussianDropout", "ActivityRegularization", "Rescaling"),
        *("Normalization", "Identity", "Relu", "Relu6", "Silu", "Swish", "Gelu", "Elu", "Sigmoid", "Tanh"),
        *("HardSigmoid", "HardSilu", "HardSwish", "LeakyRelu", "Absolute", "Negative", "Square", "Sqrt"),
        *("Exp", "Log", "Clip", "Cast"),
        *("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Divide", "TrueDivide"),
    }
)
"""Layers and operations whose outputs at a position depend on that position of their inputs alone."""


@dataclass(frozen=True)
class Axis:
    """One axis of a layer's output: exact ``spans``, and the rule that they follow but for the edges.

    By the rule position i begins to see at i · ``stride`` − ``before`` and ends before i · ``stride`` +
    ``after``, if nothing is clipped. Without a rule (``stride`` 0) the spans alone count.
    """

    spans: Spans
    stride: int
    before: int
    after: int


@dataclass(frozen=True)
class Field:
    """What the positions of a layer's output can see. ``whole``: something looks at all positions at once."""

    rows: Axis
    columns: Axis
    whole: bool = False


def describe_field(graph: LayerGraph, end: int, *, as_run: bool = False) -> FieldGeometry:
    """The receptive fields of the neurons of one node, with its spans where no rule gives them.

    ``as_run``: a convolution whose weights pass its input on unchanged adds nothing. The rule is that of
    Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks"; of branches it
    is the union. Where it does not hold at every position, such as behind a global pooling, the spans are
    listed.
    """
    return summarise_field(find_fields(graph, end, as_run=as_run), _side(graph))


def find_fields(graph: LayerGraph, end: int, *, as_run: bool = False) -> Field:
    """What the positions of one node can see of the graph's input."""
    height, width, *_ = graph.nodes[0].shape
    fields = {0: Field(_begin(int(height or 0)), _begin(int(width or 0)))}
    for index, node in enumerate(graph.nodes[: end + 1]):
        if index:
            seen = [fields[ref.node] for ref in node.inputs]
            fields[index] = seen[0] if as_run and _hands_on(node) else _look(node, seen)
    return fields[end]


def summarise_field(field: Field, side: int) -> FieldGeometry:
    """A field as results have it: the larger of both axes, and spans where the rule does not give them."""
    # Results have one number for both; the other axis is listed if that does not give its spans.
    larger = max((field.rows, field.columns), key=lambda axis: axis.before + axis.after)
    geometry = FieldGeometry(
        size=max(larger.before + larger.after, 1),
        stride=max(larger.stride, 1),
        padding=max(larger.before, 0),
        whole=field.whole,
    )
    listed = {
        name: None if _follows(axis, geometry, side) else [each or (0, 0) for each in axis.spans]
        for name, axis in (("row_spans", field.rows), ("column_spans", field.columns))
    }
    return geometry.model_copy(update=listed)


def _follows(axis: Axis, geometry: FieldGeometry, side: int) -> bool:
    """Whether size, stride and padding give all spans of an axis."""
    for index, span in enumerate(axis.spans):
        start = index * geometry.stride - geometry.padding
        if span != (max(start, 0), min(start + geometry.size, side)):
            return False
    # Spans that cover the image follow from a large enough rule, too, but it would say nothing.
    return not geometry.whole


def _side(graph: LayerGraph) -> int:
    return int(graph.nodes[0].shape[0] or 0)


def _begin(length: int) -> Axis:
    return Axis(tuple((i, i + 1) for i in range(length)), 1, 0, 1)


def _hands_on(node: Node) -> bool:
    # Whatever comes before it, unlike in skip_identities(): a ReLU changes values, but no field.
    return node.kind == "Conv2D" and is_identity(node.layer)


def _look(node: Node, seen: Sequence[Field]) -> Field:
    """What a node sees, from what its inputs see."""
    if node.kind in _WINDOWS:
        return _slide(node, seen[0])
    if node.kind in ("ZeroPadding2D", "Cropping2D"):
        sign = 1 if node.kind == "ZeroPadding2D" else -1
        amounts = node.layer.padding if sign > 0 else node.layer.cropping
        rows, columns = (
            _shift(axis, sign * start, sign * stop)
            for axis, (start, stop) in zip((seen[0].rows, seen[0].columns), amounts, strict=True)
        )
        return Field(rows, columns, seen[0].whole)
    # What is not known is taken to see everything: a field may be reported too large, never too small.
    if len(node.shape) == 3 and _is_pointwise(node):
        return _join(seen, node)
    return _see_all(seen, node)


def _is_pointwise(node: Node) -> bool:
    if node.kind in ("Concatenate", "Concat"):
        # Along the channels: beside each other, not one after the other.
        return getattr(node.layer, "axis", None) in (-1, 3)
    if node.kind == "Flip":
        return node.layer.axis in (-1, 3)
    # On maps it weighs the channels of each position by themselves.
    if node.kind == "Dense":
        return True
    return node.kind in _POINTWISE


def _join(seen: Sequence[Field], node: Node) -> Field:
    """The union of branches; one with a single position is spread over all, and so everything is seen."""
    height, width = (int(size or 1) for size in node.shape[:2])
    rows, columns = (
        _unite(axes, length)
        for axes, length in (
            ([each.rows for each in seen], height),
            ([each.columns for each in seen], width),
        )
    )
    return Field(rows, columns, any(each.whole for each in seen))


def _unite(axes: Sequence[Axis], length: int) -> Axis:
    if len(axes) == 1 and len(axes[0].spans) == length:
        return axes[0]
    wide = [axis.spans if len(axis.spans) == length else (_hull(axis.spans),) * length for axis in axes]
    spans = tuple(_hull(each) for each in zip(*wide, strict=True))
    full = [axis for axis in axes if len(axis.spans) == length]
    # Branches of different strides, or one that was spread, follow no common rule.
    strides = {axis.stride for axis in full}
    ruled = len(full) == len(axes) and len(strides) == 1
    before, after = max(axis.before for axis in axes), max(axis.after for axis in axes)
    return Axis(spans, strides.pop() if ruled else 0, before, after)


def _see_all(seen: Sequence[Field], node: Node) -> Field:
    """What a node sees that may read all positions of its inputs: all that these see."""
    rows, columns = (
        _hull([span for axis in axes for span in axis.spans])
        for axes in ([each.rows for each in seen], [each.columns for each in seen])
    )
    height, width = (int(size or 1) for size in node.shape[:2]) if len(node.shape) == 3 else (1, 1)
    return Field(_spread(rows, height), _spread(columns, width), whole=True)


def _spread(span: Span | None, length: int) -> Axis:
    start, stop = span or (0, 0)
    return Axis((span,) * length, 0, -start, stop)


def _shift(axis: Axis, before: int, after: int) -> Axis:
    """An axis with so many positions more, or fewer if negative, at its beginning and its end."""
    spans = (None,) * max(before, 0) + axis.spans + (None,) * max(after, 0)
    spans = spans[max(-before, 0) : len(spans) - max(-after, 0)]
    # Position 0 has moved, and with it where the rule begins; what comes at the end moves nothing.
    return replace(
        axis, spans=spans, before=axis.before + before * axis.stride, after=axis.after - before * axis.stride
    )


@dataclass(frozen=True)
class Window:
    """A window along one axis: ``size`` taps, ``dilation`` apart, moved by ``stride``; zeros come before."""

    size: int
    stride: int
    dilation: int
    same: bool


def _slide(node: Node, seen: Field) -> Field:
    windows = _WINDOWS[node.kind](node.layer)
    rows, columns = (
        _slide_along(axis, window) for axis, window in zip((seen.rows, seen.columns), windows, strict=True)
    )
    return Field(rows, columns, seen.whole)


def _slide_along(axis: Axis, window: Window) -> Axis:
    count, reach = len(axis.spans), (window.size - 1) * window.dilation + 1
    # TensorFlow's: of an odd number of zeros the one more comes behind.
    if window.same:
        outputs = -(-count // window.stride)
        zeros = max((outputs - 1) * window.stride + reach - count, 0) // 2
    else:
        outputs, zeros = (count - reach) // window.stride + 1, 0
    spans = []
    for i in range(outputs):
        taps = (i * window.stride - zeros + k * window.dilation for k in range(window.size))
        # Zeros of the padding see nothing.
        spans.append(_hull([axis.spans[tap] for tap in taps if 0 <= tap < count]))
    return Axis(
        tuple(spans),
        axis.stride * window.stride,
        axis.before + zeros * axis.stride,
        axis.after + (reach - 1 - zeros) * axis.stride,
    )


def _hull(spans: Sequence[Span | None]) -> Span | None:
    known = [span for span in spans if span is not None]
    return (min(start for start, _ in known), max(stop for _, stop in known)) if known else None


def _read_windows(layer: Any, sizes: Sequence[int], strides: Sequence[int]) -> list[Window]:
    dilations = getattr(layer, "dilation_rate", None) or (1, 1)
    return [
        Window(size, stride, dilation, layer.padding == "same")
        for size, stride, dilation in zip(sizes, strides, dilations, strict=True)
    ]


def _convolving(layer: Any) -> list[Window]:
    return _read_windows(layer, layer.kernel_size, layer.strides)


def _pooling(layer: Any) -> list[Window]:
    return _read_windows(layer, layer.pool_size, layer.strides)


_WINDOWS: dict[str, Callable[[Any], list[Window]]] = {
    **dict.fromkeys(("Conv2D", "DepthwiseConv2D", "SeparableConv2D"), _convolving),
    **dict.fromkeys(("MaxPooling2D", "AveragePooling2D"), _pooling),
}
