"""Everything computed, in one document."""

from __future__ import annotations

import json

from reportgen.analysis.checks import check_claims
from reportgen.contract.conformity import check_document
from reportgen.results import Author, Dataset, Font, Provenance, Report, Results
from reportgen.stages.files import RESULTS_FILE
from reportgen.stages.given import Bundle, Given
from reportgen.stages.section import read_numbers
from reportgen.typefaces.face import Face, describe_face
from reportgen.weights import Weights

_COMPUTED = ("convolution", "conv_stack", "transfer", "neurons", "guided_backprop")


def run(given: Given) -> Bundle:
    """Put the sections together, with what the title page says, and decide every claim.

    Raises ``ContractError`` naming the pointer if what came out is not what the schema promises.
    """
    numbers = {name: read_numbers(name, given.bundle(name)) for name in _COMPUTED}
    images = given.bundle("dataset")
    examples = {label: image.file for label, image in given.examples.items()}
    dataset = Dataset.model_validate_json(images["dataset.json"])
    results = Results(
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
        checks=check_claims(**numbers),
        **numbers,
    )
    text = results.model_dump_json(indent=2) + "\n"
    check_document(json.loads(text))
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
