"""The template of the page, its styles, and the parts of its script."""
