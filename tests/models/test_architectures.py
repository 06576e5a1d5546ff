"""Networks beside VGG19: how they are opened, what is refused, and that running them whole is the same."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from reportgen.analysis.attribution import METHODS, Effort, ImageExplainer, ScoredNetwork
from reportgen.analysis.chain import RecordedImage
from reportgen.analysis.neurons import rank_neurons
from reportgen.analysis.occlusion import Replaced
from reportgen.analysis.whole import (
    WholeImage,
    WholeOcclusion,
    WholeScores,
    WholeView,
    build_scored,
    occlude_network,
    record_image,
)
from reportgen.errors import SettingsError, WeightsError
from reportgen.models.architectures import (
    _begin_with_preprocessing,
    _fill_at_random,
    load_network,
    open_model,
)
from reportgen.models.backbone import Backbone, preprocess
from reportgen.models.graph import LayerGraph, count_inputs, walk_layers
from reportgen.networks import ARCHITECTURES, NetworkChoice, Preprocessing
from reportgen.results import Box
from reportgen.sections.channels.compute import find_evidence
from reportgen.sections.randomisation.network import Whole, open_network
from reportgen.settings import load_settings
from reportgen.verify.choices import _network
from reportgen.verify.recomputation import find_weights
from reportgen.weights import Weights, locate_weights, random_digest, resolve_source

MEAN = np.array([123.68, 116.779, 103.939], np.float32)


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(4).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)


def branched() -> Any:
    """A residual block with normalisation and a nested model, for images from 0 to 255."""
    image = keras.Input((None, None, 3))
    first = keras.layers.Conv2D(6, 7, strides=8, activation="relu", name="first")(image)
    inner = keras.Sequential(
        [keras.Input((28, 28, 6)), keras.layers.Conv2D(6, 3, padding="same", name="within")], name="inner"
    )
    normal = keras.layers.BatchNormalization(name="normal")(inner(first))
    added = keras.layers.Add(name="added")([first, keras.layers.ReLU(name="rectified")(normal)])
    last = keras.layers.Conv2D(5, 3, strides=2, name="last")(added)
    average = keras.layers.GlobalAveragePooling2D()(keras.ops.relu(last))
    return keras.Model(image, keras.layers.Dense(3, activation="softmax")(average), name="branched")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    keras.utils.set_random_seed(2)
    model = branched()
    path = tmp_path_factory.mktemp("own") / "own.keras"
    model.save(path)
    return path, model


@pytest.fixture(scope="module")
def network(own: tuple[Path, Any]) -> Backbone:
    choice = NetworkChoice(str(own[0]))
    return load_network(choice, locate_weights(str(own[0]), None, choice))


def test_a_file_of_ones_own_gives_what_its_output_layer_stands_on(
    own: tuple[Path, Any], network: Backbone, pixels: np.ndarray
) -> None:
    """Its images are R, G, B from 0 to 255, though those of a report come as VGG19 wants them."""
    model = own[1]
    wanted = keras.Model(model.input, model.layers[-1].input)(pixels.astype(np.float32)).numpy()

    (found,) = network.features(iter([pixels]))

    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())
    assert (network.layers, network.pooled) == (("last",), True)
    assert network.weights.architecture == "own.keras"


@pytest.mark.parametrize(
    ("layer", "shape"),
    [("within", (28, 28, 6)), ("first", (28, 28, 6)), ("added", (28, 28, 6)), ("last", (13, 13, 5))],
)
def test_neurons_are_counted_behind_normalisation_and_relu(
    own: tuple[Path, Any], network: Backbone, pixels: np.ndarray, layer: str, shape: tuple[int, ...]
) -> None:
    """``within`` lies in a nested model, ``last`` has its ReLU from keras.ops, ``added`` has none."""
    model = own[1]
    ends = {"within": "rectified"}.get(layer, layer)
    wanted = keras.Model(model.input, model.get_layer(ends).output)(pixels[:1].astype(np.float32)).numpy()

    found = network.explain(layer)(preprocess(pixels[:1])).numpy()

    assert network.shape_of(layer) == shape == found.shape[1:]
    np.testing.assert_allclose(found, np.maximum(wanted, 0), rtol=1e-3, atol=1e-3 * np.abs(wanted).max())


def test_gradients_of_a_graph_are_those_of_the_model(
    own: tuple[Path, Any], network: Backbone, pixels: np.ndarray
) -> None:
    model, image = own[1], preprocess(pixels)[0]
    activations = network.explain("within")(image[np.newaxis])[0].numpy()
    position = rank_neurons(activations, 1)[0]
    whole = keras.Model(model.input, model.get_layer("rectified").output)
    # B, G, R less the mean goes in, so the colours of the gradient are turned round.
    source = tf.constant(pixels[:1].astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(source)
        neuron = whole(source)[(0, *position)]
    wanted = tape.gradient(neuron, source)[0].numpy()[..., ::-1]

    recorded = record_image(network, "within", image)
    view = WholeView(network, "within", image, position)

    assert isinstance(recorded, WholeImage)
    np.testing.assert_allclose(recorded.gradient(position), wanted, rtol=1e-3, atol=1e-4 * wanted.max())
    value, guided, plain = view.explain({})
    assert value == pytest.approx(activations[position], rel=1e-4)
    np.testing.assert_allclose(plain, wanted, rtol=1e-3, atol=1e-4 * wanted.max())
    assert np.abs(guided - plain).max() > 0.01 * np.abs(plain).max()
    redrawn = Whole(network, "within").redraw(1, seed=5)
    reported = view.explain(redrawn)
    assert view.explain({})[0] == value  # nothing was left in the network
    replaced = [weight for weight in network.network.weights if id(weight) in redrawn]
    assert len(replaced) == 8  # two convolutions and a normalisation
    before = [weight.numpy() for weight in replaced]
    for weight in replaced:
        weight.assign(redrawn[id(weight)])
    try:
        other = WholeView(network, "within", image, position).explain({})
    finally:
        for weight, old in zip(replaced, before, strict=True):
            weight.assign(old)
    for one, two in zip(reported, other, strict=True):
        first, second = np.asarray(one), np.asarray(two)
        np.testing.assert_allclose(first, second, rtol=1e-4, atol=1e-5 * np.abs(second).max())
    assert np.abs(reported[2] - plain).max() > 0.1 * np.abs(plain).max()


def test_occlusion_of_a_graph_is_a_forward_pass_of_the_changed_image(
    network: Backbone, pixels: np.ndarray
) -> None:
    image, box = preprocess(pixels)[0], Box(rows=(20, 90), cols=(0, 70))
    changed = image.copy()
    changed[20:90, 0:70] = 0
    occluded = occlude_network(network, "added", 224)
    assert isinstance(occluded, WholeOcclusion)
    base = occluded.record(image)
    position = rank_neurons(base[-1], 1)[0]

    found = occluded.replace([Replaced(base, np.zeros_like(image), box)] * 9, position)

    wanted = network.explain("added")(changed[np.newaxis])[0].numpy()[position]
    np.testing.assert_allclose(found, [wanted] * 9, rtol=1e-4)


def test_channels_of_a_graph_share_what_does_not_pass_the_layer_by(
    own: tuple[Path, Any], network: Backbone, pixels: np.ndarray
) -> None:
    """The sum of all parts is the score; by finite differences a channel's part is its slope times itself."""
    from reportgen.models.head import write_head
    from reportgen.sections.transfer.analysis import build_head

    image, head = preprocess(pixels)[0], build_head(5, 2, seed=1)
    there = replace(network, layers=("rectified",))
    output = there.explained(image[np.newaxis])[0].numpy()

    evidence = find_evidence(there, write_head(head), output, image)

    features = next(network.features(iter([pixels[:1]])))
    scores = features @ head.get_weights()[0]
    total = evidence.contributions.sum(axis=1) + evidence.biases
    np.testing.assert_allclose(total, scores[0], rtol=1e-3, atol=1e-3)
    assert np.abs(evidence.biases).max() > 0.01  # the branch beside the layer


@pytest.mark.long
@pytest.mark.slow
def test_vgg16_is_vgg19_without_identities_and_whole_as_well_as_in_windows(
    backbone: Backbone, pixels: np.ndarray
) -> None:
    """The embedded weights are of VGG16's layers: its features are VGG19's, to the last bit. Run as a graph
    instead of as a chain, all that is said of a neuron and of a decision stays the same.
    """
    choice = NetworkChoice("VGG16")
    vgg16 = load_network(choice, locate_weights("embedded", None, choice))
    (features,), (wanted,) = (list(each.features(iter([pixels]))) for each in (vgg16, backbone))
    np.testing.assert_array_equal(features, wanted)
    layer, image = vgg16.layers[0], preprocess(pixels)[0]
    position = rank_neurons(vgg16.explained(image[np.newaxis])[0].numpy(), 1)[0]

    recorded = record_image(vgg16, layer, image)
    assert isinstance(recorded, RecordedImage)
    gradient = recorded.gradient(position)
    whole = WholeImage(vgg16.explain(layer), image).gradient(position)
    np.testing.assert_allclose(whole, gradient, rtol=0, atol=1e-5 * np.abs(gradient).max())

    chain, graph = open_network(vgg16, layer), Whole(vgg16, layer)
    assert chain.describe() == graph.describe()
    ours: Any = chain.view(image, position)
    theirs = graph.view(image, position)
    for block in (None, 3):
        reported = ours.explain({} if block is None else chain.redraw(block, 6))
        same = theirs.explain({} if block is None else graph.redraw(block, 6))
        assert same[0] == pytest.approx(reported[0], rel=1e-4)
        rows, cols = (slice(*span) for span in (ours.field.rows, ours.field.cols))
        for one, other in zip(reported[1:], same[1:], strict=True):
            np.testing.assert_allclose(other[rows, cols], one, rtol=0, atol=1e-4 * np.abs(one).max())

    rng = np.random.default_rng(0)
    kernel, bias = rng.normal(size=(512, 2)).astype(np.float32), np.zeros(2, np.float32)
    from reportgen.models.head import write_head
    from reportgen.sections.transfer.analysis import build_head

    head = build_head(512, 2, seed=1)
    head.set_weights([kernel, bias])
    scored = build_scored(vgg16, write_head(head))
    assert type(scored) is ScoredNetwork
    both = scored, WholeScores(vgg16, layer, kernel, bias)
    for method in ("gradient", "deconvnet", "guided", "grad_cam"):
        assert method in METHODS
        maps = [ImageExplainer(each, image, 1, Effort()).explain(method) for each in both]
        np.testing.assert_allclose(maps[1], maps[0], rtol=0, atol=1e-4 * np.abs(maps[0]).max())


@pytest.mark.parametrize("layer", ["last", "first"])
def test_the_evidence_for_every_class_is_weighed_where_branches_are(
    own: tuple[Path, Any], network: Backbone, pixels: np.ndarray, layer: str
) -> None:
    """Grad-CAM of all classes at once, of a layer that ends the network and of one that a branch goes past.
    Red if the image is taken for the feature maps: the map then has 224 rows.
    """
    model, raw = own[1], pixels[:1].astype(np.float32)
    rng = np.random.default_rng(5)
    kernel, bias = rng.normal(size=(5, 3)).astype(np.float32), rng.normal(size=3).astype(np.float32)
    with tf.GradientTape(persistent=True) as tape:
        first = model.get_layer("first")(raw)
        tape.watch(first)
        inner = model.get_layer("normal")(model.get_layer("inner")(first), training=False)
        last = model.get_layer("last")(first + tf.nn.relu(inner))
        average = tf.reduce_mean(tf.nn.relu(last), axis=(1, 2))[0]
        scores = [tf.reduce_sum(average * kernel[:, c]) for c in range(3)]
    maps = {"first": first, "last": last}[layer]
    wanted = []
    for c in range(3):
        if layer == "first":
            slopes = tape.gradient(scores[c], first).numpy().mean(axis=(1, 2))[0]
        else:
            # Where its ReLU is open, the score rises by the kernel's entry over the number of positions.
            slopes = kernel[:, c] / (13 * 13) * (last.numpy()[0] > 0).mean(axis=(0, 1))
        wanted.append(np.maximum((maps.numpy()[0] * slopes).sum(axis=-1), 0))
    assert all(each.any() for each in wanted), "a flat map would show nothing"

    scored = WholeScores(network, layer, kernel, bias)
    found = scored.weigh_every_class(preprocess(pixels[:1])[0])

    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())
    for c in range(3):
        np.testing.assert_allclose(scored.weigh_maps(preprocess(pixels[:1])[0], c), found[c], rtol=1e-5)


def test_a_layer_that_is_not_there_is_answered_with_those_that_are(network: Backbone) -> None:
    with pytest.raises(SettingsError) as caught:
        network.graph.find_neurons("witin")

    assert "no layer 'witin'" in caught.value.problem
    assert "Did you mean 'within" in caught.value.problem
    assert "first, within, last" in caught.value.remedy
    with pytest.raises(SettingsError, match="no rows and columns"):
        network.graph.find_neurons(network.graph.nodes[-1].name)


def test_a_layer_that_is_applied_twice_is_not_one_layer() -> None:
    image = keras.Input((8, 8, 3))
    shared = keras.layers.Conv2D(3, 3, padding="same", name="shared")
    with pytest.raises(SettingsError, match="there 2 times"):
        LayerGraph.read(keras.Model(image, shared(shared(image)))).find("shared")


def forge(path: Path, change: Any, source: Path) -> Path:
    """A copy of a .keras file with another configuration."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for item in old.infolist():
            content = old.read(item)
            if item.filename == "config.json":
                config = json.loads(content)
                change(config)
                content = json.dumps(config).encode()
            new.writestr(item, content)
    return path


EXECUTED: list[str] = []


class Canary(keras.layers.Layer):  # type: ignore[misc]
    """Tells if anybody builds it."""

    def __init__(self, **options: Any) -> None:
        EXECUTED.append("built")
        super().__init__(**options)

    def call(self, signal: Any) -> Any:
        return signal


def _function(config: Any) -> None:
    config["config"]["layers"][1]["config"]["activation"] = {
        "module": "keras.utils", "class_name": "function", "config": "get_file",
        "registered_name": "get_file",
    }  # fmt: skip


def _stranger(config: Any) -> None:
    config["config"]["layers"][1] |= {
        "module": Canary.__module__, "class_name": "Canary", "registered_name": None,
    }  # fmt: skip


def _from_keras(config: Any) -> None:
    config["config"]["layers"][1] |= {"module": "keras.utils", "class_name": "get_file"}


@pytest.mark.parametrize("change", [_function, _stranger, _from_keras])
def test_nothing_but_layers_is_loaded_from_a_file(change: Any, own: tuple[Path, Any], tmp_path: Path) -> None:
    EXECUTED.clear()
    with pytest.raises(WeightsError, match="which is not loaded"):
        open_model(forge(tmp_path / "forged.keras", change, own[0]))

    assert EXECUTED == []


def test_a_lambda_is_not_loaded(tmp_path: Path) -> None:
    layers = [keras.Input((224, 224, 3)), keras.layers.Conv2D(2, 3), keras.layers.Lambda(lambda x: x * 2)]
    keras.Sequential(layers).save(tmp_path / "lambda.keras")

    with pytest.raises(WeightsError, match="Lambda"):
        open_model(tmp_path / "lambda.keras")


def dense(*shape: int) -> Any:
    return keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(2)])


def joined() -> Any:
    images = [keras.Input((224, 224, 3)) for _ in range(2)]
    maps = keras.layers.Conv2D(2, 3)(keras.layers.Add()(images))
    return keras.Model(images, keras.layers.GlobalAveragePooling2D()(maps))


def forked() -> Any:
    image = keras.Input((224, 224, 3))
    means = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 3)(image))
    return keras.Model(image, [keras.layers.Dense(2)(means), keras.layers.Dense(3)(means)])


def unbuilt() -> Any:
    return keras.Sequential([keras.layers.Conv2D(2, 3), keras.layers.GlobalAveragePooling2D()])


def sequence() -> Any:
    return keras.Sequential([keras.Input((224, 3)), keras.layers.Conv1D(2, 3), keras.layers.Flatten()])


@pytest.mark.parametrize(
    ("build", "found", "remedy"),
    [
        (lambda: dense(12), "takes inputs of the shape (12,)", "224 × 224 pixels in three colours"),
        (
            lambda: dense(224, 224),
            "takes inputs of the shape (224, 224)",
            "224 × 224 pixels in three colours",
        ),
        (lambda: dense(224, 224, 3, 1), "takes inputs of the shape (224, 224, 3, 1)", "three colours"),
        (lambda: dense(96, 96, 3), "takes inputs of the shape (96, 96, 3)", "or of any size"),
        (sequence, "takes inputs of the shape (224, 3)", "224 × 224 pixels in three colours"),
        (joined, "has 2 inputs and 1 output", "keras.Model(image, output)"),
        (forked, "has 1 input and 2 outputs", "keras.Model(image, output)"),
        (unbuilt, "has 0 inputs and 0 outputs", "keras.Input"),
        (lambda: dense(224, 224, 3), "has no convolution of images below its output layer, but", "Conv2D"),
    ],
)
def test_a_network_that_no_report_can_be_about_is_one_error_with_its_file(
    build: Any, found: str, remedy: str, tmp_path: Path
) -> None:
    path = tmp_path / "strange.keras"
    build().save(path)
    choice = NetworkChoice(str(path))

    with pytest.raises(WeightsError) as caught:
        load_network(choice, locate_weights(str(path), None, choice))

    assert caught.value.problem.startswith(f"{path}: {found}")
    assert remedy in caught.value.remedy


def reported(architecture: str, source: str, sha256: str = "0" * 64) -> Weights:
    return Weights(source=source, name="x", sha256=sha256, note="", architecture=architecture)  # type: ignore[arg-type]


def test_verifying_takes_no_network_from_a_report(own: tuple[Path, Any]) -> None:
    """Only what the grader names is opened, and only if it is the file of the report."""
    path = str(own[0])
    assert find_weights(reported(path, "file"), "auto").file is None
    assert find_weights(reported(path, "random"), "auto").file is None
    assert find_weights(reported("own.keras", "file"), path).file is None  # another content
    right = locate_weights(path).sha256
    found = find_weights(reported("own.keras", "file", right), path)
    assert found.file is not None
    assert found.file.path == own[0]
    random = random_digest(NetworkChoice("ResNet50", seed=7))
    assert find_weights(reported("ResNet50", "random", random), "auto", seed=7).file is not None


def test_no_path_of_a_report_becomes_a_setting() -> None:
    from types import SimpleNamespace

    def results(architecture: str) -> Any:
        provenance = SimpleNamespace(weights=reported(architecture, "file"), layers=["first"])
        return SimpleNamespace(provenance=provenance)

    assert _network(results("/somewhere/evil.keras")) == {"layers": ["first"]}
    assert _network(results("ResNet50"))["architecture"] == "ResNet50"


@pytest.mark.parametrize("name", ["ResNet50", "MobileNetV2"])
def test_without_weights_the_error_says_how_to_get_them(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(WeightsError) as caught:
        resolve_source("auto", None, NetworkChoice(name))

    assert ARCHITECTURES[name].url in caught.value.remedy
    assert str(tmp_path) in caught.value.remedy
    assert 'weights = "random"' in caught.value.remedy
    assert resolve_source("random", None, NetworkChoice(name)).source == "random"


def test_the_published_files_are_those_that_keras_knows() -> None:
    from keras.src.applications import mobilenet_v2, resnet, vgg16

    for name, module in (("VGG16", vgg16), ("ResNet50", resnet), ("MobileNetV2", mobilenet_v2)):
        code = Path(str(module.__file__)).read_text(encoding="utf-8")
        known = ARCHITECTURES[name]
        assert known.md5 is None or known.md5 in code
        assert known.url.rpartition("/")[0].rpartition("/")[2] in code


def test_architectures_and_layers_are_settings_with_an_answer_to_typing_errors(tmp_path: Path) -> None:
    file = tmp_path / "report.toml"
    file.write_text('architecture = "resnet50"\n')
    with pytest.raises(SettingsError, match="did you mean 'ResNet50'"):
        load_settings(file)
    file.write_text('architecture = "mine.keras"\nlayers = ["a", "b"]\npreprocessing = "tf"\n')
    settings = load_settings(file)
    assert settings.network == NetworkChoice(str(tmp_path / "mine.keras"), ("a", "b"), "tf", 671)
    file.write_text('layers = ["a", "a"]\n')
    with pytest.raises(SettingsError, match="named twice"):
        load_settings(file)


def test_a_weight_without_an_axis_counts_in_the_fingerprint(tmp_path: Path) -> None:
    """Such as the count of a ``Normalization``, which EfficientNet begins with."""
    image = keras.Input((224, 224, 3))
    maps = keras.layers.Conv2D(4, 7, strides=8, activation="relu")(keras.layers.Normalization()(image))
    path = tmp_path / "counting.keras"
    keras.Model(image, keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(maps))).save(path)
    choice = NetworkChoice(str(path))
    loaded = load_network(choice, locate_weights(str(path), None, choice))
    (count,) = (weight for weight in loaded.network.weights if not len(weight.shape))
    before = loaded.fingerprint()
    count.assign(count + 1)
    assert len(before) == 64
    assert loaded.fingerprint() != before


def test_a_depthwise_kernel_has_the_inputs_of_one_channel_whatever_its_layer_is_called() -> None:
    """As Keras's own initialiser of He et al. would draw it, but for the truncation."""
    image = keras.Input((16, 16, 64))
    layers = [
        keras.layers.DepthwiseConv2D(5, name="dw"),
        keras.layers.SeparableConv2D(8, 3, name="sep"),
        keras.layers.Conv2D(4, 3, name="conv"),
    ]
    output = image
    for layer in layers:
        output = layer(output)
    model = keras.Model(image, output)
    counted = {
        weight.path: count_inputs(layer, weight)
        for layer in walk_layers(model)
        for weight in layer.weights
        if len(weight.shape) > 1
    }
    assert counted == {
        "dw/kernel": 25,
        "sep/depthwise_kernel": 9,
        "sep/pointwise_kernel": 64,
        "conv/kernel": 72,
    }
    _fill_at_random(model, 3)
    kernel = model.get_layer("dw").get_weights()[0]
    assert kernel.std() == pytest.approx(np.sqrt(2 / 25), rel=0.1)


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
def test_images_are_prepared_as_keras_prepares_them(mode: Preprocessing, pixels: np.ndarray) -> None:
    """What arrives is prepared as for VGG19; a layer in front makes of it what the network knows."""
    image = keras.Input((224, 224, 3))
    displayed = keras.Model(image, keras.layers.Activation("linear")(image))
    found = _begin_with_preprocessing(displayed, NetworkChoice("own.keras", preprocessing=mode))(
        preprocess(pixels)
    )
    wanted = keras.applications.imagenet_utils.preprocess_input(pixels.astype(np.float32), mode=mode)
    np.testing.assert_allclose(found, wanted, atol=1e-4 if mode == "caffe" else 1e-5)
