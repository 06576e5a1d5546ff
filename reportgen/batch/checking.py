"""Whether the report that a group handed in was really computed from its data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.batch.job import Job
from reportgen.batch.outcome import Outcome
from reportgen.batch.wording import describe_problem, localise
from reportgen.diff.wording import plural, printable
from reportgen.errors import ExplanationError, RenderError, UserError, WeightsError
from reportgen.models.backend import BackendError
from reportgen.store.files import StorageError, write_atomically

if TYPE_CHECKING:
    from reportgen.progress import Progress
    from reportgen.settings import Settings
    from reportgen.verify import Verification

_LONGEST_REASON = 300
_NOT_THEIRS = (BackendError, ExplanationError, RenderError, WeightsError)
"""What this machine lacks is nothing that a group handed in."""

JSON_FILE, TEXT_FILE = "verification.json", "verification.txt"


@dataclass(frozen=True)
class Case:
    """What is compared: the report that was handed in, and the data and settings it should come from."""

    submission: Path | None
    data: Path | None
    settings: Settings


def verify_group(outcome: Outcome, case: Case, job: Job, place: Path, progress: Progress) -> Outcome:
    """Recompute a submitted report from data; the findings go to ``place``, and in few words to the outcome.

    A report that cannot be verified is no failure of the group. Raises ``StorageError`` if nothing can be
    written.
    """
    if case.submission is None:
        return replace(outcome, verification="no report handed in")
    if case.data is None:
        return replace(outcome, verification="no data handed in")
    from reportgen.verify import describe, verify, write_json

    try:
        found = verify(
            case.submission, case.data, settings=case.settings, outline=job.config.outline, progress=progress
        )
    except StorageError:
        raise
    except UserError as error:
        reason = describe_problem(error, job, place)
        return replace(
            outcome,
            verification=f"cannot be verified: {reason}",
            differs=not isinstance(error, _NOT_THEIRS),
        )
    found = replace(found, submission=case.submission.name, data=case.data.name)
    texts = {JSON_FILE: write_json(found), TEXT_FILE: "\n".join(describe(found)) + "\n"}
    for name, text in texts.items():
        # A report may hold characters that no encoding has.
        write_atomically(place / name, localise(text, job, place).encode("utf-8", "backslashreplace"))
    return replace(outcome, verification=_judge(found), verified=True, differs=not found.confirmed)


def _judge(found: Verification) -> str:
    differing, missing = found.of("differs"), found.of("not recomputable")
    if differing:
        subjects = ", ".join(dict.fromkeys(row.subject for row in differing))
        return f"{plural(len(differing), 'thing differs', 'things differ')}: {subjects}"
    if missing:
        reason = next((row.reason for row in missing if row.reason), "")
        text = f"nothing differs; {plural(len(missing), 'thing', 'things')} not checkable"
        return f"{text}: {printable(reason)[:_LONGEST_REASON]}" if reason else text
    return "confirmed"
