"""Extract programs from replies, and find the tests in a question."""
