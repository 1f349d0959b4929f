"""The tolerance of comparisons between sums of floating-point shares."""

FLOAT_TOLERANCE = 1e-9
"""0.1 * 30 samples are 3.0000000000000004 votes in floating point, and 3 votes must suffice."""
