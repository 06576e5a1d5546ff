"""One module per stage: ``run(context)`` makes named byte strings from what the plan declares."""
