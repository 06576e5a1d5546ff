"""Batch processing of a class: every group is built, graded and, on request, verified."""
