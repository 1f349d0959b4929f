"""Household games in the world of ALFWorld (arXiv 2010.03768), generated locally."""
