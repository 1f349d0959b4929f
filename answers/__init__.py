"""Read answers out of replies, and compare them."""
