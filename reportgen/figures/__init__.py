"""Renders arrays to pictures: montages, plots and formulas, as bytes that depend on the arrays alone."""
