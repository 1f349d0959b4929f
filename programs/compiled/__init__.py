"""Compiled programs that come with the package, one JSON file each: what `cope compile` wrote, its provenance included."""
