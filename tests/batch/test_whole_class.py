"""A class of 24 as an LMS gives it, with every trick: what each group comes to, here and on a cluster.

Nothing is pretended: reports are built, recomputed, compared and graded as by hand. Slow as that is, this is
the only place where all of it meets.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from bs4 import BeautifulSoup
from class_scene import files_of
from dask_cluster import Cluster, running_cluster
from graded_class import read_table
from test_lms_readers import read_blackboard, read_canvas, read_gradescope, read_moodle
from whole_class import GROUPS, MOODLE, STUDENTS, list_files, make_class, write_class

# From nothing to the end of a fixture, on two processors that others use, too.
pytestmark = [pytest.mark.long, pytest.mark.slow, pytest.mark.prints, pytest.mark.timeout(3600)]

PATIENCE = 3000.0

DONE, HELD, FAILED, NOTHING = "done", "held", "failed", "nothing handed in"


@dataclass(frozen=True)
class Line:
    """What a group comes to: ``manual`` are the points that a person gave (of 4), ``score`` those of the
    report (of 10), "" for none; ``reason`` begins the reason. ``export``: the score that an LMS gets.
    """

    group: int
    what: str
    manual: str
    status: str
    score: str
    reason: str = ""
    decided: bool = True

    @property
    def name(self) -> str:
        return f"Group {self.group}"

    @property
    def export(self) -> str | None:
        return self.score if self.score and self.decided else None


NO_REPORT = "no report.pdf and no build folder, but "

# By hand, from the rules of docs/classes.md: 3 points for the features, 2 for the maps, 1 for the words, up
# to 4 by hand. Verified points that a group did not lose are no matter of how its report travelled.
LINES = (
    Line(1, "the PDF alone", "4", DONE, "10"),
    Line(2, "the whole project in a zip, with settings and images", "3.5", DONE, "9.5"),
    Line(3, "REPORT.PDF one folder deeper, beside @eaDir", "0", DONE, "6"),
    Line(4, "the page alone", "", FAILED, "", f"{NO_REPORT}report.html"),
    # Its words are attached to the PDF that it did not hand in: neither reached nor lost.
    Line(5, "results.json alone", "2", DONE, "7", decided=False),
    Line(6, "a build folder in a zip in a zip, another seed", "4", DONE, "10"),
    Line(7, "the PDF, saved again", "4", DONE, "10"),
    Line(8, "a build folder, line ends CRLF", "4", DONE, "10"),
    Line(9, "a build folder, a number of the results forged", "4", HELD, "", "held: "),
    Line(10, "the PDF, a form field over a number", "4", HELD, "", "held: "),
    Line(11, "the PDF, with JavaScript; released", "3", DONE, "9", "released: "),
    Line(12, "nothing", "", NOTHING, "0", "nothing handed in"),
    # Flags inform and never change points.
    Line(13, "the PDF of group 1", "1", DONE, "7"),
    Line(14, "a report of its own, the words of group 2", "4", DONE, "10"),
    Line(15, "a zip that would hand in for group 16", "", HELD, "", "held: "),
    Line(16, "the PDF alone, whatever group 15 did", "4", DONE, "10"),
    Line(17, "a zip bomb", "", FAILED, "", "Group 17.zip: report.pdf: is packed to less than a 200th"),
    Line(18, "half a PDF", "", FAILED, "", "report.pdf: is no PDF or a damaged one"),
    Line(19, "an essay", "", FAILED, "", f"{NO_REPORT}essay.docx"),
    # Two days have begun, at 10 % of the points reached each.
    Line(20, "the PDF, a day and six hours late", "4", DONE, "8"),
    Line(21, "the PDF; its points by hand are not given yet", "", DONE, "6", decided=False),
    Line(22, "two PDFs, of which the later counts", "4", DONE, "10"),
    Line(23, "the PDF of group 3, saved again", "1", DONE, "7"),
    Line(24, "a build folder on other images", "4", HELD, "", "held: "),
)

RELEASED = 11

REFUSED_UNSEEN = (4, 12, 17, 19)
"""Groups that have no report to look into, and so their outcome before any worker begins."""

COPIES = {(1, 13), (2, 14), (3, 23), (15, 16)}
"""Pairs of groups that have something in common that neither images nor settings determine; all other reports
have the same images, nearly all the same seed, and so the same numbers.
"""

NOT_UNDERSTOOD = {
    "report.html": 4,
    "Group 17.zip": 17,
    "sundbyrosa_2018_3000_report.pdf": 18,
    "essay.docx": 19,
}
"""Files of which a person must know, by the end of their names, and whose they are."""

# What is no report, or none that counts: zips stand for their files, of which each has a row.
IGNORED = re.compile(
    r"\.DS_Store|.*/@eaDir/.*|.*/\.record\.json|.*\.zip|.*/report\.toml|.*/data/.*|.*_report-1\.pdf",
    re.DOTALL,
)


@dataclass(frozen=True)
class Ran:
    """The class, and what the command made of it: ``first`` is its table before a person gave points."""

    home: Path
    out: Path
    first: dict[str, dict[str, str]]
    codes: tuple[int, ...]
    said: str

    @property
    def rows(self) -> dict[str, dict[str, str]]:
        return grades(self.out)


def grades(out: Path) -> dict[str, dict[str, str]]:
    return {row["group"]: row for row in read_table(out / "grades.csv")}


def call(chosen: Path, out: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "reportgen", "batch", str(chosen), "--out", str(out), *arguments]


def batch(chosen: Path, out: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(call(chosen, out, *arguments), capture_output=True, text=True, timeout=PATIENCE)


def give_points(manual: Path, target: Path) -> None:
    """Fill in the table that the first run wrote, as a person does in a spreadsheet."""
    rows = read_table(manual)
    points = {line.name: line.manual for line in LINES}
    for row in rows:
        row["points"] = points[row["group"]].replace(".", ",")
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    target.write_text(stream.getvalue(), encoding="utf-8")


@pytest.fixture(scope="module")
def ran(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The class is graded, a person gives points and releases a group, and it is graded again."""
    home = tmp_path_factory.mktemp("class")
    out = home / "out"
    before = batch(make_class(home, drawn), out, "--processes", "2")
    assert (out / "grades.csv").exists(), before.stderr
    first = grades(out)
    give_points(out / "manual.csv", home / "points.csv")
    after = batch(
        write_class(home, manual="points.csv", release=[f"Group {RELEASED}"]), out, "--processes", "2"
    )
    return Ran(home, out, first, (before.returncode, after.returncode), after.stdout)


def test_the_table_has_every_group_once() -> None:
    assert [line.group for line in LINES] == list(GROUPS)


@pytest.mark.parametrize("line", LINES, ids=[f"{line.group}, {line.what}" for line in LINES])
def test_what_a_group_comes_to(ran: Ran, line: Line) -> None:
    row = ran.rows[line.name]
    assert (row["status"], row["score"]) == (line.status, line.score)
    assert row["reason"].startswith(line.reason) if line.reason else not row["reason"]
    if line.status == DONE:
        assert row["points"] == "10"
        open_points = (row["not checkable"], row["not graded yet"])
        assert open_points == {5: ("1", "0"), 21: ("0", "4")}.get(line.group, ("0", "0"))
    if line.status in (HELD, FAILED):
        assert not any(row[name] for name in ("Features", "Maps", "Observations"))


def test_nothing_that_differs_has_points_before_a_person_gives_them(ran: Ran) -> None:
    """Points by hand are open in the first run, so that no group is decided but the one without a report."""
    held = {name for name, row in ran.first.items() if row["status"] == "held"}
    assert held == {f"Group {number}" for number in (9, 10, 11, 15, 24)}
    assert {ran.first[name]["score"] for name in held} == {""}
    graded = {name: row for name, row in ran.first.items() if row["status"] == "done"}
    assert len(graded) == 14
    assert {row["not graded yet"] for row in graded.values()} == {"4"}
    # A PDF alone has all points that its arrays and its words are worth.
    assert ran.first["Group 1"]["score"] == "6"
    # 20 % of the 6 points that were known then.
    assert ran.first["Group 20"]["score"] == "4.8"


def test_only_groups_with_new_points_are_worked_on_again(ran: Ran) -> None:
    """Red if a class of which some are held ends with 0, or if a second run does what the first did."""
    assert ran.codes == (1, 1)
    given = [line for line in LINES if line.manual]
    assert f"15 of 24 groups have grades; {len(given)} were worked on" in ran.said


def test_who_is_late_and_who_handed_in_twice_is_said(ran: Ran) -> None:
    assert "handed in late" in ran.rows["Group 20"]["notes"]
    assert ran.rows["Group 20"]["Late submission"] == "'-2"
    assert "report-2.pdf was graded, and not" in ran.rows["Group 22"]["notes"]


def test_every_file_is_accounted_for(ran: Ran) -> None:
    """Red if a row is lost, or a file that a person must know of is only ignored."""
    # The bomb is not unpacked.
    wanted = [name for name, _ in list_files(ran.home / "downloads") if not name.startswith("Group 17.zip/")]
    rows = read_table(ran.out / "files.csv")
    assert sorted(row["file"] for row in rows) == sorted(wanted)
    strange = {row["file"]: row for row in rows if row["status"] == "not understood"}
    assert {name.rpartition("/")[2]: row["group"] for name, row in strange.items()} == {
        name: f"Group {number}" for name, number in NOT_UNDERSTOOD.items()
    }
    for row in rows:
        if row["file"] not in strange:
            assert row["status"] == ("ignored" if IGNORED.fullmatch(row["file"]) else "graded"), row["file"]
        if row["file"] not in (MOODLE, ".DS_Store"):
            assert row["group"] in ran.rows, row["file"]


def test_copies_are_flagged_and_equal_results_are_not(ran: Ran) -> None:
    page = BeautifulSoup((ran.out / "overview.html").read_text(encoding="utf-8"), "html.parser")
    found: dict[tuple[int, ...], list[str]] = {}
    for row in page.select("#alike tbody tr"):
        groups = sorted(int(name.get_text().split()[1]) for name in row.select(".name"))
        found.setdefault(tuple(groups), []).append(row.th.get_text() if row.th else "")
    assert set(found) == COPIES
    assert "the same PDF, byte for byte" in found[1, 13]
    assert found[2, 14] == ["the same commentary (transfer)"]
    assert "the same PDF, saved again" in found[3, 23]
    assert all(what.startswith("the author Paul ") for what in found[15, 16])


def test_what_is_held_is_named(ran: Ran) -> None:
    def findings(number: int) -> str:
        return (ran.out / f"groups/group-{number}/verification.txt").read_text(encoding="utf-8")

    assert "/transfer/confusion/test" in findings(9)
    assert "/AcroForm" in findings(10)
    assert "/JavaScript" in findings(11)
    assert "image" in ran.rows["Group 24"]["reason"]
    # Somebody's own report is not what the forger of group 15 wrote.
    assert findings(16).startswith("CONFIRMED")


def test_each_lms_reads_the_grades_of_every_student(ran: Ran) -> None:
    """By the readers of test_lms_readers.py, which know the documented formats and nothing of ours."""
    scores = {line.name: line.export for line in LINES}
    wanted = {student.ident: scores[student.group] for student in STUDENTS}
    assert len(wanted) == 48
    files = {name: (ran.out / f"grades-{name}.csv").read_bytes() for name in ("moodle", "canvas")}
    assert read_moodle(files["moodle"]) == wanted
    assert read_canvas(files["canvas"]) == (wanted, "10")
    assert read_blackboard((ran.out / "grades-blackboard.csv").read_bytes()) == (wanted, "10")
    read = read_gradescope((ran.out / "grades-gradescope.csv").read_bytes())
    assert {ident: score for ident, (score, _) in read.items()} == wanted
    assert {ident for ident, (_, status) in read.items() if status == "Missing"} == {"924", "925"}
    own = {row["id"]: row for row in read_table(ran.out / "grades-students.csv")}
    assert {ident: row["score"] or None for ident, row in own.items()} == wanted
    lines = {line.name: line for line in LINES}
    for row in own.values():
        line = lines[row["group"]]
        assert row["status"] == (line.status if line.decided else "not decided")


def kill_a_worker(cluster: Cluster, out: Path, ended: int) -> tuple[int, str]:
    """Wait until so many groups have ended and a worker is in the midst of another one, and kill that worker:
    its process, and the name of that group.
    """
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        time.sleep(0.2)
        if len(list(out.glob("groups/*/outcome.json"))) < ended:
            continue
        for pid, child, job in _list_at_work(cluster):
            # Old enough to be at work, and not about to end.
            if 3 < time.time() - child.create_time() < 8:
                name = json.loads(job)["name"]
                os.kill(pid, signal.SIGKILL)
                # A group's process goes with the worker that started it.
                assert not psutil.wait_procs([child], timeout=60)[1]
                return pid, str(name)
    raise TimeoutError("no worker was at work")


def _list_at_work(cluster: Cluster) -> Iterator[tuple[int, psutil.Process, str]]:
    """Each worker with the process of a group that it has started, and the job of that."""
    for worker in cluster.workers:
        # One may end while it is looked at.
        with contextlib.suppress(psutil.Error, OSError):
            for child in psutil.Process(worker.pid).children():
                files = [Path(each) for each in child.cmdline() if each.endswith("job.json")]
                if files:
                    yield worker.pid, child, files[0].read_text(encoding="utf-8")


def test_a_cluster_that_loses_a_worker_gives_the_same_to_the_byte(ran: Ran, tmp_path: Path) -> None:
    """In one run what took two here; red if the group of the lost worker has no points, or other ones."""
    there = tmp_path / "there"
    with running_cluster(tmp_path, workers=3) as cluster:
        command = call(ran.home / "class.toml", there, "--scheduler", cluster.address)
        with (
            (tmp_path / "said.txt").open("w+") as said,
            subprocess.Popen(command, stdout=said, stderr=said) as process,
        ):
            killed, lost = kill_a_worker(cluster, there, ended=len(REFUSED_UNSEEN) + 2)
            assert process.wait(PATIENCE) == 1, (tmp_path / "said.txt").read_text()
        (worker,) = [each for each in cluster.workers if each.pid == killed]
        assert worker.wait(30) == -signal.SIGKILL
        assert [each.poll() for each in cluster.workers if each is not worker] == [None, None]
    assert grades(there)[lost] == ran.rows[lost]
    # That of the first run, which named no points.
    leave_out = ["manual"]
    assert files_of(there, leave_out) == files_of(ran.out, leave_out)
