"""Answer a table stage by stage: round k for all open rows, then round k + 1 for what is left."""
