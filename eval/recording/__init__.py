"""Recordings: all samples of every round, in one Parquet file."""
