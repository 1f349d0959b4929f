"""What a report is made from: a run, a recording or a comparison."""
