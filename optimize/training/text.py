"""Describe a trained system as lines of text."""

from ...programs.systems.trained_file import TrainedFile

_BASES = {
    "USD": "USD",
    "calls": "calls: 0 for the first tier, 1 for the last; set others with --cost or --price",
    "given": "what --cost says",
}


def training_lines(trained: TrainedFile) -> list[str]:
    """Return the questions of a training, and the figures on those kept apart."""
    counts = {part: len(rows) for part, rows in trained.rows.items()}
    basis = _BASES[trained.settings["cost_basis"]]
    lines = [
        f"{trained.system} for {trained.task}: trained on {counts['train']} questions, thresholds "
        f"set on {counts['val']}, measured on {counts['test']} others",
        f"costs are shares of {trained.tiers[-1]} alone, by {basis}",
    ]
    for name, figures in trained.scores.items():
        label = trained.system if name == "system" else f"{name} alone"
        low, high = figures["interval"]
        line = (
            f"{label:<20} accuracy {figures['accuracy']:.1%} ({low:.1%} to {high:.1%}), "
            f"cost {figures['cost']:.1%}"
        )
        if name == "system":
            asked = ", ".join(f"{tier} {share:.0%}" for tier, share in figures["asked"].items())
            line += f"; asked: {asked}"
        lines.append(line)
    return lines
