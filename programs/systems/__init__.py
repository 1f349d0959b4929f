"""Systems: anything that answers questions with a team's models and can be evaluated."""
