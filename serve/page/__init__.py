"""The page at `/`, on which a person asks and watches the rounds."""
