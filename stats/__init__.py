"""Statistics: intervals, clustered errors, bootstrap, paired tests, power and reliability."""
