"""Which weights a build takes: told first, brought if asked for, hashed no oftener than needed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from stand_in import counting, load_stand_in, make_home
from typer.testing import CliRunner
from web_server import WebServer, send, serving

from reportgen import weights
from reportgen.cli.program import app
from reportgen.engine import pipeline
from reportgen.engine.preparation import preview
from reportgen.errors import PreflightError, UserError, WeightsError
from reportgen.models import backbone
from reportgen.models.backbone import Backbone
from reportgen.settings import Settings, load_settings
from reportgen.store import digests
from reportgen.store.digests import Digests, hash_file
from reportgen.weights import describe_weights, locate_weights, published

CONTENT = b"574 MB" * 1000


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project on a machine without weights in Keras's cache."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("REPORTGEN_MAKE", raising=False)
    monkeypatch.setattr(weights, "IMAGENET_MD5", hashlib.md5(CONTENT, usedforsecurity=False).hexdigest())
    return make_home(tmp_path / "home")


def settings_for(home: Path, source: str) -> Settings:
    return load_settings(folder=home, weights=source)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    """Stands for the server that Keras's files are on."""
    with serving() as server:
        server.answers = [send(CONTENT)]
        monkeypatch.setattr(weights, "IMAGENET_URL", server.url)
        yield server


@contextmanager
def small_network() -> Iterator[None]:
    """The small network in the place of whatever is read, with the hash of what was named."""

    def load(source: str) -> Backbone:
        return replace(load_stand_in(source), weights=describe_weights(locate_weights(source), with_top=True))

    with counting(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(backbone, "load_backbone", load)
        yield


class Heard:
    """Everything that a listener hears, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @contextmanager
    def stage(self, title: str, total: int | None = None) -> Iterator[Any]:
        self.lines.append(f"{title} {total}")
        yield lambda _count: None

    def say(self, message: str) -> None:
        self.lines.append(message)


@pytest.mark.long
def test_weights_that_are_less_than_the_assignments_are_told_before_anything_else(home: Path) -> None:
    heard = Heard()
    with counting():
        built = pipeline.build(settings_for(home, "auto"), home / "data", heard)

    assert heard.lines[0].startswith("Weights: embedded, not ImageNet's")
    assert "reportgen build --weights imagenet (downloads 574 MB)" in heard.lines[0]
    assert built.document["provenance"]["weights"]["source"] == "embedded"


@pytest.mark.parametrize(
    ("made", "command"),
    [
        ("", "reportgen build --settings {home}/report.toml --data 'my images' --weights imagenet"),
        ("make report DATA=x", "make report DATA=x WEIGHTS=imagenet"),
    ],
)
def test_the_line_has_the_command_to_type(
    home: Path, monkeypatch: pytest.MonkeyPatch, made: str, command: str
) -> None:
    monkeypatch.setenv("REPORTGEN_MAKE", made)
    (home / "report.toml").write_text("", encoding="utf-8")
    arguments = ["build", "--settings", f"{home}/report.toml", "--data", "my images"]

    ended = CliRunner().invoke(app, arguments)  # there are no such images

    assert isinstance(ended.exception, UserError)
    first = ended.stderr.splitlines()[0]
    assert first.startswith("Weights: embedded, not ImageNet's")
    assert first.endswith(f"For those: {command.format(home=home)} (downloads 574 MB).")


@pytest.mark.long
def test_a_build_with_weights_that_are_asked_for_brings_them_once(home: Path, server: WebServer) -> None:
    with small_network():
        built = pipeline.build(settings_for(home, "imagenet"), home / "data")
        again = pipeline.build(settings_for(home, "imagenet"), home / "data")

    assert published("imagenet").path.read_bytes() == CONTENT
    assert server.requests == [f"/{weights.IMAGENET_FILE}"]
    assert built.document["provenance"]["weights"]["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert built.document["provenance"]["weights"]["source"] == "imagenet"
    assert not again.changed


@pytest.mark.long
def test_automatic_weights_are_never_downloaded(home: Path, server: WebServer) -> None:
    with counting():
        pipeline.build(settings_for(home, "auto"), home / "data")
    assert server.requests == []


def test_a_dry_run_downloads_and_writes_nothing(home: Path, server: WebServer) -> None:
    before = sorted(home.parent.rglob("*"))

    lines = preview(settings_for(home, "imagenet"), home / "data")

    assert server.requests == []
    assert sorted(home.parent.rglob("*")) == before
    assert "would be downloaded first (574 MB)" in lines[0]
    assert any("transfer" in line for line in lines)


def test_offline_it_is_said_how_to_put_the_file_there_by_hand(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "IMAGENET_URL", "http://nowhere.invalid")
    with pytest.raises(UserError) as caught:
        pipeline.build(settings_for(home, "imagenet"), home / "data")
    assert "offline" in caught.value.problem or "failed" in caught.value.problem
    assert str(published("imagenet").path) in caught.value.remedy
    assert f"http://nowhere.invalid/{weights.IMAGENET_FILE}" in caught.value.remedy
    assert not (home / "build/report.html").exists()


@pytest.mark.long
def test_a_build_with_nothing_to_do_does_not_read_the_large_file(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = write_vgg19(tmp_path / "mine.h5")
    read: list[Path] = []

    def count(path: Path) -> Digests:
        read.append(path)
        return hash_file(path)

    monkeypatch.setattr(digests, "LARGE", 4)
    monkeypatch.setattr(digests, "_SETTLED_NS", -(10**12))
    monkeypatch.setattr(digests, "hash_file", count)
    with small_network():
        assert pipeline.build(settings_for(home, str(mine)), home / "data").changed
        read.clear()
        assert not pipeline.build(settings_for(home, str(mine)), home / "data").changed
        assert mine not in read
        fresh = pipeline.Options(fresh=True)
        assert pipeline.build(settings_for(home, str(mine)), home / "data", options=fresh).changed
        assert mine in read


@pytest.mark.long
def test_a_memory_that_lies_is_found_out_when_the_weights_are_read_and_forgotten(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = write_vgg19(tmp_path / "mine.h5")
    monkeypatch.setattr(digests, "LARGE", 4)
    monkeypatch.setattr(digests, "_SETTLED_NS", -(10**12))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(digests, "hash_file", lambda _: Digests("0" * 32, "0" * 64))
        digests.DigestMemory(home / ".cache/reportgen").digests(mine)
    with small_network(), pytest.MonkeyPatch.context() as patch:
        # The network's hash is taken from the file itself, as it is with the real one.
        patch.setattr(
            backbone,
            "load_backbone",
            lambda source: replace(
                load_stand_in(source),
                weights=describe_weights(
                    weights.WeightsFile("file", mine, hash_file(mine).sha256), with_top=False
                ),
            ),
        )
        with pytest.raises(WeightsError, match="was changed while it was read"):
            pipeline.build(settings_for(home, str(mine)), home / "data")
        built = pipeline.build(settings_for(home, str(mine)), home / "data")
    assert built.document["provenance"]["weights"]["sha256"] == hash_file(mine).sha256


def write_vgg19(path: Path, channels: int = 3) -> Path:
    """A file whose layers have VGG19's shapes; their zeros take no room."""
    with h5py.File(path, "w") as file:
        for block, (depth, filters) in enumerate(
            zip((2, 2, 4, 4, 4), (64, 128, 256, 512, 512), strict=True), 1
        ):
            for n in range(depth):
                shape = (3, 3, channels, filters)
                file.create_dataset(f"block{block}_conv{n + 1}/kernel", shape, np.float32)
                file.create_dataset(f"block{block}_conv{n + 1}/bias", (filters,), np.float32)
                channels = filters
    return path


def test_a_file_of_another_network_is_refused_before_anything_is_computed(home: Path, tmp_path: Path) -> None:
    grey = write_vgg19(tmp_path / "grey.h5", channels=1)
    with counting() as passes, pytest.raises(PreflightError, match="block1_conv1"):
        pipeline.build(settings_for(home, str(grey)), home / "data")
    assert not passes
