"""A Keras model as a list of its layers' applications, those of nested models among them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from reportgen.errors import ExplanationError, SettingsError
from reportgen.models.identity import skip_identities
from reportgen.text import as_sentence, find_alike, propose

_SHOWN_NAMES = 12
"""Names of layers that a message lists at most: MobileNetV2 has 52 convolutions."""

_POINTWISE = ("BatchNormalization", "Activation", "ReLU", "Dropout", "SpatialDropout2D")
"""Layers that finish what a convolution began, before anything else reads it."""

_VGG_NAME = re.compile(r"block(\d+)_conv(\d+)")

_NO_SCOPE = re.compile(r"^[^A-Za-z0-9.]|[^A-Za-z0-9_.-]")
"""What TensorFlow's names of scopes may not have."""

Values = dict["Ref", Any]


def walk_layers(model: keras.Model) -> Iterator[Any]:
    """All layers of a model that have weights of their own, those of nested models among them."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from walk_layers(layer)
        else:
            yield layer


def count_inputs(layer: Any, weight: Any) -> int:
    """Inputs of one output of a layer's kernel; each channel of a depthwise one reads a single channel."""
    shape = weight.shape
    # Keras calls a depthwise kernel so only where there is a pointwise one beside it.
    depthwise = isinstance(layer, keras.layers.DepthwiseConv2D) or weight.name == "depthwise_kernel"
    return int(shape[0] * shape[1]) if depthwise else max(int(np.prod(shape[:-1])), 1)


@dataclass(frozen=True)
class Ref:
    """The output number ``output`` of the application number ``node``."""

    node: int
    output: int = 0


@dataclass(frozen=True)
class Node:
    """One application of a layer or of an operation of ``keras.ops``; the first node is the input.

    ``name`` is the layer's; if several have it, it begins with the nested model's name and a slash.
    ``arguments`` are those of the call, with a ``Ref`` for each tensor. ``shapes``: of each output, without
    the batch.
    """

    name: str
    layer: Any
    arguments: tuple[Any, Any]
    inputs: tuple[Ref, ...]
    shapes: tuple[tuple[int | None, ...], ...]

    @property
    def kind(self) -> str:
        """The name of the layer's class."""
        return type(self.layer).__name__ if self.layer is not None else "InputLayer"

    @property
    def shape(self) -> tuple[int | None, ...]:
        """That of the only output."""
        return self.shapes[0]

    @property
    def convolution(self) -> bool:
        """Whether it is a convolution of images, of any kind."""
        return self.kind in ("Conv2D", "DepthwiseConv2D", "SeparableConv2D") and len(self.shape) == 3


class LayerGraph:
    """The applications of all layers between one input and one output, each after those it reads.

    Nested models are opened, so that a layer inside one is found, explained and redrawn like any other. A
    model that is written as a class, whose layers Keras does not know in advance, stays one node.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = list(nodes)
        self._readers: dict[int, list[int]] = {}
        for index, node in enumerate(self.nodes):
            for ref in node.inputs:
                self._readers.setdefault(ref.node, []).append(index)

    @classmethod
    def read(cls, model: Any) -> LayerGraph:
        """The graph of a functional or sequential model. Raises ``ExplanationError`` for any other one."""
        if not getattr(model, "inputs", None) or len(model.inputs) != 1 or len(model.outputs) != 1:
            raise ExplanationError(
                f"The network '{model.name}' is no functional Keras model with one input and one output.",
                "Build it with keras.Model(inputs, outputs) or keras.Sequential.",
            )
        shape = tuple(model.inputs[0].shape[1:])
        nodes = [Node(model.inputs[0].name, None, ((), {}), (), (shape,))]
        seen = {id(model.inputs[0]): Ref(0)}
        _append(model.outputs, seen, nodes, "")
        # A model for images of any size within one of ours: its own tensors have no rows and columns.
        if any(None in shape for node in nodes for shape in node.shapes) and None not in shape:
            nodes = _with_shapes(nodes)
        # The names of nested models are given only where a layer's own name is ambiguous.
        own = Counter(node.name.rpartition("/")[2] for node in nodes)
        short = (node.name.rpartition("/")[2] for node in nodes)
        return cls(
            [
                replace(node, name=name) if own[name] == 1 else node
                for node, name in zip(nodes, short, strict=True)
            ]
        )

    @property
    def chain(self) -> bool:
        """Whether each layer reads nothing but the output of the one before it."""
        return all(node.inputs == (Ref(index),) for index, node in enumerate(self.nodes[1:]))

    def chain_to(self, end: int) -> list[Any] | None:
        """The layers up to a node if they are a chain, else None."""
        nodes = self.nodes[1 : end + 1]
        plain = all(node.inputs == (Ref(index),) for index, node in enumerate(nodes))
        return [node.layer for node in nodes] if plain else None

    def convolutions(self, end: int | None = None) -> list[Node]:
        """Those that a node depends on, or all; in topological order."""
        behind = range(len(self.nodes)) if end is None else sorted(self._behind(end))
        return [self.nodes[index] for index in behind if self.nodes[index].convolution]

    def find(self, name: str) -> int:
        """The index of a layer by name; within a nested model its own name is enough if it is the only one.

        Raises ``SettingsError``, naming those that are spelt alike and the convolutions there are.
        """
        found = [index for index, node in enumerate(self.nodes) if node.name == name]
        found = found or [
            index for index, node in enumerate(self.nodes) if node.name.rpartition("/")[2] == name
        ]
        if len(found) == 1:
            return found[0]
        convolutions = [node.name for node in self.nodes if node.convolution]
        if found:
            problem = f"the layer '{name}' is there {len(found)} times"
            near = [self.nodes[index].name for index in found]
        else:
            problem = f"the network has no layer '{name}'"
            near = find_alike(name, [node.name for node in self.nodes[1:]])
        raise SettingsError(
            f"layers: {problem}. {as_sentence(propose(*near))}".rstrip(),
            f"Its convolution layers are {_list(convolutions)}.",
        )

    def find_neurons(self, name: str) -> int:
        """The index of the node whose outputs are a layer's neurons.

        Those of a convolution are counted behind its normalisation and its ReLU, where these are layers of
        their own that nothing bypasses. Raises ``SettingsError`` for a layer without rows and columns.
        """
        index = self.find(name)
        node = self.nodes[index]
        if len(node.shape) != 3 or None in node.shape:
            raise SettingsError(
                f"layers: '{name}' has outputs of the shape {node.shape}, and no rows and columns.",
                f"Its convolution layers are {_list([each.name for each in self.convolutions()])}.",
            )
        while not is_rectified(self.nodes[index]):
            readers = self._readers.get(index, [])
            following = self.nodes[readers[0]] if len(readers) == 1 else None
            if following is None or following.kind not in _POINTWISE or len(following.inputs) != 1:
                break
            index = readers[0]
        # Where no ReLU follows, the neurons are those of the convolution itself, before its normalisation.
        return index if is_rectified(self.nodes[index]) else self.find(name)

    def run(
        self,
        image: Any,
        end: int,
        *,
        known_outputs: Mapping[int, Any] | None = None,
        apply: Callable[[Node, Any, Any], Any] | None = None,
    ) -> Any:
        """The output of the node ``end`` for a batch of images.

        ``known_outputs``: those of some nodes, by index, which are taken as they are; ``apply`` (node,
        arguments, keywords) computes a node in its own way.
        """
        values: Values = {Ref(0): image}
        known = dict(known_outputs or {})
        values |= {Ref(index): value for index, value in known.items()}
        # Nodes are numbered in the order in which they can be computed.
        for index in sorted(self._behind(end, set(known))):
            if Ref(index) in values:
                continue
            node = self.nodes[index]
            args, kwargs = _fill_in(node, values)
            # By its name messages on the operations of TensorFlow's graph name the layer.
            with tf.name_scope(_NO_SCOPE.sub("_", node.name.rpartition("/")[2])):
                outputs = apply(node, args, kwargs) if apply else node.layer(*args, **kwargs)
            for k, output in enumerate(outputs if isinstance(outputs, list | tuple) else [outputs]):
                values[Ref(index, k)] = output
        return values[Ref(end)]

    def _behind(self, end: int, known: set[int] | None = None) -> set[int]:
        """The nodes that one depends on, itself among them, down to those that are known."""
        found: set[int] = set()
        waiting = [end]
        while waiting:
            index = waiting.pop()
            if index not in found:
                found.add(index)
                if index not in (known or ()):
                    waiting += [ref.node for ref in self.nodes[index].inputs]
        return found

    def runs(self, end: int) -> Iterator[Node]:
        """The nodes that one depends on, in topological order, without the input."""
        yield from (self.nodes[index] for index in sorted(self._behind(end)) if index)

    def block_indices(self, end: int) -> dict[str, tuple[int, int]]:
        """Block and number, both from 1, of each layer with a kernel that a node depends on.

        Names such as VGG's ``block5_conv3`` say both. Otherwise a block is what works at one resolution, as
        VGG's blocks do between their poolings: layers are grouped by the rows of their outputs, in the order
        in which these first come up.
        """
        matches = {node.name: _VGG_NAME.fullmatch(node.name) for node in self.runs(end) if has_kernel(node)}
        # All or none: numbers from names and numbers that are counted would come up twice.
        if all(matches.values()):
            return {name: (int(each[1]), int(each[2])) for name, each in matches.items() if each}
        heights: list[int | None] = []
        counted: Counter[int] = Counter()
        found: dict[str, tuple[int, int]] = {}
        for node in self.runs(end):
            if has_kernel(node):
                # Behind a global pooling there are no rows; such a gate belongs to the block it is in.
                height = (
                    node.shape[0] if len(node.shape) == 3 and node.shape[0] != 1 else (heights or [1])[-1]
                )
                if height not in heights:
                    heights.append(height)
                block = heights.index(height) + 1
                counted[block] += 1
                found[node.name] = (block, counted[block])
        return found

    def without_identities(self, end: int) -> list[Any] | None:
        """The layers of a chain without identities; None if it is no chain."""
        layers = self.chain_to(end)
        return None if layers is None else skip_identities(layers)


def has_kernel(node: Node) -> bool:
    """Whether a layer has weights that are more than one number a channel."""
    return any(len(weight.shape) > 1 for weight in getattr(node.layer, "weights", ()))


def is_rectified(node: Node) -> bool:
    """Whether a node's outputs come from a ReLU, judging by its layer, and so are not negative."""
    name = getattr(getattr(node.layer, "activation", None), "__name__", "")
    # The former are classes of keras.ops, the latter functions of keras.activations.
    if node.kind in ("Relu", "Relu6") or name in ("relu", "relu6"):
        return True
    # Keras's ReLU layer may be leaky, or begin elsewhere than at 0.
    return node.kind == "ReLU" and not node.layer.negative_slope and not node.layer.threshold


def _append(outputs: Sequence[Any], seen: dict[int, Ref], nodes: list[Node], prefix: str) -> None:
    """Append the applications behind Keras's symbolic ``outputs``; ``seen``: refs of those known by id.

    Without recursion along the network: ResNet50 is deeper than Python's stack would like.
    """
    waiting = [(tensor, False) for tensor in reversed(outputs)]
    while waiting:
        tensor, expanded = waiting.pop()
        if id(tensor) in seen:
            continue
        # Private parts of Keras, whose version pyproject.toml bounds; tests/test_private_parts.py names them.
        history = tensor._keras_history
        call = history.operation._inbound_nodes[history.node_index]
        if not expanded:
            waiting.append((tensor, True))
            waiting += [(each, False) for each in reversed(call.input_tensors) if id(each) not in seen]
            continue
        operation, name = history.operation, prefix + history.operation.name
        # A model that can be opened has both; a plain layer has neither.
        if getattr(operation, "inputs", None) and getattr(operation, "outputs", None):
            # Not in seen: a model that is applied twice has the same inner tensors both times, and two outer
            # inputs.
            inner = {
                id(own): seen[id(outer)]
                for own, outer in zip(operation.inputs, call.input_tensors, strict=True)
            }
            _append(operation.outputs, inner, nodes, f"{name}/")
            refs = [inner[id(own)] for own in operation.outputs]
        else:
            refs = [Ref(len(nodes), k) for k in range(len(call.outputs))]
            nodes.append(_as_node(name, operation, call, seen))
        seen |= {id(each): ref for each, ref in zip(call.outputs, refs, strict=True)}


def _fill_in(node: Node, values: Values) -> Any:
    """Arguments and keywords of a call, with each ``Ref`` replaced by its value."""
    return keras.tree.map_structure(
        lambda item: values[item] if isinstance(item, Ref) else item, node.arguments
    )


def _with_shapes(nodes: Sequence[Node]) -> list[Node]:
    """The nodes of a model for images of any size, with the shapes that they have for the input's size."""
    values: Values = {Ref(0): keras.KerasTensor((None, *nodes[0].shape))}
    found = [nodes[0]]
    for index, node in enumerate(nodes[1:], 1):
        args, kwargs = _fill_in(node, values)
        # By Keras's symbolic call: nothing is computed for a shape.
        outputs = node.layer.compute_output_spec(*args, **kwargs)
        listed = outputs if isinstance(outputs, list | tuple) else [outputs]
        values |= {Ref(index, k): output for k, output in enumerate(listed)}
        found.append(replace(node, shapes=tuple(tuple(each.shape[1:]) for each in listed)))
    return found


def _as_node(name: str, operation: Any, call: Any, seen: Mapping[int, Ref]) -> Node:
    arguments = call.arguments.convert(
        lambda item: seen[id(item)] if isinstance(item, keras.KerasTensor) else item
    )
    return Node(
        name,
        operation,
        arguments,
        tuple(seen[id(tensor)] for tensor in call.input_tensors),
        tuple(tuple(tensor.shape[1:]) for tensor in call.outputs),
    )


def _list(names: Sequence[str]) -> str:
    listed = names if len(names) <= _SHOWN_NAMES else [*names[:3], "…", *names[-(_SHOWN_NAMES - 3) :]]
    return ", ".join(listed) if listed else "none"
