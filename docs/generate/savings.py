"""Draw what a cascade saves.

`uv run python docs/generate/savings.py` writes docs/images/savings.svg.

All numbers were measured before, and each row names the page that has them.
"""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
IMAGE = ROOT / "docs" / "images" / "savings.svg"

_WIDTH, _ROW, _TOP = 860, 58, 74
_BAR_X, _BAR_WIDTH = 330, 210  # 0% to 100% of the large model's work
_DOT_X, _POINT = 700, 5.2  # zero points, and the width of a point
_TEXT = 'font-family="system-ui, sans-serif" font-size="13" fill="#222"'
_SMALL = 'font-family="system-ui, sans-serif" font-size="11.5" fill="#666"'


@dataclass(frozen=True)
class Saving:
    """A measured comparison of a cascade with the large model alone.

    Attributes:
        name: the data set.
        setting: the models and the number of questions.
        share: the share of the large model's work that the cascade takes, in percent.
        work: what is counted as work.
        difference: accuracy minus that of the large model alone, in points, with its 95% interval.
        page: the page that has the numbers.
    """

    name: str
    setting: str
    share: int
    work: str
    difference: tuple[float, float, float]
    page: str


SAVINGS = (
    Saving(
        "Word problems, GSM8K",
        "gpt-3.5-turbo and gpt-4, n = 1,319",
        18,
        "calls",
        (0.4, -1.2, 2.0),
        "docs/explanation/comparing.md",
    ),
    Saving(
        "Programs, HumanEval",
        "Qwen2.5-Coder 0.5B and 1.5B, n = 164",
        35,
        "written tokens",
        (14.0, 7.3, 21.3),
        "benchmarks/README.md",
    ),
    Saving(
        "Programs, MBPP",
        "Qwen2.5-Coder 0.5B and 1.5B, n = 100",
        32,
        "written tokens",
        (8.0, -0.2, 16.2),
        "docs/explanation/planning.md",
    ),
    Saving(
        "BIG-Bench Hard, compiled prompts",
        "Qwen2.5-Coder 0.5B and 1.5B, n = 628",
        7,
        "written tokens",
        (1.4, -3.5, 6.3),
        "docs/explanation/compiling.md",
    ),
)


def draw(savings: tuple[Saving, ...] = SAVINGS) -> str:
    """Return the figure as SVG."""
    height = _TOP + _ROW * len(savings) + 12
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
        "<title>A cascade compared with the large model alone</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        _text(20, 30, "<tspan font-weight='600'>Compared with the large model alone</tspan>"),
        _text(_BAR_X, 30, "work of the large model"),
        _text(_DOT_X, 30, "accuracy, points", anchor="middle"),
        _text(_BAR_X + _BAR_WIDTH, 50, "100%", _SMALL, "end"),
        _text(_DOT_X, 50, "0", _SMALL, "middle"),
    ]
    for number, saving in enumerate(savings):
        parts += _row(saving, _TOP + _ROW * number)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _row(saving: Saving, y: int) -> list[str]:
    share = _BAR_WIDTH * saving.share / 100
    difference, low, high = saving.difference
    dot, left, right = (_DOT_X + _POINT * points for points in (difference, low, high))
    middle = y + 8
    label = f"{difference:+.1f} ({low:+.1f} to {high:+.1f})"
    return [
        _text(20, y + 12, saving.name),
        _text(20, y + 30, saving.setting, _SMALL),
        f'<rect x="{_BAR_X}" y="{y}" width="{_BAR_WIDTH}" height="16" fill="#e4e4e4"/>',
        f'<rect x="{_BAR_X}" y="{y}" width="{share:.1f}" height="16" fill="#2a6fb0"/>',
        _text(_BAR_X, y + 31, f"{saving.share}% of its {saving.work}", _SMALL),
        f'<line x1="{_DOT_X}" x2="{_DOT_X}" y1="{y - 6}" y2="{y + 20}" stroke="#999"/>',
        f'<line x1="{left:.1f}" x2="{right:.1f}" y1="{middle}" y2="{middle}" stroke="#2a6fb0" '
        'stroke-width="2"/>',
        f'<circle cx="{dot:.1f}" cy="{middle}" r="5" fill="#2a6fb0"/>',
        _text(_DOT_X, y + 33, label, _SMALL, "middle"),
    ]


def _text(x: float, y: float, text: str, style: str = _TEXT, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" {style}>{text}</text>'


if __name__ == "__main__":
    IMAGE.parent.mkdir(exist_ok=True)
    IMAGE.write_text(draw(), encoding="utf-8")
