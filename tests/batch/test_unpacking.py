"""Zips that are made to do harm, and zips that are only made on other systems."""

from __future__ import annotations

import io
import stat
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reportgen.batch.unpacking import Unpacker, ZipLimits, find_entry, measure, unpack
from reportgen.batch.zip_directory import read_names
from reportgen.intake import IntakeError, check_folder

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
        location = data.index(magic) + offset
        assert struct.unpack_from("<I", data, location) == (2_000_000,)
        struct.pack_into("<I", data, location, 10)
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


def packed(*fills: Fill) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for fill in fills:
            fill(opened)
    return buffer.getvalue()


def lay(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def unpacked_bytes(out: Path) -> int:
    return sum(path.stat().st_size for path in out.rglob("*") if path.is_file())


def test_zips_in_zips_share_what_one_group_may_unpack(tmp_path: Path) -> None:
    """Five zips in one, each of which alone is within the limits."""
    inner = {f"{n}.zip": packed(write(f"{n}.txt", bytes([n]) * 1_000_000)) for n in range(5)}
    outer = packed(*(write(name, data) for name, data in inner.items()))
    root = lay(tmp_path / "A", {"all.zip": outer})
    desk = Unpacker(tmp_path / "out", replace(LIMITS, entries=20))
    found = desk.unpack_below([root], "a")
    # Three of a million bytes: with the zips themselves a fourth is too much.
    assert len(found) == 1 + 1 + 3
    assert unpacked_bytes(tmp_path / "out") <= LIMITS.total_bytes
    refused = {each.label: each.refusal for each in desk.archives.values() if each.refusal}
    assert list(refused) == ["A/all.zip/3.zip", "A/all.zip/4.zip"]
    assert all("unpacks to 1000000 bytes" in words and "other zips" in words for words in refused.values())


def test_zips_beside_each_other_share_it_and_those_of_another_group_do_not(tmp_path: Path) -> None:
    three = [write(name) for name in ("a", "b", "c")]
    files = {f"{n}.zip": packed(*three, write(f"own-{n}", str(n))) for n in range(2)}
    desk = Unpacker(tmp_path / "out", LIMITS)
    for name in "AB":
        assert len(desk.unpack_below([lay(tmp_path / name, files)], name.casefold())) == 2
    refused = [each for each in desk.archives.values() if each.refusal]
    assert [each.label for each in refused] == ["A/1.zip", "B/1.zip"]
    assert all("more than 2 files and folders, beside" in each.refusal for each in refused)


def test_the_same_zip_takes_room_once_and_a_second_run_finds_the_same(tmp_path: Path) -> None:
    same = packed(write("a", bytes(900_000)), write("b", b"x"))
    files = {"1.zip": same, "2.zip": same, "3.zip": same, "4.zip": packed(write("c", bytes(900_000)))}
    root = lay(tmp_path / "A", files)
    for _ in range(2):
        desk = Unpacker(tmp_path / "out", LIMITS)
        assert len(desk.unpack_below([root], "a")) == 3
        assert not any(each.refusal for each in desk.archives.values())
    # What an earlier run unpacked with more room is no longer used.
    desk = Unpacker(tmp_path / "out", ZipLimits(total_bytes=1_000_000))
    assert len(desk.unpack_below([root], "a")) == 2
    desk.clear()
    assert unpacked_bytes(tmp_path / "out") == 900_001


def test_a_zip_is_as_deep_as_a_folder_may_be(tmp_path: Path) -> None:
    """Counted by hand: the eighth name is the file."""
    archive = tmp_path / "a.zip"
    archive.write_bytes(packed(write("a/b/c/d/e/f/g/h")))
    unpack(archive, tmp_path / "out", "a.zip")
    check_folder(tmp_path / "out")
    archive.write_bytes(packed(write("a/b/c/d/e/f/g/h/i")))
    with pytest.raises(IntakeError, match="more than 8 folders deep"):
        unpack(archive, tmp_path / "more", "a.zip")


def directory_only(path: Path, entries: int, *, stated: int | None = None, wide: bool = False) -> None:
    """A zip that is nothing but a directory, laid out by hand (APPNOTE.TXT, 4.3.12, 4.3.14 to 4.3.16)."""
    entry = struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"x"
    data, number = entry * entries, entries if stated is None else stated
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, number, number, len(data), 0, 0)
    if wide:
        record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, number, number, len(data), 0)
        locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(data), 1)
        end = record + locator + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, *[0xFFFF] * 2, *[0xFFFFFFFF] * 2, 0)
    path.write_bytes(data + end)


@pytest.mark.parametrize(("stated", "wide"), [(None, False), (1, False), (None, True), (1, True)])
def test_a_zip_of_too_many_entries_is_refused_before_it_is_in_memory(
    tmp_path: Path, stated: int | None, wide: bool
) -> None:
    """Red if zipfile lists them: 60,000 of its objects take some 30 MB."""
    archive = tmp_path / "a.zip"
    directory_only(archive, 60_000, stated=stated, wide=wide)
    tracemalloc.start()
    try:
        with pytest.raises(IntakeError, match="more than 20000 files and folders"):
            measure(archive, "a.zip")
        assert not find_entry(archive, lambda name: name != "x")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("wide", [False, True])
def test_as_many_entries_as_are_allowed_are(tmp_path: Path, wide: bool) -> None:
    archive = tmp_path / "a.zip"
    directory_only(archive, 6, wide=wide)
    assert measure(archive, "a.zip", LIMITS) == (6, 0)
    directory_only(archive, 7, wide=wide)
    with pytest.raises(IntakeError, match="more than 6 files"):
        measure(archive, "a.zip", LIMITS)


def test_names_are_read_as_zipfile_reads_them(tmp_path: Path) -> None:
    """Against zipfile: with a comment, with something before the zip, and with letters of two encodings."""
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for name in ("plain.txt", "ä/ö.png", "folder/", "x" * 300):
            opened.writestr(name, b"data")
        opened.comment = b"A comment, with PK in it" + bytes(30)
    plain = archive.read_bytes()
    for data in (plain, b"#!/bin/sh\n" + plain, plain.replace(b"plain.txt", b"pl\x84in.txt")):
        archive.write_bytes(data)
        with zipfile.ZipFile(archive) as opened:
            expected = [entry.orig_filename for entry in opened.infolist()]
        with archive.open("rb") as stream:
            assert list(read_names(stream)) == expected
    for damaged in (b"", plain[:-70], plain.replace(b"PK\1\2", b"PK\1\3")):
        archive.write_bytes(damaged)
        assert not find_entry(archive, lambda _name: True)
