"""Collects everything computed in one document."""

from __future__ import annotations

import json
from dataclasses import asdict

from reportgen.contract.schema import check_document, results_type
from reportgen.engine.stages.context import RESULTS_FILE, Artifacts, StageContext
from reportgen.engine.stages.outcomes import read_numbers
from reportgen.results import Author, Check, Dataset, Font, Kind, Provenance, Report, Results
from reportgen.typefaces.face import Face, describe_face
from reportgen.weights import Weights


def run(context: StageContext) -> Artifacts:
    """Put the sections together, with what the title page says, and decide every claim.

    Raises ``ContractError`` naming the pointer if what came out is not what the schema promises.
    """
    kind = context.kind
    numbers = {
        section.name: read_numbers(section, context.artifacts(section.name)) for section in kind.sections
    }
    images = context.artifacts("dataset")
    examples = {label: image.file for label, image in context.examples.items()}
    dataset = Dataset.model_validate_json(images["dataset.json"])
    # Not when the page is rendered: the claims are a part of results.json, which diff and verify compare.
    claims = kind.decide_claims(numbers)
    results = results_type(kind, Results)(
        kind=Kind(name=kind.name, version=kind.version, sections=list(kind.names)),
        report=_describe_report(context),
        provenance=Provenance(
            seed=context.setting("seed"),
            data_fingerprint=images["fingerprint"].decode(),
            weights=Weights.model_validate_json(context.artifacts("weights")["weights.json"]),
            versions=dict(context.versions),
            processor=context.processor,
            fonts=[_describe_font(face) for face in context.fonts],
            layers=list(context.setting("layers")),
        ),
        dataset=dataset.model_copy(update={"examples": examples}),
        checks=[Check.model_validate(asdict(claim)) for claim in claims],
        **numbers,
    )
    text = results.model_dump_json(indent=2) + "\n"
    # Parsed again, so that what is checked is what a reader of the file gets.
    check_document(json.loads(text), kind)
    return {RESULTS_FILE: text.encode()}


def _describe_font(face: Face) -> Font:
    return Font(name=describe_face(face).name, sha256=face.sha256)


def _describe_report(context: StageContext) -> Report:
    date = context.setting("date")
    return Report(
        course=context.setting("course"),
        assignment=context.setting("assignment"),
        group=context.setting("group"),
        authors=[Author(name=a.name, roll_number=a.roll_number) for a in context.setting("authors")],
        date=date.isoformat() if date else None,
        theme=context.setting("theme"),
    )
