"""Tasks: questions with right answers, and how an answer is scored."""
