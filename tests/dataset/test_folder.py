"""Links, odd names and missing permissions: each works or gets its one line."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from reportgen.dataset.decode import decode
from reportgen.dataset.inventory import take_inventory
from reportgen.dataset.scan import check_images, scan
from reportgen.errors import DataError
from reportgen.progress import Silent


def write_images(root: Path) -> None:
    """A good data folder: one image of cat and of dog in each split."""
    locations = [f"{split}/{label}" for split in ("train", "val", "test") for label in ("cat", "dog")]
    for i, location in enumerate(locations):
        (root / location).mkdir(parents=True)
        Image.new("RGB", (32, 32), (i, 0, 0)).save(root / location / "1.png")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_images(tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A class folder outside the data folder."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    Image.new("RGB", (32, 32), (0, 99, 0)).save(folder / "1.png")
    return folder


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder of a user who is bound by permissions, even where the tests run as root."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        if os.getuid() == 0:
            os.seteuid(0)
        for path in Path(folder).rglob("*"):
            path.chmod(0o755)


def give_up_root() -> None:
    if os.geteuid() == 0:
        os.seteuid(65534)


def problems(root: Path, *, strict: bool = False) -> tuple[str, ...]:
    with pytest.raises(DataError) as caught:
        check_images(take_inventory(root, 0, strict=strict), {}, Silent())
    return caught.value.problems


def test_strangers_link_to_a_file_outside_is_an_error(data: Path, elsewhere: Path) -> None:
    (data / "train/cat/2.png").symlink_to(elsewhere / "1.png")
    out = f"is a link out of the data folder, to {elsewhere}/1.png; put a copy there instead"
    assert problems(data, strict=True) == (f"train/cat/2.png: {out}",)


def test_strangers_link_to_a_folder_outside_is_an_error_and_the_class_is_not_missed(
    data: Path, elsewhere: Path
) -> None:
    (data / "val/dog").rename(data / ".dog")
    (data / "val/dog").symlink_to(elsewhere)
    assert problems(data, strict=True) == (
        f"val/dog: is a link out of the data folder, to {elsewhere}; put a copy there instead",
    )


def test_strangers_split_outside_is_an_error(data: Path) -> None:
    (data / "val").rename(data.parent / "val")
    (data / "val").symlink_to(data.parent / "val")
    assert problems(data, strict=True) == (
        f"val: is a link out of the data folder, to {data.parent}/val; put a copy there instead",
    )


def test_strangers_link_out_through_a_link_inside_is_an_error(data: Path, elsewhere: Path) -> None:
    (data / ".hop").symlink_to(elsewhere / "1.png")
    (data / "train/cat/2.png").symlink_to(data / ".hop")
    assert "is a link out of the data folder" in problems(data, strict=True)[0]


def test_strangers_link_to_a_folder_whose_name_starts_like_the_roots_is_outside(
    data: Path, elsewhere: Path
) -> None:
    elsewhere.rename(data.parent / "data2")
    (data / "train/cat/2.png").symlink_to(data.parent / "data2/1.png")
    assert "is a link out of the data folder" in problems(data, strict=True)[0]


def test_links_inside_are_followed(data: Path) -> None:
    Image.new("RGB", (32, 32), (0, 0, 99)).save(data / "train/cat/2.png")
    (data / "train/cat/2.png").rename(data / "val/dog/2.png")
    (data / "train/cat/2.png").symlink_to("../../val/dog/2.png")
    assert [image.file for image in scan(data, 0).of("train")] == [
        "train/cat/1.png",
        "train/cat/2.png",
        "train/dog/1.png",
    ]


def test_data_folder_may_be_a_link(data: Path, elsewhere: Path) -> None:
    (data / "train/cat/1.png").rename(data / ".1.png")
    (data / "train/cat/1.png").symlink_to(data / ".1.png")
    (elsewhere / "link").symlink_to(data)
    manifest = scan(elsewhere / "link", 0)
    assert manifest.root == elsewhere / "link"
    assert manifest.fingerprint == scan(data, 0).fingerprint
    assert decode(manifest.path(manifest.images[0]))[0, 0].tolist() == [0, 0, 0]


def test_data_folder_may_be_relative(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = scan(data, 0).fingerprint
    monkeypatch.chdir(data)
    assert scan(Path(), 0).fingerprint == expected
    assert scan(Path("../data"), 0).fingerprint == expected


@pytest.mark.parametrize("location", ["train/cat/2.png", "train/cow", "photos"])
def test_broken_link_is_an_error(data: Path, location: str) -> None:
    (data / location).symlink_to("nowhere.png")
    assert problems(data) == (f"{location}: is a broken link, to nowhere.png",)


@pytest.mark.timeout(10)
def test_link_to_itself_is_an_error(data: Path) -> None:
    (data / "train/cat/2.png").symlink_to("2.png")
    assert problems(data) == (
        "train/cat/2.png: cannot be followed: a link leads back to itself "
        "(Too many levels of symbolic links)",
    )


@pytest.mark.timeout(10)
def test_link_to_a_folder_above_does_not_hang(data: Path) -> None:
    (data / "train/cat/loop").symlink_to(data)
    assert problems(data) == (
        "train/cat/loop: is a folder inside a class folder; images must be in the class folder itself",
    )


@pytest.mark.parametrize(
    "name",
    [
        "two words",
        'it\'s "quoted"',
        "<script>alert(1)",
        "κάτι",
        "蝶",
        "🦋",
        "a&b;c",
    ],
)
def test_unusual_names_work(data: Path, name: str) -> None:
    for split in ("train", "val", "test"):
        (data / split / "cat").rename(data / split / name)
        (data / split / name / "1.png").rename(data / split / name / f"{name}.png")
    manifest = scan(data, 0)
    assert manifest.classes == tuple(sorted(["dog", name]))
    assert f"test/{name}/{name}.png" in [image.file for image in manifest.images]


def test_file_name_with_a_line_break_works_and_is_escaped_in_lines(data: Path) -> None:
    Image.new("RGB", (5, 5), (0, 0, 99)).save(data / "test/cat/a\nb.png")
    manifest = scan(data, 0)
    assert manifest.of("test")[1].file == "test/cat/a\nb.png"
    assert manifest.warnings == (r"test/cat/a\nb.png is 5×5 pixels, enlarged to 224×224",)


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no such file names")
def test_file_name_that_is_not_utf_8_is_an_error(data: Path) -> None:
    (data / "test/cat/1.png").rename(data / "test/cat" / os.fsdecode(b"caf\xe9.png"))
    assert problems(data) == (r"test/cat/caf\udce9.png: has a name that is not valid UTF-8; rename it",)


def test_unreadable_folders_are_errors(unprivileged: Path) -> None:
    data = unprivileged / "data"
    write_images(data)
    scan(data, 0)
    for folder in ("test/dog", "val", "train/cat"):
        (data / folder).chmod(0)
    give_up_root()
    assert problems(data) == (
        "train/cat: cannot be read: you have no right to it (Permission denied)",
        "val: cannot be read: you have no right to it (Permission denied)",
        "test/dog: cannot be read: you have no right to it (Permission denied)",
    )


def test_unreadable_data_folder_is_an_error(unprivileged: Path) -> None:
    data = unprivileged / "data"
    write_images(data)
    data.chmod(0)
    give_up_root()
    with pytest.raises(DataError, match="data: this folder cannot be read: you have no right to it"):
        scan(data, 0)


def test_listable_folder_that_cannot_be_entered_is_an_error(unprivileged: Path) -> None:
    data = unprivileged / "data"
    write_images(data)
    scan(data, 0)
    (data / "val/cat").chmod(0o744)
    give_up_root()
    assert problems(data) == ("val/cat/1.png: cannot be read: you have no right to it (Permission denied)",)


def test_links_are_followed_wherever_they_lead_in_ones_own_data(data: Path, elsewhere: Path) -> None:
    (data / "train/cat/2.png").symlink_to(elsewhere / "1.png")
    (data / "val/dog").rename(data.parent / "dogs")
    (data / "val/dog").symlink_to(data.parent / "dogs")
    (data / "test").rename(data.parent / "tests")
    (data / "test").symlink_to(data.parent / "tests")
    manifest = scan(data, 0)
    assert [image.file for image in manifest.images] == [
        "train/cat/1.png",
        "train/cat/2.png",
        "train/dog/1.png",
        "val/cat/1.png",
        "val/dog/1.png",
        "test/cat/1.png",
        "test/dog/1.png",
    ]
    assert decode(manifest.path(manifest.images[1]))[0, 0].tolist() == [0, 99, 0]


def link_to(data: Path, target: str, *, content: bool) -> None:
    """Put ``train/cat/1.png`` where ``target``, seen from its folder, leads, and a link in its place."""
    file = data / "train/cat/1.png"
    if content:
        location = Path(os.path.normpath(file.parent / target))
        location.parent.mkdir(parents=True)
        file.rename(location)
    else:
        file.unlink()
    file.symlink_to(target)


ANNEX = "../../.git/annex/objects/Xx/0J/SHA256E-s9--4d.png/SHA256E-s9--4d.png"
DVC = "../../../.dvc/cache/files/md5/4d/7a214614ab2935c943f9e0ff69d22e"
HUGGING_FACE = "../../../blobs/4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"


@pytest.mark.parametrize("target", [ANNEX, DVC, HUGGING_FACE])
def test_stores_of_data_are_read_through_their_links(data: Path, target: str) -> None:
    expected = scan(data, 0).fingerprint
    link_to(data, target, content=True)
    assert scan(data, 0).fingerprint == expected


@pytest.mark.parametrize(
    ("target", "remedy"),
    [(ANNEX, "run: git annex get"), (DVC, "run: dvc pull"), (HUGGING_FACE, "download the data set again")],
)
def test_content_that_is_not_here_can_be_had(data: Path, target: str, remedy: str) -> None:
    link_to(data, target, content=False)
    (line,) = problems(data)
    assert line.startswith("train/cat/1.png: ")
    assert line.rstrip(" .").endswith(remedy)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (".2.jpg.icloud", "train/cat/2.jpg: is in iCloud and not on this machine; choose “Download Now”"),
        ("2.jpg.dvc", "train/cat/2.jpg: is kept by DVC and its content is not here; run: dvc pull"),
    ],
)
def test_placeholders_are_not_passed_over(data: Path, name: str, line: str) -> None:
    (data / "train/cat" / name).write_bytes(b"x")
    assert problems(data)[0].startswith(line)


def test_a_class_that_only_dvc_knows_is_told(data: Path) -> None:
    (data / "train/cow.dvc").write_text("outs:\n- path: cow\n")
    assert problems(data)[0] == "train/cow: is kept by DVC and its content is not here; run: dvc pull"


def test_what_dvc_keeps_and_is_here_is_nothing_to_tell_of(data: Path) -> None:
    (data / "train/cat/1.png.dvc").write_text("outs:\n- path: 1.png\n")
    (data / "models.dvc").write_text("outs:\n- path: models\n")
    assert [image.file for image in scan(data, 0).of("train")] == ["train/cat/1.png", "train/dog/1.png"]
