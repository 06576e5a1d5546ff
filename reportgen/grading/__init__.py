"""From results to points: checks, their scores, and the files that other programs read them from."""
