"""Arrays become pictures: montages, plots and formulas, as bytes that depend on nothing but the arrays."""
