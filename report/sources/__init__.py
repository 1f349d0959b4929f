"""The sources of a report: a run, a recording or a comparison."""
