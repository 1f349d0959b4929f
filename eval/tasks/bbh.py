"""BIG-Bench Hard: 6,511 questions in 27 parts (Suzgun et al., arXiv 2210.09261)."""

from dataclasses import dataclass, replace
from typing import Self

from ...errors import CopeError, suggest_names
from ...util.table_files import Row
from .base import ShortAnswerTask
from .data import load_from_hub

_HUB = "SaylorTwift/bbh"
PARTS = (
    "boolean_expressions causal_judgement date_understanding disambiguation_qa dyck_languages "
    "formal_fallacies geometric_shapes hyperbaton logical_deduction_five_objects "
    "logical_deduction_seven_objects logical_deduction_three_objects movie_recommendation "
    "multistep_arithmetic_two navigate object_counting penguins_in_a_table "
    "reasoning_about_colored_objects ruin_names salient_translation_error_detection snarks "
    "sports_understanding temporal_sequences tracking_shuffled_objects_five_objects "
    "tracking_shuffled_objects_seven_objects tracking_shuffled_objects_three_objects web_of_lies "
    "word_sorting"
).split()


@dataclass(frozen=True)
class BigBenchHardTask(ShortAnswerTask):
    """All parts, or one of them. The kind of answers follows from the right answers of the part.

    Attributes:
        part: a name in `PARTS`; None for all.
    """

    part: str | None = None

    def with_variant(self, variant: str) -> Self:
        """Return the task of one part.

        Raises:
            CopeError: if there is no such part, with the nearest name.
        """
        if variant not in PARTS:
            raise CopeError(
                f"task {self.name!r} has no part {variant!r}: {suggest_names(variant, PARTS)}"
            )
        return replace(self, name=f"{self.name}-{variant}", part=variant)

    def hub_rows(self, split: str) -> list[Row]:
        rows: list[Row] = []
        for part in PARTS if self.part is None else (self.part,):
            for number, row in enumerate(load_from_hub(self.name, _HUB, part, split)):
                question, answer = row.get("input"), row.get("target")
                example_id = f"bbh-{part}-{number}"
                rows.append(
                    {"id": example_id, "question": question, "answer": answer, "task": part}
                )
        return rows

    def select_rows(self, rows: list[Row], data: str) -> list[Row]:
        """Return the rows whose field `task` names the part, where the rows have this field."""
        if self.part is None or not any(row.get("task") for row in rows):
            return rows
        chosen = [row for row in rows if row.get("task") == self.part]
        if not chosen:
            raise CopeError(f"{data} has no rows whose task is {self.part!r}")
        return chosen


BBH = BigBenchHardTask("bbh", (_HUB, None))
