"""Which rubrics have points by hand or a policy for lateness, however their files are saved."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from reportgen.batch.class_file import Class, Group
from reportgen.batch.supplements import Supplements, gather_supplements

SIZE = '[[check]]\ncriterion = "Size"\npoints = 6\npointer = "/transfer/feature_size"\nexpected = 512\n'
OUTLOOK = '[[check]]\ncriterion = "Outlook"\npoints = 2.5\nmanual = true\ntext = "Is there one?"\n'
LATE = "[late]\ndue = 2026-02-01T12:00:00\nper_day = 10\nmost = 50\n"
ESCAPED = OUTLOOK.replace("manual", '"m\\u0061nual"')


def gather(home: Path, rubric: bytes) -> tuple[Supplements, list[str], bool]:
    """What a class with one late group and a table of its points gets; what is said; whether a table is
    offered.
    """
    out, said = home / "out", list[str]()
    out.mkdir()
    (home / "mine.toml").write_bytes(rubric)
    group = Group("A", None, "a", submitted=datetime(2026, 2, 3, 12))
    gathered = gather_supplements(
        Class((group,), (home / "mine.toml",)), (group,), {"A": "A"}, out, said.append
    )
    return gathered, said, (out / "manual.csv").exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_points_by_hand_and_lateness_count_in_every_encoding_that_is_read(
    tmp_path: Path, encoding: str, end: str
) -> None:
    gathered, _, offered = gather(tmp_path, (LATE + SIZE + OUTLOOK).replace("\n", end).encode(encoding))
    assert gathered.times == {"A": "2026-02-03T12:00:00"}
    assert offered


def test_a_key_that_is_spelt_by_numbers_of_letters_counts(tmp_path: Path) -> None:
    assert gather(tmp_path, (SIZE + ESCAPED).encode())[2]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_rubric_with_neither_offers_nothing_and_says_so(tmp_path: Path, encoding: str) -> None:
    gathered, said, offered = gather(tmp_path, SIZE.encode(encoding))
    assert (gathered, offered) == (Supplements(), False)
    assert said == ["No rubric has [late], so the times of submission change no points."]
