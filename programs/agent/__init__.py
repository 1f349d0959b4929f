"""Agents: systems that answer a game with actions, each of which is a question for a cascade."""
