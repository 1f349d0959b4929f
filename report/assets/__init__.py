"""What the page is made of: its frame, its styles, and its script in parts."""
