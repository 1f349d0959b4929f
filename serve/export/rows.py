"""Answer the rows of a table: what an exported model does when it is called."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dspy

from ...errors import CopeError
from ...models import run_sync
from ...programs import Cascade
from ...programs.domains.registry import domain_by_name
from ...programs.resolve import named_answer_kind, resolve_calibrated_cascade, resolve_team
from ..errors import as_api_error
from .settings import read_settings

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("answer", "confidence", "round", "cost", "error")
"""The columns of the answers. `cost` is in USD; what is not known is empty."""


class RowsProgram:
    """Answers rows with a cascade, as many at once as keep its models busy.

    Args:
        cascade: the program.
    """

    def __init__(self, cascade: Cascade) -> None:
        self.cascade = cascade

    @classmethod
    def load(cls, config: Mapping[str, Any], artifacts: Mapping[str, str]) -> "RowsProgram":
        """Load the program of an exported model.

        Args:
            config: the settings that `export_program` wrote.
            artifacts: the model's files by name.

        Raises:
            CopeError: for settings or files that do not fit together.
        """
        files = {name: Path(path) for name, path in artifacts.items()}
        program, team_options, domain = read_settings(config, files)
        team = resolve_team(team_options)
        resolved = resolve_calibrated_cascade(program, team_options, team, domain)
        return cls(resolved.cascade.with_answer_kind(named_answer_kind(resolved)))

    def answer(self, rows: "pd.DataFrame") -> "pd.DataFrame":
        """Answer every row; one that fails has its error, and the others go on.

        Args:
            rows: one question a row; the columns are the inputs of the program.

        Returns:
            A row for each, in the same order and with the same index.
        """
        import pandas as pd

        answers = run_sync(self._answer_all(rows.to_dict(orient="records")))
        return pd.DataFrame(answers, index=rows.index, columns=list(COLUMNS), dtype=object)

    async def _answer_all(self, rows: list[dict[Any, Any]]) -> list[dict[str, Any]]:
        places = asyncio.Semaphore(self.cascade.concurrency())

        async def one(row: dict[Any, Any]) -> dict[str, Any]:
            async with places:
                return await self._answer_row(row)

        return list(await asyncio.gather(*map(one, rows)))

    async def _answer_row(self, row: dict[Any, Any]) -> dict[str, Any]:
        answered: dict[str, Any] = dict.fromkeys(COLUMNS)
        try:
            prediction = await self.cascade.acall(**self._inputs(row))
        except (CopeError, dspy.LMError) as error:
            return answered | {"error": as_api_error(error).message}
        if prediction.answer is None:
            answered["error"] = "no answer could be read"
        else:
            answered["answer"] = str(prediction.answer)
        for name in ("confidence", "round", "cost"):
            answered[name] = prediction[name]
        return answered

    def _inputs(self, row: dict[Any, Any]) -> dict[str, Any]:
        inputs: dict[str, Any] = {}
        for name, kind in input_types(self.cascade).items():
            value = row.get(name)
            is_text = isinstance(value, str) and bool(value.strip())
            if is_text or isinstance(value, list):
                inputs[name] = value
            elif not kind.endswith("?"):
                raise CopeError(f"the row has no text in the column {name!r}")
        return inputs


def input_types(cascade: Cascade) -> dict[str, str]:
    """Return the columns that a program reads, with their types as `Domain.inputs` has them.

    >>> input_types(Cascade("small"))
    {'question': 'string'}
    """
    if cascade.task_signature is not None:
        return dict.fromkeys(cascade.task_signature.inputs, "string")
    return dict(domain_by_name(cascade.domain).inputs)
