"""Judge answers that no rule can compare, alone and in pairs, and measure the judge itself."""
