"""Train systems such as routers: from calls of each tier alone, or from a record without any."""
