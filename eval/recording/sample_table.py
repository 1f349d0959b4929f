"""The rows of a recording as arrays in memory, one row a sample."""

from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...util.arrays import Array
from .schema import SCHEMA


class SampleTable:
    """The columns of a recording, and the question that each row belongs to.

    Args:
        table: the rows, in the columns of `schema.COLUMNS`.
        seed: decides the order in which samples are asked.

    Attributes:
        keys: the questions, in the order of their first rows.
        question: (rows,) of int: the question of each row, as an index into `keys`.
        first_rows: (questions,) of int: the first row of each question.
    """

    def __init__(self, table: pa.Table, seed: int) -> None:
        self.table, self.seed = table, seed
        encoded: Any = table["key"].combine_chunks().dictionary_encode()
        self.keys: list[str] = encoded.dictionary.to_pylist()
        self.question: Array = np.asarray(encoded.indices)
        self.first_rows: Array = np.unique(self.question, return_index=True)[1]
        self._columns: dict[str, Array] = {}

    def column(self, name: str) -> Array:
        """Return a column: text as objects, numbers as floats; NaN is unknown.

        A column that a record of an earlier version lacks is unknown.
        """
        if name not in self._columns:
            if name in self.table.column_names:
                values = self.table[name].combine_chunks()
            else:
                values = pa.nulls(len(self.table), SCHEMA.field(name).type)
            self._columns[name] = _as_array(values)
        return self._columns[name]

    def of_questions(self, name: str) -> Array:
        """Return (questions,): the first row's value of a column that is equal in all rows of a
        question."""
        return self.column(name)[self.first_rows]

    def rows(self, question: int) -> list[dict[str, Any]]:
        """Return all rows of the question at a position, as plain data."""
        return self.table.take(np.flatnonzero(self.question == question)).to_pylist()

    @cached_property
    def questions(self) -> list[str]:
        """The texts of the questions."""
        return list(self.of_questions("question"))


def _as_array(column: Any) -> Array:
    if pa.types.is_string(column.type):
        return np.asarray(column.to_pylist(), dtype=object)
    return pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
