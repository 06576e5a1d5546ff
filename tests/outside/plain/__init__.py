"""The least that a section can be: one number, and no figure, table, claim or publication."""
