"""Problems of the American Invitational Mathematics Examination."""

import re
from dataclasses import dataclass

from ...util.table_files import Row
from .base import ShortAnswerTask

_BOX = re.compile(r"\\boxed\{([^{}]*)\}")


@dataclass(frozen=True)
class AimeTask(ShortAnswerTask):
    """One year's problems; some copies hold the answer only in a box at the end of the solution."""

    def hub_rows(self, split: str) -> list[Row]:
        rows = []
        for row in super().hub_rows(split):
            boxes = _BOX.findall(str(row.get("solution") or ""))
            if row.get("answer") is None and boxes:
                row = {**row, "answer": boxes[-1]}
            rows.append(row)
        return rows
