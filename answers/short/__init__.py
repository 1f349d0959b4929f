"""Short answers: numbers, mathematics, choices and words."""
