"""The command itself, as a user runs it, in a browser: from a changed image to the changed page."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tiny_data import CLASSES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

BUILT = 240_000
"""Milliseconds in which a build ends on a busy machine."""


@pytest.fixture
def unbuilt(copied: Path) -> Path:
    """A project without a build, of a section that runs no VGG19."""
    shutil.rmtree(copied / "build")
    settings = copied / "report.toml"
    kept = settings.read_text(encoding="utf-8").partition("[commentary]")[0]
    settings.write_text(f'sections = ["convolution"]\n{kept}', encoding="utf-8")
    return copied


@pytest.fixture
def address(unbuilt: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "reportgen", "watch", "--port", "0"]
    with subprocess.Popen(
        command,
        # A program started in the background of a shell is deaf to Ctrl-C, and so would this one be.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        cwd=unbuilt,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stderr is not None
            line = next(line for line in process.stderr if "127.0.0.1" in line)
            found = re.search(r"http://127\.0\.0\.1:\d+/", line)
            assert found, line
            reader = threading.Thread(target=process.stderr.read, daemon=True)  # or the pipe fills up
            reader.start()
            yield found[0], process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.long
def test_a_changed_image_changes_the_page(
    unbuilt: Path, address: tuple[str, subprocess.Popen[str]], browser: Browser
) -> None:
    url, process = address
    page = browser.new_page()
    page.goto(url)
    report = page.frame_locator("#report")
    first = report.get_by_role("cell", name="4", exact=True)
    expect(first.first).to_be_visible(timeout=BUILT)
    assert report.get_by_role("cell", name="5", exact=True).count() == 0, "4 training images a class"

    source = unbuilt / f"data/train/{CLASSES[1]}/train 0.jpg"
    (unbuilt / f"data/train/{CLASSES[1]}/one more.jpg").write_bytes(source.read_bytes() + b"\0")
    expect(report.get_by_role("cell", name="5", exact=True).first).to_be_visible(timeout=BUILT)

    good = (unbuilt / "build/report.pdf").read_bytes()
    (unbuilt / "report.toml").write_text("group = 5\n", encoding="utf-8")
    expect(page.get_by_text("group = 5")).to_be_visible(timeout=BUILT)
    assert report.get_by_role("cell", name="5", exact=True).count() > 0
    assert (unbuilt / "build/report.pdf").read_bytes() == good
    page.close()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0
