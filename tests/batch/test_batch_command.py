"""``reportgen batch`` as it is typed, and what a group's process may not do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from small_results import small_results

from reportgen.batch.class_file import Limits
from reportgen.batch.examination import mark
from reportgen.batch.job import BatchConfig, Job, describe_problem, job_text, parse_job
from reportgen.batch.outcome import outcome_text, parse_outcome
from reportgen.batch.progress_view import describe_outcome
from reportgen.batch.summary import _lost
from reportgen.batch.worker import work
from reportgen.errors import UserError
from reportgen.progress import Silent


def batch(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "importtime", "-m", "reportgen", "batch", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def said(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if not line.startswith("import time:")]


def test_groups_that_fail_have_a_row_each_and_set_the_exit_code(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / "class" / name).mkdir(parents=True)
        (tmp_path / "class" / name / "link").symlink_to("/etc/passwd")
    (tmp_path / "class.toml").write_text(
        'weights = "embedded"\n[[group]]\nname = "Ä"\nfolder = "class/one"\n'
        '[[group]]\nname = "B"\nfolder = "class/two"\n'
    )
    done = batch(tmp_path / "class.toml", "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "0 of 2 groups have grades; 0 were worked on." in done.stdout
    assert "  Ä: link: is a symbolic link, which is not followed" in done.stdout
    rows = (tmp_path / "out/grades.csv").read_bytes().decode().split("\r\n")
    assert [row.split(",")[:2] for row in rows] == [
        ["group", "status"], ["Ä", "failed"], ["B", "failed"], [""],
    ]  # fmt: skip
    assert "Ä" in (tmp_path / "out/overview.html").read_text(encoding="utf-8")
    # What lists groups and keeps tables has no use for what computes them.
    again = batch(tmp_path / "class.toml", "--out", tmp_path / "out", "--quiet")
    assert (again.returncode, again.stdout, said(again)) == (1, "", [])
    loaded = {line.rpartition("|")[2].strip() for line in again.stderr.splitlines()}
    heavy = {"tensorflow", "keras", "pytest", "jinja2", "matplotlib", "distributed", "numpy", "rich"}
    assert "reportgen.batch.run" in loaded
    assert not heavy & loaded


def test_a_wrong_class_file_ends_with_2_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "class.toml").write_text('tittle = "x"\n')
    done = batch(tmp_path / "class.toml", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "did you mean 'title'?" in done.stderr
    assert "group is missing" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("damaged", [False, True])
def test_missing_weights_are_told_before_anything_begins(tmp_path: Path, damaged: bool) -> None:
    (tmp_path / "class/one").mkdir(parents=True)
    if damaged:
        (tmp_path / "none/models").mkdir(parents=True)
        (tmp_path / "none/models/vgg19_weights_tf_dim_ordering_tf_kernels.h5").write_bytes(b"half of it")
    (tmp_path / "class.toml").write_text(
        'weights = "imagenet"\n[[group]]\nname = "A"\nfolder = "class/one"\n'
    )
    home = {**os.environ, "KERAS_HOME": str(tmp_path / "none")}
    command = [sys.executable, "-m", "reportgen", "batch", "class.toml", "--out", "out"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=home, timeout=60)
    assert done.returncode == 2
    assert "a batch downloads nothing" in done.stderr
    assert ("damaged" if damaged else "not on this machine") in done.stderr
    assert not (tmp_path / "out/groups").exists()


def test_processes_and_a_scheduler_are_not_given_together(tmp_path: Path) -> None:
    done = batch(tmp_path, "--out", tmp_path / "out", "--processes", "2", "--scheduler", "tcp://127.0.0.1:1")
    assert done.returncode == 2
    assert "Leave out one of them" in done.stderr


REFUSED = """
import socket, sys
from reportgen.batch.process import refuse_network
server = socket.create_server(("127.0.0.1", 0))
address = server.getsockname()
refuse_network()
for attempt in (
    lambda: socket.create_connection(address),
    lambda: socket.getaddrinfo("localhost", 80),
    lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", address),
    lambda: __import__("urllib.request").request.urlopen(f"http://127.0.0.1:{address[1]}", timeout=1),
):
    try:
        attempt()
    except PermissionError as error:
        print("refused")
    except OSError as error:
        print("refused" if "may not use the network" in str(error) else error)
"""


def test_a_groups_process_reaches_no_network() -> None:
    done = subprocess.run([sys.executable, "-c", REFUSED], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["refused"] * 4, done.stderr


def a_job(tmp_path: Path) -> Job:
    config = BatchConfig(("r.toml",), "embedded", "0" * 64, "c", 5, limits=Limits(1.5, 7), command=("a", "b"))
    return Job("Ä\n", "a", str(tmp_path), "1", "2", str(tmp_path), config, (f"{tmp_path}/more",))


def test_a_job_comes_through_its_file_as_it_was(tmp_path: Path) -> None:
    assert parse_job(job_text(a_job(tmp_path))) == a_job(tmp_path)


def test_what_could_not_be_checked_is_no_loss_of_a_group(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(small_results().model_dump_json(), encoding="utf-8")
    (tmp_path / "r.toml").write_text(
        '[[check]]\ncriterion = "Size"\npoints = 3\npointer = "/transfer/feature_size"\nexpected = 512\n'
        '[[check]]\ncriterion = "Largest"\npoints = 4\ncheck = "largest_neurons"\n'
    )
    job = a_job(tmp_path)
    job = replace(job, config=replace(job.config, rubrics=(str(tmp_path / "r.toml"),)))
    marked = mark(tmp_path / "results.json", job, tmp_path, Silent())
    words = "3 of 3 points, 4 not checkable"
    assert marked.notes[0] == words
    assert (marked.outcome.score, marked.outcome.points) == ("3", "7")
    assert describe_outcome(marked.outcome) == words
    assert parse_outcome(json.loads(outcome_text(marked.outcome))) == marked.outcome
    assert _lost(marked.outcome.marks[1]) == "Largest (0 of 4, not checkable)"


def test_a_report_that_cannot_be_read_is_no_grade_and_said(tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.7 no more")
    (tmp_path / "data/cat").mkdir(parents=True)
    (tmp_path / "data/cat/a.png").write_bytes(b"")
    job = replace(a_job(tmp_path), more=())
    with pytest.raises(UserError) as caught:
        work(job, tmp_path, Silent())
    said = describe_problem(caught.value, job, tmp_path)
    assert said.startswith("report.pdf: is no PDF or a damaged one")
