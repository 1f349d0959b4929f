"""A step of a game that a caller describes by fields: a Python call, or a row of an exported model."""

from typing import Any

import pandas as pd
import pytest
from support.agent_replies import team
from support.commands import cope

from cope import Cascade, CopeError
from cope.batch.row_inputs import bind_inputs
from cope.eval.tasks.code_rows import BadRow
from cope.programs.agent.step import step_of_fields
from cope.programs.preset import parse_preset
from cope.programs.task_signature import INPUTS
from cope.serve.export.rows import RowsProgram

TURNS = parse_preset({"name": "t", "rounds": [{"reasoner": "small", "history": "turns"}]}, "here")
STEP = {
    "task": "Open the chest.",
    "history": "1. look -> A hall.",
    "observation": "A chest.",
    "actions": "open chest\nlook",
}


@pytest.mark.parametrize("preset", ["small", "cope-react", TURNS])
def test_an_exported_program_chooses_an_action_for_each_row(preset: Any) -> None:
    prompts: list[str] = []

    def opens(messages: list[dict[str, str]], request: object) -> str:
        prompts.append("\n".join(message["content"] for message in messages))
        return "Action: open chest"

    program = RowsProgram(Cascade(preset, team(opens), domain="agent"))
    first = STEP | {"history": None}
    found = program.answer(pd.DataFrame([STEP, first, STEP | {"task": " "}])).to_dict("records")
    assert [row["answer"] for row in found] == ["open chest", "open chest", None]
    assert [row["error"] for row in found[:2]] == [None, None] and "'task'" in found[2]["error"]
    for text in ("Open the chest.", "A hall.", "A chest."):
        assert any(text in prompt for prompt in prompts)


def test_actions_may_be_a_list_and_what_is_missing_is_named() -> None:
    listed = step_of_fields(STEP | {"actions": ["open chest", "look"]})
    assert listed == step_of_fields(STEP)
    assert listed[INPUTS]["actions"] == STEP["actions"]
    for name in ("task", "observation", "actions"):
        with pytest.raises(CopeError, match=f"the call has no {name}"):
            step_of_fields(STEP | {name: ""})
    program = Cascade("small", team(lambda *_: "look"), domain="agent")
    with pytest.raises(CopeError, match="the call has no observation"):
        program(task="Open the chest.", actions=["look"])


def test_rows_of_a_table_are_steps_by_their_columns() -> None:
    program = Cascade("small", team(lambda *_: "open chest"), domain="agent")
    columns = ["id", "task", "observation", "actions"]
    row_inputs = bind_inputs(program, None, columns, "steps.csv", letters=False)
    assert program(**row_inputs(STEP | {"history": None})).answer == "open chest"
    with pytest.raises(BadRow, match="the row has no actions"):
        row_inputs(STEP | {"actions": " "})
    with pytest.raises(CopeError, match=r"steps\.csv has no column 'actions'"):
        bind_inputs(program, None, columns[:-1], "steps.csv", letters=False)


@pytest.mark.parametrize("command", ["serve", "mcp"])
def test_a_chat_has_no_steps(command: str) -> None:
    assert "'agent' is not one of 'open', 'short-answer'" in cope(command, "--task", "agent").output
