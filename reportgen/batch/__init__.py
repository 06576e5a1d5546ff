"""Batch processing of a class: every submission is received, verified and graded."""
