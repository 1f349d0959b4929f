"""The command `cope`: `main` starts it, `commands/` has one file for each subcommand."""
