"""What the commands print and show while they work."""
