"""The tolerance of comparisons between sums of floating-point shares."""

FLOAT_TOLERANCE = (
    1e-9  # 0.1 * 30 samples is 3.0000000000000004 votes in floating point; three are enough
)
