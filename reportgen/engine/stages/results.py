"""Everything computed, in one document."""

from __future__ import annotations

import json

from reportgen.contract.conformity import check_document
from reportgen.contract.document import results_type
from reportgen.engine.stages.files import RESULTS_FILE
from reportgen.engine.stages.given import Bundle, Given
from reportgen.engine.stages.section import read_numbers
from reportgen.results import Author, Check, Dataset, Font, Kind, Provenance, Report, Results
from reportgen.typefaces.face import Face, describe_face
from reportgen.weights import Weights


def run(given: Given) -> Bundle:
    """Put the sections together, with what the title page says, and decide every claim.

    Raises ``ContractError`` naming the pointer if what came out is not what the schema promises.
    """
    kind = given.kind
    numbers = {section.name: read_numbers(section, given.bundle(section.name)) for section in kind.sections}
    images = given.bundle("dataset")
    examples = {label: image.file for label, image in given.examples.items()}
    dataset = Dataset.model_validate_json(images["dataset.json"])
    claims = kind.decide_claims(numbers)
    results = results_type(kind, Results)(
        kind=Kind(name=kind.name, version=kind.version, sections=list(kind.names)),
        report=_describe_report(given),
        provenance=Provenance(
            seed=given.setting("seed"),
            data_fingerprint=images["fingerprint"].decode(),
            weights=Weights.model_validate_json(given.bundle("weights")["weights.json"]),
            versions=dict(given.versions),
            processor=given.processor,
            fonts=[_describe_font(face) for face in given.fonts],
        ),
        dataset=dataset.model_copy(update={"examples": examples}),
        checks=[Check(name=claim.name, claim=claim.claim, passed=claim.passed) for claim in claims],
        **numbers,
    )
    text = results.model_dump_json(indent=2) + "\n"
    check_document(json.loads(text), kind)
    return {RESULTS_FILE: text.encode()}


def _describe_font(face: Face) -> Font:
    return Font(name=describe_face(face).name, sha256=face.sha256)


def _describe_report(given: Given) -> Report:
    date = given.setting("date")
    return Report(
        course=given.setting("course"),
        assignment=given.setting("assignment"),
        group=given.setting("group"),
        authors=[Author(name=a.name, roll_number=a.roll_number) for a in given.setting("authors")],
        date=date.isoformat() if date else None,
    )
