"""Templates that `cope init` writes: files that run as they are."""
