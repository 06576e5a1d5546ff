"""The pytest plugin: points for tests, and the results of a report as a fixture."""

from __future__ import annotations
