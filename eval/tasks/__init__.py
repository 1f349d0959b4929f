"""Tasks: questions with their right answers, and how an answer is scored."""
