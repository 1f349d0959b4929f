"""Draw the prediction of a cascade as HTML, for notebooks."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import dspy

from ..util.text import printable, shorten
from .round_record import RoundRecord

_BAR = 120  # pixels of all votes together
_CELL = "text-align:left;vertical-align:top;padding:4px 12px 4px 0"
_COLUMNS = ("round", "plan", "votes", "decision", "calls", "seconds")


def prediction_html(prediction: dspy.Prediction) -> str:
    """Return a table with a row for each round: its plan, votes, decision, calls and time.

    Args:
        prediction: the prediction of a cascade. Its texts come from models and are escaped.
    """
    answer = "no answer" if prediction.answer is None else prediction.answer
    head = "".join(f'<th style="{_CELL}">{name}</th>' for name in _COLUMNS)
    rows = "".join(_rows(prediction))
    cost = prediction.get("cost")
    total = "cost unknown" if cost is None else f"${cost:.4g}"
    seconds = prediction.get("seconds") or 0.0
    return (
        f'<div><p style="font-size:120%"><b>{_text(answer, 500)}</b></p>'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        f"<p>{total}, {seconds:.1f} s</p></div>"
    )


def _rows(prediction: dspy.Prediction) -> Iterator[str]:
    for record in prediction.rounds:
        usage = [row for row in prediction.get("usage", ()) if row["round"] == record["round"]]
        calls = []
        for row in usage:
            calls.append(f"{_text(row['tier'], 40)} {row['calls']} ({_text(row['role'], 20)})")
        cells = (
            str(record["round"]),
            _text(record["plan"] or "", 300),
            _votes(record["votes"], record["asked"]),
            _decision(record),
            "<br>".join(calls),
            f"{record['seconds']:.1f}",
        )
        yield "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells) + "</tr>"


def _votes(votes: Mapping[str, int], asked: int) -> str:
    lines = []
    for answer, count in sorted(votes.items(), key=lambda vote: -vote[1]):
        width = round(_BAR * count / max(1, asked))
        bar = (
            f'<span style="display:inline-block;height:0.7em;width:{width}px;'
            'background:#4878a8;margin-right:6px"></span>'
        )
        lines.append(f"{bar}{count} &nbsp;{_text(answer, 80)}")
    return "<br>".join(lines)


def _decision(record: RoundRecord) -> str:
    verdict = "accepted" if record["accepted"] else "escalated"
    if record["threshold"] is None:
        return verdict
    return f"{verdict}: {record['confidence']:.2f} of {record['threshold']:.2f}"


def _text(value: Any, most: int) -> str:
    return escape(shorten(printable(str(value)), most))
