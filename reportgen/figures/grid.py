"""How many pictures stand in a row."""

from __future__ import annotations

import math


def count_columns(count: int) -> int:
    """Up to four images stand in one row; more are spread over rows of nearly equal length."""
    longest = max(4, math.isqrt(count - 1) + 1)
    rows = -(-count // longest)
    return -(-count // rows)


def count_channel_columns(count: int) -> int:
    """Filters and feature maps stand in rows of five, many of them in rows of eight."""
    return min(count, 5 if count <= 15 else 8)
