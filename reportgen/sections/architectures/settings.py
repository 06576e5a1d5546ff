"""What the section brings to report.toml: the networks, and how they are trained."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

from reportgen.analysis.architecture import DEFAULT_ARCHITECTURES, Architecture
from reportgen.tables import Table

MOST_ARCHITECTURES: Final = 8


class Training(Table):
    """How every network is trained."""

    epochs: Annotated[int, Field(ge=1, le=1000)] = 60
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    batch_size: Annotated[int, Field(ge=1, le=1024)] = 32
    patience: Annotated[int, Field(ge=1, le=1000)] = 10
    flip: bool = True
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 671
    repeats: Annotated[int, Field(ge=1, le=20)] = 1


def _require_names(architectures: tuple[Architecture, ...]) -> tuple[Architecture, ...]:
    if not 1 <= len(architectures) <= MOST_ARCHITECTURES:
        raise ValueError(f"it names {len(architectures)} networks; allowed is 1 to {MOST_ARCHITECTURES}")
    names = [each.name for each in architectures]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"two networks are called '{twice[0]}'; give each a name of its own")
    return architectures


_Architectures = Annotated[
    tuple[Architecture, ...],
    # TOML has lists, which strictly are no tuples; of what is inside the strictness stays.
    Field(strict=False),
    AfterValidator(_require_names),
]

FIELDS: Final[dict[str, tuple[Any, Any]]] = {
    "architectures": (_Architectures, DEFAULT_ARCHITECTURES),
    "training": (Training, Training()),
}
