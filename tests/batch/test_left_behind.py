"""What a group's process leaves behind when a stranger's file has taken it over: it stops nobody else's work,
and nothing is read or removed that is not its own.
"""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reportgen.batch.attempt import ATTEMPTS, GROUPS, finalize, run_job
from reportgen.batch.class_file import Group, Limits
from reportgen.batch.feedback import Recipient, make_page
from reportgen.batch.job import BatchConfig, Job
from reportgen.batch.outcome import Mark, Outcome, parse_outcome
from reportgen.batch.tables import GroupResult, spread_criteria

GOOD = """
import json
folder.joinpath("build").mkdir()
folder.joinpath("build/report.html").write_text("<p>report</p>")
mark = {"criterion": "Q1", "score": "1.5", "points": "4", "status": "failed"}
traits = {"authors": [], "words": {}, "images": {}, "pieces": []}
made = {"score": "1.5", "points": "4", "marks": [mark], "notes": [], "traits": traits}
def end_with(table):
    folder.joinpath("made.json").write_text(json.dumps(table))
end_with(made)
"""
"""Leaves what an honest process leaves."""


def work(home: Path, script: str) -> tuple[Outcome, Path]:
    """The outcome of a group whose process runs the script, and the group's folder; ``folder`` is its own."""
    out = home / "out"
    (out / ATTEMPTS).mkdir(parents=True, exist_ok=True)
    begin = "import os, sys\nfrom pathlib import Path\nfolder = Path(sys.argv[1]).parent\n"
    command = (sys.executable, "-c", begin + script)
    config = BatchConfig((), "embedded", "", str(home / "cache"), 1, limits=Limits(30, 2000), command=command)
    job = Job("Group", "group", str(home / "handed in"), "contents", "key", str(out), config)
    attempt = run_job(job, lambda _slug, _message: None, lambda: False)
    return finalize(out, attempt), out / GROUPS / "group"


def test_an_honest_process_is_believed(tmp_path: Path) -> None:
    outcome, folder = work(tmp_path, GOOD)
    assert (outcome.cause, outcome.score, outcome.marks[0].criterion) == ("", "1.5", "Q1")
    assert sorted(path.name for path in folder.iterdir()) == [
        *("build", "costs.json", "log.txt", "outcome.json"),
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these signals")
def test_a_signal_without_a_name_is_one_group_s_end(tmp_path: Path) -> None:
    """Real-time signals have numbers only, but for the first and the last (signal(7))."""
    outcome, _ = work(tmp_path, "os.kill(os.getpid(), 37)")
    assert (outcome.cause, outcome.reason) == ("crash", "Its process crashed (signal 37)")


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Fails where something waits for ever, as for whoever is to write to a pipe."""

    def fail(*_: object) -> None:
        raise AssertionError("it waits")

    before = signal.signal(signal.SIGALRM, fail)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


NO_OUTCOME, CODE_1 = "Its process ended without an outcome", "It ended with code 1"

OURS = {"costs.json", "outcome.json", "log.txt"}

THEIRS = '{"score": "4", "points": "4", "marks": [], "notes": [], "traits": {"authors": [], "pieces": []}}'
"""The outcome of another group, which a link may lead to."""

STRANGE = "Its process left something that no honest one leaves: "


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        # The outcome itself: a pipe that nobody writes to, somebody else's file, a folder, no end of bytes.
        ("os.mkfifo('made.json')", NO_OUTCOME),
        ("os.symlink('{home}/theirs.json', 'made.json')", NO_OUTCOME),
        ("os.mkdir('made.json')", NO_OUTCOME),
        ("with open('made.json', 'wb') as file: file.truncate(10**9)", NO_OUTCOME),
        # What is removed after the work.
        (f"{GOOD}os.symlink('{{home}}/theirs', 'images')", ""),
        (f"{GOOD}os.mkfifo('scratch')", ""),
        # What is kept.
        ("os.symlink('{home}/theirs', 'build')", NO_OUTCOME),
        (f"{GOOD}os.rename('build', 'b'); os.symlink('{{home}}/theirs', 'build')", f"{STRANGE}build"),
        (f"{GOOD}os.symlink('{{home}}/theirs.json', 'build/report.pdf')", f"{STRANGE}build/report.pdf"),
        (f"{GOOD}os.mkfifo('build/report.pdf')", f"{STRANGE}build/report.pdf"),
        (f"{GOOD}os.rename('build', 'b'); open('build', 'w')", ""),
        (f"{GOOD}os.mkdir('build/.lock')", ""),
        # Names of ours.
        (f"{GOOD}for name in ('outcome.json', 'costs.json', 'earlier', 'kept'): os.mkdir(name)", ""),
        # The log, which it does not write itself.
        ("os.unlink('log.txt'); os.symlink('{home}/theirs.json', 'log.txt'); sys.exit(1)", CODE_1),
        ("os.unlink('log.txt'); os.mkfifo('log.txt'); sys.exit(1)", CODE_1),
        ("os.unlink('log.txt'); os.mkdir('log.txt'); sys.exit(1)", CODE_1),
        # More than Python goes down.
        ("for _ in range(1500): os.mkdir('d'); os.chdir('d')", NO_OUTCOME),
        (f"{GOOD}os.chdir('build')\nfor _ in range(1500): os.mkdir('d'); os.chdir('d')", f"{STRANGE}build"),
    ],
)  # fmt: skip
def test_nothing_that_it_left_is_followed(tmp_path: Path, script: str, reason: str) -> None:
    """Links, pipes and folders where files belong: the group has its row, and nobody else loses a file."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / ".lock").write_text("1")
    (tmp_path / "theirs.json").write_text(THEIRS)
    with at_most(30):
        outcome, folder = work(tmp_path, script.replace("{home}", str(tmp_path)))
    assert outcome.reason[: len(reason) or None] == reason
    assert outcome.done == (not reason)
    assert (theirs / ".lock").read_text() == "1"
    left = list(folder.rglob("*"))
    assert all(path.is_file() or path.is_dir() for path in left)
    assert not any(path.is_symlink() for path in left)
    kept = {"build", "report.html", ".lock", "b"} if outcome.done else set()
    names = {path.name for path in left}
    assert (
        {"costs.json", "outcome.json", "log.txt"} <= names <= {"costs.json", "outcome.json", "log.txt", *kept}
    )
    assert list((tmp_path / "out" / ATTEMPTS).iterdir()) == []


def test_a_stranger_s_file_gives_way_to_what_a_person_put_there(tmp_path: Path) -> None:
    """A file where a person's own folder was; red if that folder is to be made all the same."""
    _, folder = work(tmp_path, GOOD)
    (folder / "build/mine").mkdir()
    (folder / "build/mine/notes.txt").write_text("look again")
    outcome, folder = work(tmp_path, f"{GOOD}\n(folder / 'build/mine').write_text('')")
    assert outcome.done
    assert (folder / "kept/build/mine/notes.txt").read_text() == "look again"


@pytest.mark.parametrize(
    "script",
    [
        "(folder / 'made.json').write_text('[' * 100_000 + ']' * 100_000)",
        "(folder / 'made.json').write_text('9' * 5000)",
        f"{GOOD}made['score'] = 'many'\nend_with(made)",
    ],
)
def test_what_is_no_outcome_stops_no_class(tmp_path: Path, script: str) -> None:
    outcome, _ = work(tmp_path, script)
    assert (outcome.cause, outcome.reason) == ("crash", NO_OUTCOME)


def parse(place: str, value: Any) -> Outcome:
    """What is made of an outcome that is honest but for one entry, ``mark/score`` or the like."""
    mark: dict[str, Any] = {"criterion": "Q1", "score": "1.5", "points": "4", "status": "failed"}
    traits: dict[str, Any] = {"authors": [], "words": {}, "images": {}, "pieces": []}
    made: dict[str, Any] = {"score": "1.5", "points": "4", "marks": [mark], "notes": [], "traits": traits}
    step, _, key = place.rpartition("/")
    {"": made, "mark": mark, "traits": traits}[step][key] = value
    return parse_outcome(json.loads(json.dumps(made)))


OTHER_TYPES: dict[str, tuple[Any, ...]] = {
    "score": ("many", "NaN", "Infinity", "1e99", "", 1.5),
    "points": ("", "-", "٣", None, "9" * 99),
    "mark/score": ("", "NaN", None, {}),
    "mark/points": ("", "sNaN", [], "-4"),
    "mark/criterion": (1, None, []),
    "mark/status": ("great", {}),
    "correct": ("1", True, -1, 1.5, []),
    "total": ("4", 0.5, -4),
    "cause": ("nobody", [], 1),
    **dict.fromkeys(("reason", "hold", "verification", "undecided", "verified", "notes", "marks"), (5,)),
    "notes": ([1], [[]]),
    "traits/images": ({"a": "no hash"}, {"a": "00"}, [], {"a": 1}),
    "traits/authors": ([{"name": 1}], [{}]),
    "traits/words": ({"a": {}}, 3),
    "traits/pieces": ([{}], [1]),
    "more": (1,),
}


@pytest.mark.parametrize(
    ("place", "value"), [(place, each) for place in OTHER_TYPES for each in OTHER_TYPES[place]]
)
def test_an_outcome_of_other_types_is_none(place: str, value: Any) -> None:
    """Decimals are computed with, names sorted and hashes unpacked in the tables of the whole class."""
    with pytest.raises((ValueError, TypeError, LookupError)):
        parse(place, value)


@pytest.mark.parametrize(("place", "value"), [
    ("mark/score", "-2.25"), ("mark/points", "0"), ("score", "5.5"), ("correct", 0), ("total", None),
    ("notes", ["A note"]), ("notes", ["a\udcff.pdf and \U0001f600"]),
    ("mark/status", "not graded yet"), ("traits/images", {"a": "00ff00ff00ff00ff"}),
])  # fmt: skip
def test_what_an_honest_outcome_may_say_stays(place: str, value: Any) -> None:
    """A deduction, a bonus, points by hand, a report without a headline number; the name of a file of another
    encoding.
    """
    assert parse(place, value).done


@pytest.mark.parametrize("points", ["4", "0"])
def test_a_group_s_points_for_a_criterion_cannot_stop_the_table(points: str) -> None:
    """Another group's criterion may be worth nothing, and take points: red if its share is an index."""
    good = Mark("Q1", "1", "4", "passed")
    taken = Outcome(score="0", points="4", marks=(Mark("Q1", "-40", points, "failed"),))
    spread = spread_criteria([Outcome(score="1", points="4", marks=(good,)), taken])[0]
    # A quarter of the points lies in the third tenth; what is less than nothing is nothing.
    assert spread.counts == (1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("file", ["[]", '{"rows": [5]}', '{"rows": [{}]}', '{"rows": 5}', "[" * 100_000])
def test_a_page_of_feedback_stands_without_files_of_other_kinds(tmp_path: Path, file: str) -> None:
    (tmp_path / "verification.json").write_text(file)
    (tmp_path / "grades.json").write_text(file)
    outcome = Outcome(
        score="1", points="4", marks=(Mark("Q1", "1", "4", "failed"),), hold="1 finding: numbers"
    )
    row = GroupResult(Group("A", None, "a"), outcome, None, {}, released=True)
    page = make_page(Recipient("A", row, tmp_path, tmp_path / "grades.json"), "Test class")
    assert (page.score, page.differences, page.criteria) == ("1", [], [])
