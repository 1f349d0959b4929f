"""Kinds of plans, one file for each: what a planner writes, and how a reasoner is shown it."""
