"""One module a stage: ``run(given)`` makes its outcome, named byte strings, from what the plan declares."""
