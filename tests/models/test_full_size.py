"""VGG19 at its full size, with seeded random weights in every form that Keras writes; only with --full."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from test_vgg_files import as_keras_2_weights

from reportgen import networks, weights
from reportgen.acquire.vgg19 import fetch_vgg19
from reportgen.models.backbone import Backbone, load_backbone
from reportgen.progress import Silent

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

SHAPE = (224, 224, 3)


@pytest.fixture(scope="module")
def whole(full: bool) -> Any:
    """Keras's own VGG19 with its 1000-class layer, every kernel and every bias random."""
    if not full:
        pytest.skip("VGG19's 574 MB in every form take long: make check-full")
    network = keras.applications.VGG19(weights=None)
    rng = np.random.default_rng(19)
    for weight in network.weights:
        scale = np.sqrt(2 / np.prod(weight.shape[:-1])) if len(weight.shape) > 1 else 0.05
        weight.assign(rng.standard_normal(weight.shape, dtype=np.float32) * np.float32(scale))
    return network


@pytest.fixture(scope="module")
def base(whole: Any) -> Any:
    """The same without the classifier part."""
    network = keras.applications.VGG19(weights=None, include_top=False, input_shape=SHAPE)
    for layer in network.layers:
        layer.set_weights(whole.get_layer(layer.name).get_weights() if layer.weights else [])
    return network


@pytest.fixture(scope="module")
def image() -> Any:
    return np.random.default_rng(1).normal(scale=60, size=(1, *SHAPE)).astype(np.float32)


def until(network: Any, layer: str) -> Any:
    return keras.Model(network.inputs, network.get_layer(layer).output)


def require_equal(backbone: Backbone, whole: Any, image: Any, *, with_top: bool) -> None:
    """Activations and features are Keras's own, bit for bit, and not those of an empty network."""
    activations = until(whole, "block5_conv4")(image).numpy()
    assert (activations > 0).mean() > 0.1
    np.testing.assert_array_equal(backbone.convolutions(image), activations)
    features = until(whole, "fc2")(image) if with_top else activations.mean(axis=(1, 2))
    assert backbone.feature_layer == ("fc2" if with_top else "block5_conv4")
    compare = np.testing.assert_array_equal if with_top else partial(np.testing.assert_allclose, rtol=1e-5)
    compare(backbone.network(image), features)


FORMS: dict[str, Callable[[Any, Path], None]] = {
    "legacy.h5": as_keras_2_weights,
    "vgg.weights.h5": lambda network, path: network.save_weights(path),
    "vgg.keras": lambda network, path: network.save(path),
    "whole.h5": lambda network, path: network.save(path),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("with_top", [True, False])
def test_every_form_gives_what_keras_gives(
    whole: Any, base: Any, image: Any, form: str, with_top: bool, tmp_path: Path
) -> None:
    path = tmp_path / form
    FORMS[form](whole if with_top else base, path)
    require_equal(load_backbone(str(path)), whole, image, with_top=with_top)
    path.unlink()


def test_own_layers_behind_the_convolutions_are_dropped(
    whole: Any, base: Any, image: Any, tmp_path: Path
) -> None:
    own = keras.Sequential([base, keras.layers.Flatten(), keras.layers.Dense(64), keras.layers.Dense(3)])
    path = tmp_path / "own.keras"
    own.save(path)
    backbone = load_backbone(str(path))
    path.unlink()
    require_equal(backbone, whole, image, with_top=False)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A web server in the place of Keras's: its folder and address."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    folder = tmp_path / "web"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("source", ["imagenet", "imagenet-notop"])
def test_what_is_downloaded_is_what_keras_reads(
    whole: Any,
    base: Any,
    image: Any,
    source: str,
    server: tuple[Path, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, address = server
    with_top = source == "imagenet"
    name = weights.IMAGENET_FILE if with_top else networks.NOTOP_FILE
    as_keras_2_weights(whole if with_top else base, folder / name)
    md5 = hashlib.md5((folder / name).read_bytes(), usedforsecurity=False).hexdigest()
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(weights, "IMAGENET_URL", address)
    monkeypatch.setattr(weights, "IMAGENET_MD5" if with_top else "NOTOP_MD5", md5)
    path = fetch_vgg19(Silent(), source)
    assert path == tmp_path / "keras/models" / name
    assert weights.resolve_source("auto").source == source
    require_equal(load_backbone(source), whole, image, with_top=with_top)
    theirs = keras.applications.VGG19(
        weights=str(path), include_top=with_top, input_shape=None if with_top else SHAPE
    )
    np.testing.assert_array_equal(until(theirs, "block5_conv4")(image), until(whole, "block5_conv4")(image))
