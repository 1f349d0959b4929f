"""Programs: extract them from replies, and find the tests that a question shows."""
