"""What all tests share: the surroundings of every command, one real VGG19."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from equipment import skip_what_prints

from reportgen.runtime import GARBAGE, configure_environment

if TYPE_CHECKING:
    from sharing import MakeOnce

    from reportgen.models.backbone import Backbone

collect_ignore = ["outside/brightness", "outside/plain", "outside/grad_cam", "outside/photometry"]
"""Packages of their own, whose rubrics are for reports and not for these tests."""

pytest_plugins = ["browser", "sharing", "finished_report", "survivors"]

# As every command does it, before anything imports TensorFlow or Keras.
configure_environment()


def pytest_configure() -> None:
    _hash_embedded_weights_once()
    # As in every process of reportgen.
    gc.set_threshold(*GARBAGE)


def _hash_embedded_weights_once() -> None:
    """Each project of a test has memories of its own, and would hash the same 59 MB again."""
    from reportgen.store import digests
    from reportgen.weights import embedded_path

    hash_file, embedded = digests.hash_file, embedded_path()
    known: dict[Path, digests.Digests] = {}

    def hash_once(path: Path) -> digests.Digests:
        if path == embedded and path not in known:
            known[path] = hash_file(path)
        return known.get(path) or hash_file(path)

    # Before any other module has imported it.
    vars(digests)["hash_file"] = hash_once


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--full",
        action="store_true",
        help="all kill points, all variations in the browser, identity with the real network",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without ``--full`` only the first and the last variation of each test is tried in the browser, and each
    forgery of the corpus in one place only.
    """
    skip_what_prints(items)
    if config.getoption("--full"):
        return
    for item in items:
        case = getattr(item, "callspec", None)
        if case and item.path.name.startswith("test_corpus_") and case.params.get("position") == 1:
            item.add_marker(pytest.mark.skip(reason="only with --full"))
    variations: dict[object, list[pytest.Item]] = {}
    for item in items:
        if "reader" in item.path.parts and isinstance(item, pytest.Function):
            variations.setdefault(item.function, []).append(item)
    for same in variations.values():
        for item in same[1:-1]:
            item.add_marker(pytest.mark.skip(reason="only with --full"))


@pytest.fixture(scope="session")
def full(pytestconfig: pytest.Config) -> bool:
    """Whether what takes long is wanted in full, not as a sample."""
    return bool(pytestconfig.getoption("--full"))


@pytest.fixture(scope="module", autouse=True)
def _quick_printing(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests of what is made again build dozens of reports, and ask only whether they are printed, not how."""
    if request.path.parent.name != "engine":
        yield
        return
    from stand_in import printing_nothing  # which imports TensorFlow

    with printing_nothing():
        yield


@pytest.fixture(scope="session")
def backbone() -> Backbone:
    """VGG19 with the embedded weights; shared, so no test may change it."""
    from reportgen.models.backbone import load_backbone

    return load_backbone("embedded")


@pytest.fixture(scope="session")
def drawn(make_once: MakeOnce) -> Path:
    """The folder of the sample images."""
    from reportgen.acquire.sample import draw_sample

    return make_once("sample", draw_sample)
