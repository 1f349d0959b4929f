"""Where the rows of a stage are asked: in this process, by a batch API, or on Spark."""
