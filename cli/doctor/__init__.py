"""The checks of `cope doctor`."""
