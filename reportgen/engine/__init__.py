"""Stages: what they need, when they run, what is kept and published of them."""
