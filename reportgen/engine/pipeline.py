"""A complete build: find out what is stale, compute it, and replace the previous report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from reportgen.engine.execution import Execution
from reportgen.engine.explanation import (
    RECORD_FILE,
    Record,
    find_intact,
    make_record,
    read_record,
    write_record,
)
from reportgen.engine.plan import Plan, digest_of
from reportgen.engine.preflight import refuse_problems
from reportgen.engine.preparation import (
    FOR_IMAGENET,
    explain_plan,
    find_stale,
    open_cache,
    plan_build,
    prepare_settings,
    published,
    stage_names,
)
from reportgen.engine.sources import code_of
from reportgen.engine.stages.context import HTML_FILE, PDF_FILE, RESULTS_FILE, Artifacts
from reportgen.engine.stages.network import ChangedWeightsError, Networks
from reportgen.errors import UserError
from reportgen.memo import Memo
from reportgen.outline.kind import ReportKind
from reportgen.pdf.printer import PangoMissingError, find_obstacle
from reportgen.progress import Progress, Silent
from reportgen.settings import Settings
from reportgen.store.cache import Cache
from reportgen.store.digests import CodeMemory, DigestMemory
from reportgen.store.lock import locked
from reportgen.store.ownership import claim
from reportgen.store.publication import publish, recover, refuse_occupied
from reportgen.system.packages import versions_for


@dataclass(frozen=True)
class BuildResult:
    """The result of a build: the folder, which stages ran, what the user should know, and None or why
    there is no PDF. ``changed`` is False if all was as it should be.
    """

    folder: Path
    changed: bool
    ran: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problem: UserError | None = None

    def path(self, name: str) -> Path:
        """Where a file of the build lies."""
        return self.folder / name

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """The content of ``results.json``."""
        document: Mapping[str, Any] = json.loads(self.path(RESULTS_FILE).read_bytes())
        return document


@dataclass(frozen=True)
class Options:
    """How to build. ``fresh``: nothing cached is used; ``explain``: first print why each stage runs;
    ``strict``: the images are a stranger's, so no link leads out of their folder and only usual formats are
    opened. ``for_imagenet``: what to tell the user to run for the weights that the assignment is about.
    """

    fresh: bool = False
    explain: bool = False
    strict: bool = False
    for_imagenet: str = FOR_IMAGENET


@dataclass
class BuildSession:
    """State kept from one build to the next in a process: the network, once it is loaded, and the
    hashes of its weights (None: as the cache remembers them).
    """

    networks: Networks = field(default_factory=Networks)
    memory: DigestMemory | None = None


def build(
    settings: Settings,
    data: Path,
    progress: Progress | None = None,
    options: Options = Options(),
    session: BuildSession | None = None,
) -> BuildResult:
    """Bring the report in ``settings.build`` up to date.

    Everything is made before anything is replaced, so that a failed build leaves the last report as it was.
    Without Pango the HTML is published all the same, an older PDF is moved to ``previous/`` so that no mixed
    pair stays, and ``BuildResult.problem`` says what is missing. Raises ``UserError`` otherwise.
    """
    progress, session = progress or Silent(), session or BuildSession()
    claim(settings.build, "report")  # before a lock is laid into a folder of somebody else's
    # A fresh build believes no remembered hash of the weights either.
    if session.memory is None or options.fresh:
        session.memory = DigestMemory(settings.cache, blind=options.fresh)
    settings = prepare_settings(settings, progress, options.for_imagenet, session.memory)
    with locked(settings.build, progress.say):
        # Before the second claim: what a dying build was publishing brings the record that lists it.
        for line in recover(settings.build):
            progress.say(line)
        # Asked again under the lock: the build that was waited for may have published other files.
        listed = claim(settings.build, "report")
        cache = open_cache(settings, fresh=options.fresh)
        plan = plan_build(
            settings,
            data,
            progress,
            _remember_fonts(cache, session.memory.code),
            memory=session.memory,
            strict=options.strict,
        )
        record = Record() if options.fresh else read_record(settings.build)
        if options.explain:
            for line in explain_plan(plan, record, cache):
                progress.say(line)
        stale = find_stale(plan, record)
        if not stale:
            return BuildResult(settings.build, changed=False, notes=_listed(record.notes))
        # What would refuse the files in the end is looked for before minutes of computing, not after them.
        refuse_occupied(settings.build, _fixed_names(stale, plan.kind), listed)
        refuse_problems(plan)
        if obstacle := find_obstacle():
            progress.say(f"Note: {obstacle.problem} The page is made all the same. {obstacle.remedy}")
        # The session's networks, so that a build of watch finds VGG19 loaded by the one before.
        execution = Execution(plan, cache, session.networks, progress)
        try:
            return _renew(plan, record, execution, stale, listed)
        except ChangedWeightsError:
            session.memory.forget(plan.weights.path)  # or every build to come would say the same
            raise
        finally:
            # After a failure, too: what was computed before it is in the cache.
            cache.trim()
            for complaint in cache.complaints():
                progress.say(f"Warning: {complaint}")


def _remember_fonts(cache: Cache, code: CodeMemory) -> Memo:
    """Where the choice of fonts is kept: looking through a machine's fonts can take seconds."""
    depends = {**code_of("reportgen.typefaces.choice", code), **versions_for({"matplotlib", "fontTools"})}
    return cache.items(digest_of(depends)).obtain


def _renew(
    plan: Plan, record: Record, execution: Execution, stale: list[str], own: Mapping[str, str]
) -> BuildResult:
    """Build what is stale, and publish it in place of the program's ``own`` files."""
    folder, progress = plan.settings.build, execution.progress
    # Stages that read no image do not depend on it, but bad images are to be named before minutes of
    # computing.
    execution.obtain("dataset")
    made: dict[str, Artifacts] = {}
    problem = None
    for name in stale:
        try:
            made[name] = execution.obtain(name)
        # The page is published all the same; what is missing is reported at the end.
        except PangoMissingError as error:
            problem = error
    files: dict[str, tuple[str, bytes | None]] = {}
    for name in published(plan.kind):
        if name in made:
            files |= {file: (name, data) for file, data in _files_of(name, made[name], plan.kind).items()}
        # None for the content: the file is there as it should be, and need not even be read from the cache.
        elif name not in stale:
            files |= dict.fromkeys(record.files_of(name), (name, None))
    notes, figures = _remarks(made, record)
    listed = {
        file: (name, _sha256(data) if data is not None else record.files[file][1])
        for file, (name, data) in files.items()
    }
    # Without the PDF in the record, the next build tries it again.
    stages = [stage for stage in plan.stages.values() if not (problem and stage.name == "pdf")]
    content = write_record(make_record(stages, listed, figures, notes))
    with progress.stage("Writing the report"):
        # What would be replaced by the same bytes stays.
        kept = find_intact(folder, {file: sha256 for file, (_, sha256) in listed.items()})
        new = {file: None if file in kept else data for file, (_, data) in files.items()}
        lines = publish(folder, {**new, RECORD_FILE: content}, own, spared=[PDF_FILE] if problem else ())
    for line in lines:
        progress.say(line)
    return BuildResult(folder, True, tuple(execution.ran), _listed(notes), problem)


def _fixed_names(stages: Sequence[str], kind: ReportKind) -> list[str]:
    """The files of the build folder whose names are known before the stages have run."""
    names = {"results": [RESULTS_FILE], "html": [HTML_FILE], "pdf": [PDF_FILE]}
    for section in kind.sections:
        names[section.name] = [f"arrays/{section.name}.npz", *section.files]
    return [name for stage in stages for name in names.get(stage, [])]


def _files_of(stage: str, outcome: Artifacts, kind: ReportKind) -> dict[str, bytes]:
    """The files of the build folder that come from a stage."""
    if stage in kind:
        files = kind.section(stage).files
        return {f"arrays/{stage}.npz": outcome["arrays.npz"], **{file: outcome[file] for file in files}}
    # Artifacts without a dot, such as notes, are for the program and no files of the report.
    return {name: data for name, data in outcome.items() if "." in name and name != "figure_numbers.json"}


def _remarks(
    made: Mapping[str, Artifacts], record: Record
) -> tuple[Mapping[str, Sequence[str]], Mapping[str, Sequence[str]]]:
    """Notes for the user on page and PDF, by stage, and the numbers of the page's figures."""
    notes = {name: json.loads(made[name]["notes"]) for name in ("html", "pdf") if name in made}
    figures = json.loads(made["html"]["figure_numbers.json"]) if "html" in made else record.figures
    # A stage that did not run left its file as it is, so the notes of the last build still hold.
    return {**record.notes, **notes}, figures


def _listed(notes: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    return tuple(note for stage in sorted(notes) for note in notes[stage])


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def recompute(settings: Settings, data: Path, stage: str, progress: Progress | None = None) -> Artifacts:
    """Run one stage again, even if it is cached, and return its outcome. The build folder is not changed.

    Raises ``UserError`` for a stage that does not exist.
    """
    progress = progress or Silent()
    names = stage_names(settings.kind)
    if stage not in names:
        raise UserError(f"There is no stage '{stage}'.", f"The stages are {', '.join(names)}.")
    settings = prepare_settings(settings, progress, FOR_IMAGENET)
    plan = plan_build(settings, data, progress)
    # The others may come from the cache: that is what makes it worth asking for one.
    execution = Execution(plan, open_cache(settings), Networks(), progress, fresh={stage})
    execution.obtain("dataset")
    return execution.obtain(stage)


def describe_outcome(outcome: Artifacts) -> list[str]:
    """The numbers of an outcome as text; of what is no text, name, size and hash."""
    lines = []
    for name, data in outcome.items():
        if name.endswith(".json"):
            lines.append(json.dumps(json.loads(data), indent=2, ensure_ascii=False))
        else:
            lines.append(f"{name}: {len(data)} bytes, SHA-256 {_sha256(data)}")
    return lines
