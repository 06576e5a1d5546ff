"""Networks of one's own, trained from random weights and compared."""
