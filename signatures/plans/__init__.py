"""Define kinds of plans, one file each: what a planner writes, and how a reasoner sees it."""
