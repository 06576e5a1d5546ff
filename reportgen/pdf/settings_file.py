"""The settings of a report, written again as a ``report.toml`` that anybody may read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomli_w

_HEAD = "# The settings of this report as they were understood, those not given at their defaults.\n"


def write_settings(values: Mapping[str, Any], weights: str) -> bytes:
    """``report.toml`` with these settings, by name, and the weights that were in fact used."""
    table = {name: _plain(value) for name, value in values.items() if value is not None}
    text = _HEAD + tomli_w.dumps({**table, "weights": weights})
    return text.encode("utf-8", "replace")


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
