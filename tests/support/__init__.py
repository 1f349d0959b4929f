"""What several test files share: scripted models, recordings made with them, servers and killed processes."""
