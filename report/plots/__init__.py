"""The plots of a report and of a comparison."""
