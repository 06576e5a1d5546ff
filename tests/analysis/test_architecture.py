"""Architectures as data: sizes against a hand calculation, and what does not fit refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reportgen.analysis.architecture import (
    DEFAULT_ARCHITECTURES,
    Architecture,
    Layer,
    find_geometry,
    trace,
    trace_whole,
)
from reportgen.errors import SettingsError
from reportgen.settings import load_settings, understand_settings

SHEET = {
    # By hand: (224 - 11) / 4 + 1 = 54.25, which is 54; (54 - 3) / 2 + 1 = 26.5, which is 26; and so on.
    "Network 1": [(54, 54, 8), (26, 26, 8), (22, 22, 16), (10, 10, 16), (1600,), (128,), (5,)],
    "Network 2": [
        *[(54, 54, 8), (26, 26, 8), (22, 22, 16), (10, 10, 16), (8, 8, 32), (3, 3, 32)],
        *[(288,), (128,), (5,)],
    ],
    "Network 3": [
        *[(54, 54, 8), (26, 26, 8), (22, 22, 16), (10, 10, 16), (8, 8, 32), (6, 6, 64), (2, 2, 64)],
        *[(256,), (128,), (5,)],
    ],
}

PARAMETERS = {
    "Network 1": [8 * 364, 0, 16 * 201, 0, 0, 1601 * 128, 129 * 5],
    "Network 2": [8 * 364, 0, 16 * 201, 0, 32 * 145, 0, 0, 289 * 128, 129 * 5],
    "Network 3": [8 * 364, 0, 16 * 201, 0, 32 * 145, 64 * 289, 0, 0, 257 * 128, 129 * 5],
}


@pytest.mark.parametrize("architecture", DEFAULT_ARCHITECTURES, ids=lambda each: str(each.name))
def test_the_networks_of_the_sheet_have_the_sizes_of_a_hand_calculation(architecture: Architecture) -> None:
    traced = trace_whole(architecture, 5)

    assert [each.output_shape for each in traced] == SHEET[architecture.name]
    assert [each.parameters for each in traced] == PARAMETERS[architecture.name]
    # The first convolution: at each of 54 x 54 places 8 sums of 11 x 11 x 3 products.
    assert traced[0].operations == 2 * 54 * 54 * 8 * 11 * 11 * 3
    assert traced[-1].operations == 2 * 128 * 5


def test_padding_and_batch_norm_count() -> None:
    layers = [
        Layer(layer="conv", filters=4, size=5, stride=3, padding=2, activation="linear"),
        Layer(layer="batch_norm"),
        Layer(layer="activation", activation="relu"),
        Layer(layer="dropout", rate=0.5),
    ]

    traced = trace(layers, (10, 11, 3))

    # (10 - 5 + 4) / 3 + 1 = 4, (11 - 5 + 4) / 3 + 1 = 4.33, which is 4.
    assert [each.output_shape for each in traced] == [(4, 4, 4)] * 4
    assert [each.parameters for each in traced] == [4 * 76, 16, 0, 0]


def test_receptive_fields_are_those_of_a_walk_down_the_layers() -> None:
    for architecture in DEFAULT_ARCHITECTURES:
        layers = [layer for layer in architecture.layers if layer.size]
        geometry = find_geometry(layers)
        for index in (0, 3):
            low = high = index
            for layer in reversed(layers):
                low = low * (layer.stride or 1) - (layer.padding or 0)
                high = high * (layer.stride or 1) - (layer.padding or 0) + (layer.size or 1) - 1
            assert low == index * geometry.stride - geometry.padding
            assert high + 1 - low == geometry.size


def conv(**more: Any) -> dict[str, Any]:
    return {"layer": "conv", "filters": 4, "size": 3, **more}


FLATTEN = {"layer": "flatten"}


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        (
            [conv(size=100, stride=60), conv(size=5), FLATTEN],
            "layer 2 (conv): size = 5 is more than the 3 × 3",
        ),
        ([conv(), {"layer": "dense", "units": 3}], "layer 2 (dense): it needs a list of numbers; put"),
        ([conv(), FLATTEN, {"layer": "pool", "size": 2}], "layer 3 (pool): it needs feature maps"),
        ([conv(), FLATTEN, FLATTEN], "layer 3 (flatten): the layer before it gives a list"),
        ([conv()], "ends in feature maps of 222 × 222 × 4"),
        ([FLATTEN], "has no conv layer"),
        ([conv(), FLATTEN, {"layer": "dense", "units": 9000}], "parameters; 50000000 are the most"),
        ([{"layer": "pool", "size": 2, "filters": 3}, FLATTEN], "a pool layer has no 'filters'"),
        ([{"layer": "conv", "size": 3}], "a conv layer needs filters"),
        ([conv(size=0)], "allowed is 1 to 224"),
        ([{"layer": "convolution"}], "allowed are 'conv', 'pool'"),
    ],
)
def test_what_does_not_fit_is_one_line_with_the_network_the_layer_and_a_remedy(
    layers: list[Any], said: str
) -> None:
    table = {"report": "architectures", "architectures": [{"name": "Mine", "layers": layers}]}

    with pytest.raises(SettingsError) as caught:
        understand_settings(table, "mine.toml")

    (line,) = caught.value.problem.splitlines()
    assert line.startswith("mine.toml: architectures 1")
    assert said in line


def test_a_file_names_networks_and_the_report_has_its_own_defaults(tmp_path: Path) -> None:
    file = tmp_path / "architectures.toml"
    file.write_text(
        'report = "architectures"\n[training]\nepochs = 5\n[[architectures]]\nname = "A"\n'
        'layers = [{ layer = "conv", filters = 2, size = 3 }, { layer = "flatten" }]\n'
    )

    settings: Any = load_settings(file)

    assert [each.table for each in settings.architectures] == [
        {
            "name": "A",
            "layers": [
                {
                    **{"layer": "conv", "filters": 2, "size": 3, "stride": 1, "padding": 0},
                    "activation": "relu",
                },
                {"layer": "flatten"},
            ],
        }
    ]
    assert (settings.training.epochs, settings.training.patience) == (5, 10)
    assert settings.show.colour is True
    file.write_text('report = "architectures"\n[show]\ncolour = false\n')
    assert load_settings(file).show.colour is False
    # The first report keeps grey and knows nothing of networks.
    assert understand_settings({}, "x").show.colour is False
    with pytest.raises(SettingsError, match="unknown key 'training'"):
        understand_settings({"training": {}}, "x")


def test_two_networks_of_one_name_are_refused() -> None:
    own = {"name": "A", "layers": [conv(), FLATTEN]}
    with pytest.raises(SettingsError, match="two networks are called 'A'"):
        understand_settings({"report": "architectures", "architectures": [own, own]}, "x")
