"""One image a class, convolved with one Kaiming-initialised filter."""
