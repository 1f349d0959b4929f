"""Which columns of a table hold the questions, and how a row becomes a question."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...answers.choices import letter_of, read_choices, with_choices
from ...errors import CopeError, suggest_names
from ...util.table_files import Row
from ...util.template import Template, cell_text, unescape
from ...util.text import shorten
from .code_rows import BadRow


@dataclass(frozen=True)
class ColumnMapping:
    """The columns of a user's table. None is the column of that name, if there is one.

    Attributes:
        question: the column of the question.
        answer: the column of the right answer.
        id: the column of the row's id.
        choices: the column of the options, or all options as `a,b,c`. Answers are then letters of
            options, or their texts if another kind of answers is named.
        template: writes the question from several columns, see `Template`.

    Raises:
        CopeError: for a template or options that cannot be used, or a template with a question.

    >>> mapping = ColumnMapping(template="Customer: {text}", choices="billing,shipping")
    >>> mapping.describe()
    "question from the template 'Customer: {text}', choices 'billing,shipping'"
    """

    question: str | None = None
    answer: str | None = None
    id: str | None = None
    choices: str | None = None
    template: str | None = None

    def __post_init__(self) -> None:
        if self.template is None:
            return
        if self.question is not None:
            raise CopeError("a template writes the question: leave out --question or --template")
        Template(self.template)

    @classmethod
    def from_options(cls, data: str | None, **options: str | None) -> "ColumnMapping | None":
        r"""Return the mapping that options of a command name; None without any.

        Args:
            data: the table.
            options: the fields; a template may have `\n`.

        Raises:
            CopeError: if there is no table; else see the class.
        """
        template = options.get("template")
        if template is not None:
            options["template"] = unescape(template)
        mapping = cls(**options)
        given = mapping.as_dict()
        if not given:
            return None
        if not data:
            raise CopeError(f"--{next(iter(given))} is about your own table: give it with --data")
        return mapping

    def as_dict(self) -> dict[str, str]:
        """Return the given fields, as settings of a run."""
        return {name: value for name, value in vars(self).items() if value is not None}

    def describe(self) -> str:
        """Return what is mapped, as one line."""
        parts = []
        for name, value in self.as_dict().items():
            if name == "template":
                parts.insert(0, f"question from the template {value!r}")
            elif name == "choices":
                parts.append(f"choices {value!r}")
            else:
                parts.append(f"{name} from the column {value!r}")
        return shorten(", ".join(parts), 240)

    def bind(self, available: Sequence[str], source: str, letters: bool = True) -> "RowMapper":
        """Return the function that maps rows of a table.

        Args:
            available: the columns of the table.
            source: the table, for messages.
            letters: whether the answer to a question with choices is a letter.

        Raises:
            CopeError: for a column that the table does not have.
        """
        columns = [self.question, self.answer, self.id]
        if self.template:
            columns += Template(self.template).columns
        fixed = None
        if self.choices is not None and self.choices not in available and "," in self.choices:
            fixed = _fixed_choices(self.choices)
        else:
            columns.append(self.choices)
        for name in columns:
            if name is not None:
                require_column(name, available, source)
        return RowMapper(self, fixed, letters)


def require_column(name: str, available: Sequence[str], source: str) -> None:
    """Raise an error if a table does not have a column.

    Raises:
        CopeError: with the nearest column, and all columns.
    """
    if name in available:
        return
    shown = shorten(", ".join(available), 200) or "none"
    hint = suggest_names(name, available)
    near = f"{hint} " if hint.startswith("did you mean") else ""
    plain = ""
    if any(sign in name for sign in ".[!:"):
        plain = "; braces hold the name of a column alone, without format or attribute"
    raise CopeError(
        f"{source} has no column {shorten(name, 60)!r}: {near}its columns: {shown}{plain}"
    )


def _fixed_choices(text: str) -> list[str]:
    try:
        return read_choices(text.split(","))
    except ValueError as error:
        raise CopeError(f"--choices {text}: {str(error).removeprefix('it ')}") from None


@dataclass(frozen=True)
class RowMapper:
    """Maps the rows of one table to rows with `question`, `answer` and `id`.

    Attributes:
        mapping: the columns.
        fixed: the options of all questions; None if a column holds them, or there are none.
        letters: whether the answer to a question with choices is a letter.
    """

    mapping: ColumnMapping
    fixed: Sequence[str] | None = None
    letters: bool = True

    def __call__(self, row: Row) -> Row:
        """Return a row with the mapped fields. Other fields stay as they are.

        Raises:
            BadRow: if the row has no text for the question, or its choices cannot be used.
        """
        mapped = dict(row)
        question = self.question_of(row)
        mapped["question"] = question
        for name in ("answer", "id"):
            column = getattr(self.mapping, name)
            if column is not None:
                mapped[name] = row.get(column)
        choices = self.choices_of(row)
        if choices:
            mapped["question"] = with_choices(question, choices, self.letters)
            mapped["answer"] = self._gold(mapped.get("answer"), choices)
        return mapped

    def question_of(self, row: Row) -> str:
        """Return the question without its options.

        Raises:
            BadRow: if the row has no text for it.
        """
        if self.mapping.template is not None:
            template = Template(self.mapping.template)
            if not any(cell_text(row.get(name)).strip() for name in template.columns):
                raise BadRow(f"the row has no {' or '.join(template.columns)}")
            return template.fill(row)
        column = self.mapping.question or "question"
        value = row.get(column)
        if isinstance(value, list | dict):
            kind = "a list" if isinstance(value, list) else "an object"
            raise BadRow(f"its {column} is {kind} and must be text")
        text = cell_text(value)
        if not text.strip():
            present = shorten(", ".join(str(name) for name in row), 200) or "none"
            raise BadRow(f"the row has no {column} (its fields: {present})")
        return text

    def choices_of(self, row: Row) -> Sequence[str]:
        """Return the options of a row; empty if questions have none.

        Raises:
            BadRow: if they cannot be used.
        """
        if self.mapping.choices is None:
            return ()
        if self.fixed is not None:
            return self.fixed
        if row.get(self.mapping.choices) is None:
            raise BadRow(f"the row has no {self.mapping.choices}")
        try:
            return read_choices(row[self.mapping.choices])
        except ValueError as error:
            raise BadRow(str(error)) from None

    def _gold(self, answer: Any, choices: Sequence[str]) -> Any:
        if answer is None or not str(answer).strip() or not self.letters:
            return answer
        try:
            return letter_of(answer, choices)
        except ValueError as error:
            raise BadRow(str(error)) from None
