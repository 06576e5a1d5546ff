"""Unpacking, tried on archives made here: good ones, damaged ones and ones that mean harm."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from stage_listener import StageListener

from reportgen.acquire.caltech101 import Limits, unpack_images
from reportgen.errors import UserError
from reportgen.progress import Silent

INNER = "caltech-101/101_ObjectCategories.tar.gz"
TOP = "101_ObjectCategories"
LABELS = ("ant", "bass")


def photo(label: str, number: int, content: bytes | None = None) -> tuple[tarfile.TarInfo, bytes]:
    return plain(f"{TOP}/{label}/image_{number:04}.jpg", content or f"{label} {number}".encode())


def plain(name: str, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    return member, content


def special(name: str, kind: bytes, link: str = "") -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type = kind
    member.linkname = link
    return member, b""


GOOD = [photo("ant", 1), photo("ant", 2), photo("bass", 1), photo("crab", 7)]


def tarred(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for member, content in members:
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def zipped(path: Path, members: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def archive_of(folder: Path, members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> Path:
    return zipped(folder / "photos.zip", {INNER: gzip.compress(tarred(members))})


def unpack(archive: Path, limits: Limits | None = None) -> dict[str, list[str]]:
    return unpack_images(archive, LABELS, archive.parent / "into", Silent(), limits)


def files_under(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(archive: Path, limits: Limits | None = None) -> str:
    """Unpack ``archive``, see that it is refused and that no file was written outside ``into``."""
    before = files_under(archive.parent)
    with pytest.raises(UserError) as caught:
        unpack(archive, limits)
    outside = {name for name in files_under(archive.parent) if not name.startswith("into/")}
    assert outside == set(before)
    assert str(archive) in caught.value.problem
    assert "fetch it again" in caught.value.remedy
    return caught.value.problem


def test_the_wanted_classes_are_written_and_all_are_listed(tmp_path: Path) -> None:
    images = unpack(archive_of(tmp_path, GOOD))

    assert images == {
        "ant": ["image_0001.jpg", "image_0002.jpg"],
        "bass": ["image_0001.jpg"],
        "crab": ["image_0007.jpg"],
    }
    assert files_under(tmp_path / "into") == {
        "ant/image_0001.jpg": b"ant 1",
        "ant/image_0002.jpg": b"ant 2",
        "bass/image_0001.jpg": b"bass 1",
    }


@pytest.mark.parametrize("inner", ["101_ObjectCategories.tar.gz", "a/b/101_ObjectCategories.tar.gz"])
def test_the_inner_archive_is_found_wherever_it_stands(tmp_path: Path, inner: str) -> None:
    members = {"__MACOSX/._101_ObjectCategories.tar.gz": b"not it", inner: gzip.compress(tarred(GOOD))}

    assert set(unpack(zipped(tmp_path / "photos.zip", members))) == {"ant", "bass", "crab"}


def test_folders_and_other_files_are_passed_over(tmp_path: Path) -> None:
    others = [
        special(TOP, tarfile.DIRTYPE),
        special(f"{TOP}/ant", tarfile.DIRTYPE),
        photo("BACKGROUND_Google", 1),
        plain(f"{TOP}/BACKGROUND_Google/tmp", b"x"),
        plain(f"{TOP}/ant/._image_0001.jpg", b"x"),
        plain(f"{TOP}/ant/image_0001.jpg.exe", b"x"),
        plain(f"{TOP}/ant/deeper/image_0001.jpg", b"x"),
        plain(f"{TOP}/image_0001.jpg", b"x"),
        plain("elsewhere/ant/image_0003.jpg", b"x"),
    ]

    images = unpack(archive_of(tmp_path, others + GOOD))

    assert set(images) == {"ant", "bass", "crab"}
    assert set(files_under(tmp_path / "into")) == {
        "ant/image_0001.jpg",
        "ant/image_0002.jpg",
        "bass/image_0001.jpg",
    }


def test_names_that_begin_with_a_dot_folder_are_the_same_names(tmp_path: Path) -> None:
    assert unpack(archive_of(tmp_path, [plain(f"./{TOP}/ant/image_0001.jpg", b"x")])) == {
        "ant": ["image_0001.jpg"]
    }


def test_progress_is_told_in_kib_and_adds_up(tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(100_000)
    after_the_last = random.Random(2).randbytes(200_000)
    inner = gzip.compress(tarred([photo("crab", number, noise) for number in (1, 2)]) + after_the_last)
    heard = StageListener()

    unpack_images(zipped(tmp_path / "photos.zip", {INNER: inner}), LABELS, tmp_path / "into", heard)

    [(title, total, steps)] = heard.stages
    assert title == "Unpacking photos.zip (KiB)"
    assert sum(steps) == total == len(inner) // 1024
    assert min(steps) >= 0


@pytest.mark.parametrize(
    "name",
    [
        "../escaped.jpg",
        f"{TOP}/../../escaped.jpg",
        f"{TOP}/ant/../../../image_0001.jpg",
        "/tmp/escaped.jpg",  # noqa: S108 - never written
        "..\\escaped.jpg",
        "C:\\escaped.jpg",
        "c:escaped.jpg",
        "\\\\server\\share\\escaped.jpg",
    ],
)
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    archive = archive_of(tmp_path, [*GOOD, plain(name, b"x")])

    assert f"{name!r} leads out of the folder" in refused(archive)


def test_a_name_that_leads_out_is_refused_in_the_zip_too(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "photos.zip", {INNER: gzip.compress(tarred(GOOD)), "../escaped": b"x"})

    assert "'../escaped' leads out of the folder" in refused(archive)


def sparse(name: str) -> tuple[tarfile.TarInfo, bytes]:
    """An empty member that says it has 1 GiB of zeros."""
    member = tarfile.TarInfo(name)
    member.pax_headers = {"GNU.sparse.map": f"{2**30},0", "GNU.sparse.size": str(2**30)}
    return member, b""


@pytest.mark.parametrize(
    "member",
    [
        special(f"{TOP}/ant/image_0009.jpg", tarfile.SYMTYPE, "/etc/passwd"),
        special(f"{TOP}/ant/image_0009.jpg", tarfile.LNKTYPE, f"{TOP}/ant/image_0001.jpg"),
        special(f"{TOP}/ant/image_0009.jpg", tarfile.CHRTYPE),
        special(f"{TOP}/ant/image_0009.jpg", tarfile.BLKTYPE),
        special(f"{TOP}/ant/image_0009.jpg", tarfile.FIFOTYPE),
        special(f"{TOP}/ant", tarfile.SYMTYPE, ".."),
        sparse(f"{TOP}/ant/image_0009.jpg"),
    ],
    ids=["symlink", "hard link", "character device", "block device", "fifo", "class is a symlink", "sparse"],
)
def test_links_devices_and_sparse_files_are_refused(
    tmp_path: Path, member: tuple[tarfile.TarInfo, bytes]
) -> None:
    problem = refused(archive_of(tmp_path, [*GOOD, member]))

    assert f"{member[0].name!r} is neither a plain file nor a folder" in problem


def test_an_image_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    problem = refused(archive_of(tmp_path, [photo("ant", 1), photo("ant", 1, b"another")]))

    assert "ant/image_0001.jpg occurs twice" in problem
    assert files_under(tmp_path / "into") == {"ant/image_0001.jpg": b"ant 1"}


def test_an_archive_that_unfolds_too_far_is_refused(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, [photo("crab", 1, bytes(300_000))])
    size = len(tarred([photo("crab", 1, bytes(300_000))]))
    assert archive.stat().st_size < 3_000

    assert "unfolds to more than 100000 bytes" in refused(archive, Limits(size=100_000))
    assert "unfolds to more than" in refused(archive, Limits(size=size - 1))
    assert set(unpack(archive, Limits(size=size))) == {"crab"}


def test_an_archive_with_too_many_members_is_refused(tmp_path: Path) -> None:
    others = [photo("crab", number) for number in range(1, 5)]
    archive = archive_of(tmp_path, others)

    assert "more than 3 members" in refused(archive, Limits(members=3))
    assert len(unpack(archive, Limits(members=4))["crab"]) == 4


@pytest.mark.parametrize("count", [0, 2])
def test_exactly_one_inner_archive_is_expected(tmp_path: Path, count: int) -> None:
    inner = gzip.compress(tarred(GOOD))
    members = {"Annotations.tar": b""} | {
        f"{number}/101_ObjectCategories.tar.gz": inner for number in range(count)
    }

    problem = refused(zipped(tmp_path / "photos.zip", members))

    assert f"{count} members named 101_ObjectCategories.tar.gz" in problem


def compressed_without_care(content: bytes) -> bytes:
    """A gzip file whose deflate blocks are stored, so that a changed byte breaks nothing but the checksum."""
    deflate = zlib.compressobj(0, zlib.DEFLATED, 31)
    return deflate.compress(content) + deflate.flush()


def begun(content: bytes) -> bytes:
    """A gzip file that breaks off, between two deflate blocks, after ``content``."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    return deflate.compress(content) + deflate.flush(zlib.Z_FULL_FLUSH)


def flipped(packed: bytes, needle: bytes) -> bytes:
    offset = packed.index(needle)
    return packed[:offset] + bytes([packed[offset] ^ 1]) + packed[offset + 1 :]


WHOLE = gzip.compress(tarred(GOOD))
DAMAGED = {
    "empty": b"",
    "no gzip": b"no gzip at all",
    "no tar": gzip.compress(b"no tar at all" * 100),
    "half": WHOLE[: len(WHOLE) // 2],
    "no length": WHOLE[:-4],
    "holes": WHOLE[:20] + bytes(40) + WHOLE[60:],
    "no deflate in an image": begun(tarred([photo("ant", 1, bytes(300_000))])[:200_000]) + b"\xff" * 100,
    "one bit changed": flipped(compressed_without_care(tarred(GOOD)), b"bass 1"),
    "one bit, long padding": flipped(compressed_without_care(tarred(GOOD) + bytes(200_000)), b"bass 1"),
    "cut in an image": gzip.compress(tarred(GOOD)[: 3 * 512 + 3]),
}


@pytest.mark.parametrize("inner", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_inner_archive_is_refused(tmp_path: Path, inner: bytes) -> None:
    assert "it is damaged (" in refused(zipped(tmp_path / "photos.zip", {INNER: inner}))


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04" + bytes(100)])
def test_a_file_that_is_no_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    archive = tmp_path / "photos.zip"
    archive.write_bytes(content)

    assert "it is damaged (" in refused(archive)


def test_one_bit_changed_in_the_zip_is_noticed(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, GOOD)
    archive.write_bytes(flipped(archive.read_bytes(), WHOLE[10:30]))

    assert "it is damaged (" in refused(archive)


def test_an_encrypted_inner_archive_is_refused(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, GOOD)
    content = bytearray(archive.read_bytes())
    directory = content.index(b"PK\x01\x02")
    content[6] |= 1
    content[directory + 8] |= 1
    archive.write_bytes(content)

    assert f"{INNER!r} is encrypted" in refused(archive)
