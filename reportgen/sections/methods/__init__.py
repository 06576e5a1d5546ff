"""Where the decision comes from, by several methods, and how far they agree."""
