"""What a model's reply holds: the text that counts, marked answers, refusals and errors."""
