"""Games that agents play: generated locally, each in a process of its own while it is played."""
