"""One module a stage: ``run(context)`` makes its outcome, named byte strings, from what the plan declares."""
