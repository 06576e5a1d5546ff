"""Programs that a warm process starts are watched, limited and ended like those that are started afresh."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from reportgen.batch.class_file import Limits
from reportgen.batch.process import ProcessResult, Program, Start, run_program, start_afresh
from reportgen.batch.warm import WarmStarter, can_fork

pytestmark = pytest.mark.skipif(not can_fork(), reason="forks are of Linux only")

OWN = (sys.executable, "-P", "-c")

SERVER = """
import sys
from reportgen.batch.warm import serve
mark = "loaded before"
asked = serve(int(sys.argv[-1]), load=lambda: None)
if asked is not None:
    sys.argv = ["-c", "--progress-fd", str(asked.progress)]
    exec(asked.arguments[0])
"""
"""As the real one, but without TensorFlow; what it forks carries out the script that it is given."""

# pytest says there which test runs, so that it differs from one moment to the next.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}

GENEROUS = Limits(60, 2000)


@pytest.fixture
def starter() -> Iterator[WarmStarter]:
    with contextlib.closing(WarmStarter(ENVIRONMENT, OWN, (*OWN, SERVER))) as starter:
        yield starter


def run(
    begin: Start,
    folder: Path,
    script: str,
    limits: Limits = GENEROUS,
    on_message: Callable[[str], None] = lambda _: None,
    stopped: Callable[[], bool] = lambda: False,
) -> ProcessResult:
    folder.mkdir(exist_ok=True)
    program = Program((*OWN, script), folder, ENVIRONMENT, folder / "log.txt")
    return run_program(program, limits, on_message, stopped, begin)


BOTH = pytest.mark.parametrize("warm", [True, False], ids=["warm", "afresh"])
"""What is expected of a fork is true of a process that the system started."""


@BOTH
@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("pass", 0),
        ("raise SystemExit(7)", 7),
        ("1 / 0", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("import os; os.abort()", -signal.SIGABRT),
    ],
)
def test_its_exit_code_is_known(
    starter: WarmStarter, tmp_path: Path, script: str, code: int, warm: bool
) -> None:
    end = run(starter.start if warm else start_afresh, tmp_path, script)
    assert (end.code, end.over) == (code, "")


TELLS = """
import os, sys
print("mark" in globals(), os.getcwd(), os.getpgrp() == os.getsid(0) == os.getpid(), file=sys.stderr)
print(sorted(int(each) for each in os.listdir("/proc/self/fd"))[-2:-1], sys.argv[-1])
os.write(int(sys.argv[-1]), b"one\\ntwo\\n")
"""


@BOTH
def test_it_has_its_folder_session_log_and_messages(starter: WarmStarter, tmp_path: Path, warm: bool) -> None:
    told: list[str] = []
    end = run(starter.start if warm else start_afresh, tmp_path / "own", TELLS, on_message=told.append)
    assert end.code == 0
    assert told == ["one", "two"]
    said = (tmp_path / "own/log.txt").read_text()
    assert f"{warm} {(tmp_path / 'own').resolve()} True" in said


HOLDS = """
import os
print(*sorted(os.readlink(f"/proc/self/fd/{each}").split(":")[0] for each in os.listdir("/proc/self/fd")
              if os.path.lexists(f"/proc/self/fd/{each}")))
"""


def test_it_holds_nothing_open_of_the_others(starter: WarmStarter, tmp_path: Path) -> None:
    """Else a group could write into another's messages, or keep the batch from seeing its end."""
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(run, starter.start, tmp_path / "other", "import time; time.sleep(2)")
        while not (tmp_path / "other/log.txt").exists():
            time.sleep(0.05)
        time.sleep(0.3)
        run(starter.start, tmp_path / "one", HOLDS)
        assert not other.done()
        assert other.result().code == 0
    held = (tmp_path / "one/log.txt").read_text().split()
    # Its input and the pipe for its messages, its log twice; the folder is being listed.
    assert [each for each in held if each in ("pipe", "socket", "anon_inode")] == ["pipe", "pipe"]


SLEEPS = "import os, time\nif not os.fork():\n    open('child', 'w').write(str(os.getpid()))\ntime.sleep(100)"


@pytest.mark.parametrize(
    ("limits", "script", "over"),
    [
        (Limits(1, 2000), SLEEPS, "time"),
        (Limits(60, 150), "kept = bytearray(b'x') * 400_000_000\nimport time; time.sleep(100)", "memory"),
    ],
    ids=["time", "memory"],
)
def test_at_a_limit_it_is_ended_with_all_that_it_started(
    starter: WarmStarter, tmp_path: Path, limits: Limits, script: str, over: str
) -> None:
    end = run(starter.start, tmp_path, script, limits)
    assert (end.over, end.code) == (over, -signal.SIGKILL)
    assert end.seconds < 30
    started = [int(child.read_text()) for child in tmp_path.glob("child")]
    # The system takes a moment to end them.
    assert wait_until(lambda: not any(map(is_running, started)))
    # And the next one is none the worse.
    assert run(starter.start, tmp_path, "raise SystemExit(3)").code == 3


def test_it_is_stopped_as_it_is_asked(starter: WarmStarter, tmp_path: Path) -> None:
    began = time.monotonic()
    end = run(starter.start, tmp_path, SLEEPS, stopped=lambda: time.monotonic() > began + 1)
    assert end.over == "stopped"


def test_many_at_a_time_each_know_their_own_end(starter: WarmStarter, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        asked = [
            pool.submit(run, starter.start, tmp_path / str(code), f"raise SystemExit({code})")
            for code in range(24)
        ]
        assert [each.result().code for each in asked] == list(range(24))


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(is_so: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while not is_so() and time.monotonic() < end:
        time.sleep(0.05)
    return is_so()


def test_none_is_left_when_it_is_closed(tmp_path: Path) -> None:
    starter = WarmStarter(ENVIRONMENT, OWN, (*OWN, SERVER))
    program = Program((*OWN, SLEEPS), tmp_path, ENVIRONMENT, tmp_path / "log.txt")
    with (tmp_path / "log.txt").open("wb") as log:
        process = starter.start(program, log.fileno(), log.fileno())
    assert is_running(process.pid)
    assert wait_until((tmp_path / "child").exists)
    starter.close()
    assert process.wait(10) == -signal.SIGKILL
    process.close()
    assert not is_running(process.pid)
    assert wait_until(lambda: not is_running(int((tmp_path / "child").read_text())))


ASKS = """
import os, sys
from pathlib import Path
sys.path[:0] = {path!r}
from test_warm import ENVIRONMENT, OWN, SERVER, Program, WarmStarter
folder = Path({folder!r})
starter = WarmStarter(ENVIRONMENT, OWN, (*OWN, SERVER))
script = "open('started', 'w').write(str(__import__('os').getpid())); __import__('time').sleep(100)"
program = Program((*OWN, script), folder, ENVIRONMENT, folder / "log.txt")
with (folder / "log.txt").open("wb") as log:
    process = starter.start(program, log.fileno(), log.fileno())
    process.wait()
"""


def test_none_is_left_when_who_asked_is_killed(tmp_path: Path) -> None:
    script = ASKS.format(path=sys.path, folder=str(tmp_path))
    asking = subprocess.Popen([sys.executable, "-c", script])
    try:
        assert wait_until(
            lambda: (tmp_path / "started").exists() and (tmp_path / "started").read_text() != ""
        )
        (server,) = psutil.Process(asking.pid).children()
    finally:
        asking.kill()
        asking.wait()
    started = int((tmp_path / "started").read_text())
    assert wait_until(lambda: not is_running(started) and not is_running(server.pid))


def test_without_the_warm_process_programs_start_afresh(starter: WarmStarter, tmp_path: Path) -> None:
    assert run(starter.start, tmp_path, TELLS).code == 0
    starter._server.kill()
    starter._server.wait()
    assert run(starter.start, tmp_path / "afresh", TELLS).code == 0
    assert (tmp_path / "afresh/log.txt").read_text().startswith("False")


def test_what_runs_while_the_warm_process_is_killed_has_been_killed(
    starter: WarmStarter, tmp_path: Path
) -> None:
    began = time.monotonic()

    def kill_it() -> bool:
        if time.monotonic() > began + 1:
            starter._server.kill()
        return False

    end = run(starter.start, tmp_path, SLEEPS, stopped=kill_it)
    assert (end.code, end.over) == (-signal.SIGKILL, "")
    assert wait_until(lambda: not is_running(int((tmp_path / "child").read_text())))


@pytest.mark.parametrize("other", ["environment", "program"])
def test_another_program_or_environment_starts_afresh(
    starter: WarmStarter, tmp_path: Path, other: str
) -> None:
    environment = {**ENVIRONMENT, **({"OTHER": "1"} if other == "environment" else {})}
    command = (*OWN, TELLS) if other == "environment" else (sys.executable, "-c", TELLS)
    program = Program(command, tmp_path, environment, tmp_path / "log.txt")
    assert run_program(program, GENEROUS, lambda _: None, lambda: False, starter.start).code == 0
    assert (tmp_path / "log.txt").read_text().startswith("False")


def test_what_cannot_be_loaded_costs_nobody_a_group(tmp_path: Path) -> None:
    broken = WarmStarter(ENVIRONMENT, OWN, (*OWN, "raise SystemExit(1)"))
    with contextlib.closing(broken) as starter:
        assert run(starter.start, tmp_path, "raise SystemExit(4)").code == 4


def server_that(begins: str, load: str = "lambda: None") -> tuple[str, ...]:
    """As ``SERVER``, with something of the system that fails, or with another thing to load."""
    return (*OWN, f"{begins}\n{SERVER.replace('lambda: None', load)}")


def test_a_fork_that_ends_before_it_says_who_it_is_is_none(tmp_path: Path) -> None:
    """Red if its exit code is taken for its number: of that process the group would be killed."""
    command = server_that("import os, sys\nos.setsid = lambda: sys.exit(7)")
    with contextlib.closing(WarmStarter(ENVIRONMENT, OWN, command)) as starter:
        assert run(starter.start, tmp_path, TELLS).code == 0
    assert (tmp_path / "log.txt").read_text().startswith("False")


def test_where_no_fork_is_to_be_had_those_that_run_go_on(tmp_path: Path) -> None:
    """As at the limit of processes. Red if the warm process ends: with it all that it started."""
    limit = """
import os
fork, left = os.fork, ["only one"]
def fork_once():
    if not left:
        raise BlockingIOError(11, "Resource temporarily unavailable")
    left.pop()
    return fork()
os.fork = fork_once
"""
    with (
        contextlib.closing(WarmStarter(ENVIRONMENT, OWN, server_that(limit))) as starter,
        ThreadPoolExecutor(1) as pool,
    ):
        first = pool.submit(run, starter.start, tmp_path / "first", f"{TELLS}\nimport time; time.sleep(2)")
        assert wait_until(lambda: (tmp_path / "first/log.txt").exists())
        time.sleep(0.5)
        assert run(starter.start, tmp_path / "second", TELLS).code == 0
        assert not first.done()
        assert first.result().code == 0
    assert (tmp_path / "first/log.txt").read_text().startswith("True")
    assert (tmp_path / "second/log.txt").read_text().startswith("False")


def test_whoever_stops_the_batch_does_not_wait_until_all_is_loaded(tmp_path: Path) -> None:
    began = time.monotonic()
    command = server_that("", "lambda: __import__('time').sleep(50)")

    def stopped() -> bool:
        return time.monotonic() > began + 1

    with contextlib.closing(WarmStarter(ENVIRONMENT, OWN, command, stopped)) as starter:
        assert run(starter.start, tmp_path, SLEEPS, stopped=stopped).over == "stopped"
    assert time.monotonic() - began < 30


def test_to_wait_for_the_warm_process_is_not_of_the_time_that_a_group_has(tmp_path: Path) -> None:
    command = server_that("", "lambda: __import__('time').sleep(4)")
    with contextlib.closing(WarmStarter(ENVIRONMENT, OWN, command)) as starter:
        end = run(starter.start, tmp_path, "pass", Limits(3, 2000))
    assert (end.code, end.over) == (0, "")
    assert end.seconds < 3
