"""Zips that are made to do harm, and zips that are only made on other systems."""

from __future__ import annotations

import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from reportgen.batch.unpacking import ZipLimits, unpack
from reportgen.intake import IntakeError

LIMITS = ZipLimits(entries=6, file_bytes=3_000_000, total_bytes=4_000_000, depth=4)
Fill = Callable[[zipfile.ZipFile], None]


def write(name: str, data: bytes | str = b"x") -> Fill:
    return lambda archive: archive.writestr(name, data)


def link(archive: zipfile.ZipFile) -> None:
    entry = zipfile.ZipInfo("data")
    entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    archive.writestr(entry, "/etc")


def pipe(archive: zipfile.ZipFile) -> None:
    entry = zipfile.ZipInfo("pipe")
    entry.create_system, entry.external_attr = 3, (stat.S_IFIFO | 0o644) << 16
    archive.writestr(entry, "")


def many(archive: zipfile.ZipFile) -> None:
    for number in range(7):
        archive.writestr(str(number), b"")


def bomb(archive: zipfile.ZipFile) -> None:
    archive.writestr("zeros", bytes(2_900_000), zipfile.ZIP_DEFLATED)


def heavy(archive: zipfile.ZipFile) -> None:
    for name in "ab":
        archive.writestr(name, bytes(2_500_000))


def both(archive: zipfile.ZipFile) -> None:
    archive.writestr("a", b"file")
    archive.writestr("a/b", b"in it")


def twice(archive: zipfile.ZipFile) -> None:
    archive.writestr("Report.pdf", b"1")
    archive.writestr("report.PDF", b"2")


@pytest.mark.parametrize(
    ("fill", "said"),
    [
        (write("../up.txt"), "leads out of the folder"),
        (write("a/../../up.txt"), "leads out of the folder"),
        (write("/etc/cron.d/x"), "leads out of the folder"),
        (write("..\\up.txt"), "leads out of the folder"),
        (write("C:\\up.txt"), "leads out of the folder"),
        (write("a/b/c/d/e"), "more than 4 folders deep"),
        (write("x" * 256), "too long"),
        (link, "is a link"),
        (pipe, "neither a file nor a folder"),
        (many, "more than 6 files"),
        (bomb, "as no report is"),
        (heavy, "unpacks to 5000008 bytes"),
        (write("big", bytes(3_000_001)), "3000000 are allowed"),
        (both, "in two ways"),
        (twice, "twice"),
    ],
)
def test_a_zip_that_does_harm_is_refused_as_a_whole(tmp_path: Path, fill: Fill, said: str) -> None:
    archive = tmp_path / "in/a.zip"
    archive.parent.mkdir()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("first.txt", b"harmless")
        fill(opened)
    with pytest.raises(IntakeError, match=said) as caught:
        unpack(archive, tmp_path / "out/a", "a.zip", LIMITS)
    assert caught.value.problem.startswith("a.zip: ")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a.zip"], "nothing is left of it"


def test_a_size_that_is_told_too_small_does_not_help(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("zeros", bytes(2_000_000))
    data = bytearray(archive.read_bytes())
    # The uncompressed size, 4 bytes: at 24 in the entry of the central directory, 22 in that of the file.
    for magic, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        place = data.index(magic) + offset
        assert struct.unpack_from("<I", data, place) == (2_000_000,)
        struct.pack_into("<I", data, place, 10)
    archive.write_bytes(data)
    with pytest.raises(IntakeError):
        unpack(archive, tmp_path / "out", "a.zip", LIMITS)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no more", b"Rar!\x1a\x07"])
def test_what_is_no_zip_is_said(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(IntakeError, match="no zip or a damaged one"):
        unpack(tmp_path / "a.zip", tmp_path / "out", "a.zip")


def test_an_encrypted_zip_is_said(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("a", b"x")
    data = bytearray(archive.read_bytes())
    for magic, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.index(magic) + offset] |= 1
    archive.write_bytes(data)
    with pytest.raises(IntakeError, match="is encrypted"):
        unpack(archive, tmp_path / "out", "a.zip")


def test_zips_of_other_systems_come_out_whole(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("Group 5\\", b"")
        opened.writestr("Group 5\\data\\cat\\ä.png", b"1")
        opened.writestr("Group 5/report.pdf", b"2")
        opened.writestr("__MACOSX/Group 5/._report.pdf", b"3")
        # What is small may be packed well: a settings file, a list.
        opened.writestr("Group 5/zeros.txt", bytes(900_000))
    unpack(archive, tmp_path / "out/a", "a.zip", LIMITS)
    found = {path.relative_to(tmp_path / "out/a").as_posix() for path in tmp_path.rglob("*") if path.is_file()
             and path != archive}  # fmt: skip
    assert found == {
        "Group 5/data/cat/ä.png", "Group 5/report.pdf", "__MACOSX/Group 5/._report.pdf", "Group 5/zeros.txt",
    }  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a"]
