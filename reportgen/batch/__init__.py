"""Batch processing of a class: what every group hands in is received, verified and graded."""
