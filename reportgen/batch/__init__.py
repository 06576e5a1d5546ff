"""A whole class: every group built, graded and, if asked for, verified."""
