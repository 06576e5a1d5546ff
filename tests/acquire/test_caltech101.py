"""The whole fetch, from a server on this machine that answers well, badly, or not at all."""

from __future__ import annotations

import gzip
import io
import random
import re
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from outline_files import outline
from PIL import Image
from stage_listener import StageListener
from web_server import Answer, WebServer, fail, send, serving

from reportgen.acquire.caltech101 import CALTECH101, fetch_caltech101
from reportgen.acquire.source import Source
from reportgen.dataset.annotations import read_annotations
from reportgen.errors import UserError

COUNTS = {"lotus": 2, "butterfly": 91, "Leopards": 12, "kangaroo": 86, "BACKGROUND_Google": 4}
CHOICE = ("butterfly", "kangaroo", "Leopards")
SIZES = {
    "train": {"butterfly": 50, "kangaroo": 48, "Leopards": 8},
    "val": {"butterfly": 20, "kangaroo": 19, "Leopards": 2},
    "test": {"butterfly": 20, "kangaroo": 19, "Leopards": 2},
}


def jpeg(colour: tuple[int, int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 3), colour).save(buffer, "JPEG")
    return buffer.getvalue()


PHOTOS = {
    f"{label}/image_{number:04}.jpg": jpeg((60 * index, 2 * number, 255 - 2 * number))
    for index, (label, count) in enumerate(COUNTS.items())
    for number in range(1, count + 1)
}


def tarred(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def packed(photos: dict[str, bytes], outlines: bytes = b"not read") -> bytes:
    tar = tarred({f"101_ObjectCategories/{name}": content for name, content in photos.items()})
    zip_bytes = io.BytesIO()
    with zipfile.ZipFile(zip_bytes, "w") as archive:
        archive.writestr("caltech-101/101_ObjectCategories.tar.gz", gzip.compress(tar))
        archive.writestr("caltech-101/Annotations.tar", outlines)
    return zip_bytes.getvalue()


ARCHIVE = packed(PHOTOS)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr("time.sleep", lambda _seconds: None)  # pooch waits before it tries again
    with serving() as server:
        server.answers = [send(ARCHIVE)]
        yield server


def files_under(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".record.json"
    }


def fetch(folder: Path, server: WebServer, **options: Any) -> Path:
    """Fetch into ``folder``/data/out, and return it."""
    out, source = folder / "data" / "out", server.source(ARCHIVE, retries=2)
    fetch_caltech101(CHOICE, out, cache=folder / "cache", source=source, **options)
    return out


def failing(folder: Path, source: Source, classes: tuple[str, ...] = CHOICE) -> UserError:
    """Fetch into ``folder``/out; see that it fails and leaves neither ``out`` nor anything beside it."""
    with pytest.raises(UserError) as caught:
        fetch_caltech101(classes, folder / "out", cache=folder / "cache", source=source)
    assert {path.name for path in folder.iterdir()} <= {"cache"}
    return caught.value


# What a good download gives


def test_the_classes_are_split_and_every_image_is_the_archives(server: WebServer, tmp_path: Path) -> None:
    out = fetch(tmp_path, server)

    written = files_under(out)
    del written["README.txt"]
    for split, classes in SIZES.items():
        for label, size in classes.items():
            assert sum(name.startswith(f"{split}/{label}/") for name in written) == size
    assert len(written) == 50 + 20 + 20 + 86 + 12
    without_split = {name.split("/", 1)[1]: content for name, content in written.items()}
    assert len(without_split) == len(written)
    assert without_split.items() <= PHOTOS.items()
    assert list(out.parent.iterdir()) == [out]
    assert out.stat().st_mode == out.parent.stat().st_mode


def test_the_outlines_of_the_archive_become_boxes(server: WebServer, tmp_path: Path) -> None:
    # Of 4 × 3 pixels: the upper right quarter.
    right = outline((1, 2, 3, 4), [(0, 0), (2, 0), (2, 2)])
    files = {f"Annotations/kangaroo/annotation_{number:04}.mat": right for number in range(1, 81)}
    files |= {"Annotations/Leopards/annotation_0003.mat": b"damaged", "Annotations/lotus/x.mat": right}
    files |= {"Annotations/butterfly/annotation_0001.mat": right}
    content, heard = packed(PHOTOS, tarred(files)), StageListener(lines=[])
    server.answers = [send(content)]
    out = tmp_path / "data/out"

    fetch_caltech101(
        CHOICE, out, cache=tmp_path / "cache", source=server.source(content, retries=2), progress=heard
    )

    found = read_annotations(out / "annotations.json")
    kangaroos = {path.relative_to(out).as_posix() for path in out.glob("*/kangaroo/*.jpg")}
    boxed = {name for name in kangaroos if not re.search(r"008[1-6]", name)}
    (butterfly,) = out.glob("*/butterfly/image_0001.jpg")
    assert set(found.sizes) == boxed | {butterfly.relative_to(out).as_posix()}
    # Rows 0 to 2 of 3, columns 2 to 4 of 4, on 224 pixels.
    for name in boxed:
        box, head = found.boxes(name, "kangaroo")
        assert box is not None
        assert (box.rows, box.cols, head) == ((0, 149), (112, 224), None)
    assert any(
        "image_0003.jpg has no box: Leopards/annotation_0003.mat: it does not" in line
        for line in heard.lines or ()
    )
    assert "annotations.json" in (out / "README.txt").read_text(encoding="utf-8")


def test_boxes_that_were_not_fetched_stay(server: WebServer, tmp_path: Path) -> None:
    out = fetch(tmp_path, server, progress=StageListener(lines=[]))
    (out / "annotations.json").write_bytes(b"mine")
    right = outline((1, 2, 3, 4), [(0, 0), (2, 0), (2, 2)])
    content = packed(PHOTOS, tarred({"Annotations/kangaroo/annotation_0001.mat": right}))
    server.answers, heard = [send(content)], StageListener(lines=[])
    fetch_caltech101(
        CHOICE, out, cache=tmp_path / "other", source=server.source(content, retries=2), progress=heard
    )
    assert (out / "annotations.json").read_bytes() == b"mine"
    assert [line for line in heard.lines or () if "annotations.json stays as it is" in line]


def test_without_outlines_there_are_photographs(server: WebServer, tmp_path: Path) -> None:
    heard = StageListener(lines=[])
    out = fetch(tmp_path, server, progress=heard)
    assert not (out / "annotations.json").exists()
    assert "annotations" not in (out / "README.txt").read_text(encoding="utf-8")
    assert [line for line in heard.lines or () if line.startswith("No boxes: ") and "is damaged" in line]


@pytest.mark.parametrize(("options", "seed"), [({}, 671), ({"seed": 5}, 5)])
def test_the_seed_decides_the_split(
    server: WebServer, tmp_path: Path, options: dict[str, int], seed: int
) -> None:
    deck = [f"image_{number:04}.jpg" for number in range(1, 87)]
    random.Random(f"{seed}:kangaroo").shuffle(deck)

    out = fetch(tmp_path, server, **options)

    parts = {split: {path.name for path in (out / split / "kangaroo").iterdir()} for split in SIZES}
    assert parts == {"train": set(deck[:48]), "val": set(deck[48:67]), "test": set(deck[67:])}


def test_the_readme_names_source_licence_seed_and_counts(server: WebServer, tmp_path: Path) -> None:
    source = server.source(ARCHIVE)

    readme = (fetch(tmp_path, server, seed=9) / "README.txt").read_text(encoding="utf-8")
    for words in ("Caltech-101", "10.22002/D1.20086", "CC BY 4.0", source.url, source.md5, "seed 9"):
        assert words in readme
    rows = [line.split() for line in readme.splitlines()]
    assert ["train", "val", "test"] in rows
    assert ["butterfly", "50", "20", "20"] in rows
    assert ["kangaroo", "48", "19", "19"] in rows
    assert ["Leopards", "8", "2", "2"] in rows


def test_a_second_fetch_asks_the_server_nothing(server: WebServer, tmp_path: Path) -> None:
    first = fetch(tmp_path, server).rename(tmp_path / "first")

    second = fetch(tmp_path, server)

    assert server.requests == ["/file.zip"]
    assert files_under(first) == files_under(second)


def test_a_file_put_into_the_cache_by_hand_is_used(server: WebServer, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "caltech-101.zip").write_bytes(ARCHIVE)

    fetch(tmp_path, server)

    assert server.requests == []


def test_an_empty_folder_may_be_filled(server: WebServer, tmp_path: Path) -> None:
    (tmp_path / "data" / "out").mkdir(parents=True)

    out = fetch(tmp_path, server)

    assert {path.name for path in out.iterdir()} == {"train", "val", "test", "README.txt", ".record.json"}


def test_images_fetched_earlier_are_replaced_and_what_lies_beside_them_stays(
    server: WebServer, tmp_path: Path
) -> None:
    out = fetch(tmp_path, server, seed=1)
    (out / "train/mine.txt").write_bytes(b"mine")
    fetch(tmp_path, server, seed=2)
    fresh = fetch(tmp_path / "fresh", server, seed=2)
    assert files_under(out) == {**files_under(fresh), "train/mine.txt": b"mine"}


def test_download_and_unpacking_are_stages(server: WebServer, tmp_path: Path) -> None:
    heard = StageListener(lines=[])

    fetch(tmp_path, server, progress=heard)

    titles = [title for title, *_ in heard.stages]
    assert titles == ["Downloading Caltech-101 (KiB)", "Unpacking caltech-101.zip (KiB)"]


def test_the_systems_temporary_folder_is_not_needed(
    server: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))  # it may be on another disk

    assert (fetch(tmp_path, server) / "README.txt").exists()


# Bad downloads: each kind is tried in test_source.py


@pytest.mark.parametrize("bad", [fail(404), send(ARCHIVE[:-1], len(ARCHIVE)), send(ARCHIVE[:-1])])
def test_a_failed_download_leaves_nothing(server: WebServer, tmp_path: Path, bad: Answer) -> None:
    server.answers = [bad]
    source = server.source(ARCHIVE)

    error = failing(tmp_path, source)

    assert files_under(tmp_path) == {}
    assert source.url in error.problem
    assert str(tmp_path / "cache" / "caltech-101.zip") in error.remedy
    assert source.md5 in error.remedy


def test_a_download_that_fails_at_first_is_tried_again(server: WebServer, tmp_path: Path) -> None:
    server.answers = [fail(500), send(ARCHIVE[:900], len(ARCHIVE)), send(ARCHIVE)]

    out = fetch(tmp_path, server)

    assert len(server.requests) == 3
    assert len(files_under(out)) == 50 + 20 + 20 + 86 + 12 + 1


# Bad archives and bad wishes


def test_an_archive_that_means_harm_leaves_nothing(server: WebServer, tmp_path: Path) -> None:
    content = packed(PHOTOS | {"../../escaped.jpg": b"x"})
    server.answers = [send(content)]

    assert "leads out of the folder" in failing(tmp_path, server.source(content)).problem


def test_a_zip_without_the_inner_archive_is_named(server: WebServer, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("caltech-101/Annotations.tar", b"")
    server.answers = [send(buffer.getvalue())]

    error = failing(tmp_path, server.source(buffer.getvalue()))

    assert "0 members named 101_ObjectCategories.tar.gz" in error.problem


@pytest.mark.parametrize(
    ("wish", "near"), [("leopards", "'Leopards'"), ("buterfly", "'butterfly'"), ("Kangaroos", "'kangaroo'")]
)
def test_an_unknown_class_gets_the_nearest_name(
    server: WebServer, tmp_path: Path, wish: str, near: str
) -> None:
    error = failing(tmp_path, server.source(ARCHIVE), ("butterfly", wish))

    assert f"'{wish}' is no class of caltech-101.zip (did you mean {near}?)" in error.problem
    assert "'butterfly' is no class" not in error.problem


@pytest.mark.parametrize("wish", ["xyz", "BACKGROUND_Google", "../../x", ""])
def test_a_class_like_no_other_gets_the_whole_list(server: WebServer, tmp_path: Path, wish: str) -> None:
    error = failing(tmp_path, server.source(ARCHIVE), ("butterfly", wish))

    assert f"'{wish}' is no class of caltech-101.zip." in error.problem
    assert "Leopards, butterfly, kangaroo, lotus" in error.remedy
    assert "BACKGROUND" not in error.remedy


def test_every_unknown_class_is_named(server: WebServer, tmp_path: Path) -> None:
    error = failing(tmp_path, server.source(ARCHIVE), ("Lotus", "xyz"))

    assert error.problem.splitlines() == [
        "'Lotus' is no class of caltech-101.zip (did you mean 'lotus'?).",
        "'xyz' is no class of caltech-101.zip.",
    ]
    assert "Leopards, butterfly, kangaroo, lotus" in error.remedy


def test_a_class_too_small_to_split_is_named(server: WebServer, tmp_path: Path) -> None:
    error = failing(tmp_path, server.source(ARCHIVE), ("butterfly", "lotus"))

    assert "class 'lotus' has 2 images" in error.problem


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        ((), "Too few classes: none"),
        (("butterfly",), "Too few classes: butterfly"),
        (("butterfly", "kangaroo", "butterfly"), "more than once: butterfly"),
    ],
)
def test_a_bad_choice_is_refused_before_the_download(
    server: WebServer, tmp_path: Path, classes: tuple[str, ...], words: str
) -> None:
    assert words in failing(tmp_path, server.source(ARCHIVE), classes).problem
    assert server.requests == []


@pytest.mark.parametrize("name", ["out", "out/train/cat.jpg"], ids=["a file", "a folder in use"])
def test_what_stands_in_the_way_is_kept(server: WebServer, tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("precious")

    with pytest.raises(UserError, match=r"out: (holds 'train'|cannot be written: there is a file)"):
        fetch_caltech101(CHOICE, tmp_path / "out", cache=tmp_path / "cache", source=server.source(ARCHIVE))

    assert files_under(tmp_path) == {name: b"precious"}
    assert server.requests == []


def test_a_place_that_cannot_be_written_is_named(server: WebServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    out = tmp_path / "file" / "out"

    with pytest.raises(UserError, match="there is a file where a folder"):
        fetch_caltech101(CHOICE, out, cache=tmp_path / "cache", source=server.source(ARCHIVE))


def test_the_address_is_the_published_one() -> None:
    assert CALTECH101.url == "https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip"
    assert CALTECH101.md5 == "3138e1922a9193bfa496528edbbc45d0"
