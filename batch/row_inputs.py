"""Make the inputs of a system from a row: the question, or the fields that describe one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..eval.tasks.code_rows import BadRow
from ..eval.tasks.columns import ColumnMapping, RowMapper, require_column
from ..programs import Cascade, System
from ..programs.domains.registry import domain_by_name
from ..programs.task_signature import TaskSignature
from ..util.table_files import Row
from ..util.template import cell_text


@dataclass(frozen=True)
class RowInputs:
    """Makes the inputs of a system from the rows of one table.

    Attributes:
        question: makes the question; None if columns have the names of all inputs.
        question_input: the input that takes the question.
        signature: the signature of the system, whose other inputs are columns; None without one.
        fields: the columns that describe a question without a text of its own, such as a step of a
            game, with their types as `Domain.inputs` has them.
    """

    question: RowMapper | None
    question_input: str = "question"
    signature: TaskSignature | None = None
    fields: Mapping[str, str] = field(default_factory=dict[str, str])

    def __call__(self, row: Row) -> dict[str, Any]:
        """Return the inputs by name.

        Raises:
            BadRow: if the row has no question, or no value for an input.
        """
        inputs: dict[str, Any] = {}
        for name, kind in self.fields.items():
            inputs[name] = cell_text(row.get(name))
            if not inputs[name].strip() and not kind.endswith("?"):
                raise BadRow(f"the row has no {name}")
        if self.question is not None:
            inputs[self.question_input] = self.question(row)["question"]
        if self.signature is not None:
            for name in self.signature.inputs:
                if name not in inputs:
                    inputs[name] = _value(row, name, self.signature)
        return inputs

    def choices_of(self, row: Row) -> Sequence[str]:
        """Return the options of a row; empty if questions have none."""
        return () if self.question is None else self.question.choices_of(row)


def _value(row: Row, name: str, signature: TaskSignature) -> Any:
    value = row.get(name)
    if not cell_text(value).strip():
        raise BadRow(f"the row has no {name}")
    is_text = signature.signature.input_fields[name].annotation is str
    return cell_text(value) if is_text else value


def bind_inputs(
    system: System,
    mapping: ColumnMapping | None,
    available: Sequence[str],
    source: str,
    letters: bool,
) -> RowInputs:
    """Return what makes the inputs of a system from the rows of a table.

    A system with a signature of its own takes the columns with the names of its inputs. A mapped
    question is the value of its input `question`, or of its first input. Steps of games take the
    columns with the names of their fields.

    Args:
        system: the system.
        mapping: the columns of the question; None is the column `question`.
        available: the columns of the table.
        source: the table, for messages.
        letters: whether the answer to a question with choices is a letter.

    Raises:
        CopeError: for a column that the table does not have.
    """
    mapping = mapping or ColumnMapping()
    is_mapped = mapping.question is not None or mapping.template is not None
    signature = getattr(system, "task_signature", None)
    if signature is None and isinstance(system, Cascade):
        domain = domain_by_name(system.domain)
        if not domain.has_question:
            for name, kind in domain.inputs.items():
                if not kind.endswith("?"):
                    require_column(name, available, source)
            return RowInputs(None, fields=domain.inputs)
    if signature is None:
        if not is_mapped:
            mapping = replace(mapping, question="question")
        return RowInputs(mapping.bind(available, source, letters))
    name = signature.question_input
    question = None
    if not is_mapped and (mapping.choices is not None or name not in available):
        column = "question" if name not in available and "question" in available else name
        mapping, is_mapped = replace(mapping, question=column), True
    if is_mapped:
        question = mapping.bind(available, source, letters)
    for other in signature.inputs:
        if question is None or other != name:
            require_column(other, available, source)
    return RowInputs(question, name, signature)
