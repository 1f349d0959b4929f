"""The lean adapter: short prompts, and replies of small models read generously."""

from typing import Any, Literal

import dspy
import pytest
from dspy.utils.exceptions import AdapterParseError

from cope.models import ScriptedEngine
from cope.models.adapter import LeanAdapter
from cope.models.engines.async_adapter import AsyncEngineAdapter
from cope.signatures import plan_signature, reason_signature
from cope.signatures.plans.goal import GOAL
from cope.signatures.plans.guideline import GUIDELINE

REASON = reason_signature({"goal": GOAL}, 1)
FORM = (REASON.output_fields["answer"].json_schema_extra or {})["desc"]  # pyright: ignore[reportIndexIssue]
QUESTION = (
    "A robe takes 2 bolts of blue fiber and half that much white fiber. How many bolts in total?"
)


# Prompts


def test_the_prompt_in_full():
    system, user = LeanAdapter().format(
        REASON, [], {"question": QUESTION, "goal": "Find the total."}
    )
    assert system == {
        "role": "system",
        "content": f"{REASON.instructions}\nWrite the reasoning first. The last line must be: Answer: <{FORM}>",
    }
    assert user == {"role": "user", "content": f"Question: {QUESTION}\n\nGoal: Find the total."}


def test_a_lone_input_has_no_label_and_a_lone_output_no_format():
    system, user = LeanAdapter().format(plan_signature(GUIDELINE, 1), [], {"question": QUESTION})
    assert system["content"] == plan_signature(GUIDELINE, 1).instructions
    assert user["content"] == QUESTION


def words(messages: list[dict[str, Any]]) -> int:
    return sum(len(message["content"].split()) for message in messages)


@pytest.mark.parametrize("plans", [{}, {"goal": GOAL}, {"goal": GOAL, "guideline": GUIDELINE}])
@pytest.mark.parametrize("other", [dspy.ChatAdapter(), dspy.JSONAdapter()])
def test_under_half_the_words_of_dspys_adapters(plans: dict[str, Any], other: dspy.Adapter):
    signature = reason_signature(plans, 1)
    inputs = {"question": QUESTION} | dict.fromkeys(
        plans, "Find how many bolts of both kinds there are in total."
    )
    lean = words(LeanAdapter().format(signature, [], inputs))
    assert lean < words(other.format(signature, [], inputs)) / 2
    assert lean < 2 * words([{"content": " ".join((*inputs.values(), signature.instructions))}])


# Demonstrations


def test_a_demonstration_reads_back_as_it_was():
    demo = {
        "question": "1 + 1?",
        "goal": "Find the sum.",
        "reasoning": "One more\nthan one.",
        "answer": "2",
    }
    messages = LeanAdapter().format(
        REASON, [demo], {"question": QUESTION, "goal": "Find the total."}
    )
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[1]["content"] == "Question: 1 + 1?\n\nGoal: Find the sum."
    assert messages[2]["content"] == "One more\nthan one.\nAnswer: 2"
    assert LeanAdapter().parse(REASON, messages[2]["content"]) == {
        "reasoning": "One more\nthan one.",
        "answer": "2",
    }


def test_a_labelled_example_without_reasoning_or_plan_shows_what_there_is():
    demo = {"question": "1 + 1?", "answer": "2"}
    _, user, assistant, _ = LeanAdapter().format(
        REASON, [demo], {"question": QUESTION, "goal": "g"}
    )
    assert user["content"].endswith("Question: 1 + 1?") and assistant["content"] == "Answer: 2"


class Review(dspy.Signature):
    """Judge the text."""

    text: str = dspy.InputField()
    reasoning: str = dspy.OutputField()
    summary: str = dspy.OutputField(desc="one sentence")
    stars: int = dspy.OutputField(desc="from 1 to 5")
    would_buy: bool = dspy.OutputField()


def test_every_field_of_a_demonstration_reads_back_as_it_was():
    values = {
        "reasoning": "It breaks.\nOften.",
        "summary": "It is bad.",
        "stars": 1,
        "would_buy": False,
    }
    text = LeanAdapter().format_assistant_message_content(Review, values)
    assert text == "It breaks.\nOften.\nSummary: It is bad.\nStars: 1\nWould buy: False"
    assert LeanAdapter().parse(Review, text) == values


# Users' own signatures


def ask(
    signature: Any, reply: str, module: Any = dspy.Predict, **inputs: Any
) -> tuple[dspy.Prediction, ScriptedEngine]:
    engine = ScriptedEngine(lambda messages, request: reply)
    lm = dspy.LM("engine/x", engine=engine, async_engine=AsyncEngineAdapter(engine), cache=False)
    with dspy.context(lm=lm, adapter=LeanAdapter()):
        return module(signature)(**inputs), engine


def test_several_outputs_each_behind_its_label():
    reply = (
        "It broke at once.\n**Summary:** Not worth it.\nStars: 2 of 5?\n- Stars: 1\nWould buy: no."
    )
    made, engine = ask(Review, reply, text="...")
    assert (made.reasoning, made.summary, made.stars, made.would_buy) == (
        "It broke at once.\n**Summary:** Not worth it.\nStars: 2 of 5?"[:17],
        "Not worth it.",
        1,
        False,
    )
    assert engine.requests[0].system == (
        "Judge the text.\nWrite the reasoning first. The last lines must be:\n"
        "Summary: <one sentence>\nStars: <from 1 to 5 (int)>\nWould buy: <would buy (bool)>"
    )


def test_labels_in_another_order():
    made, _ = ask(Review, "Fine.\nWould buy: True\nStars: 4\nSummary: It works.\nWell.", text="...")
    assert (made.reasoning, made.summary, made.stars, made.would_buy) == (
        "Fine.",
        "It works.\nWell.",
        4,
        True,
    )


def test_chain_of_thought_over_a_users_signature():
    made, engine = ask(
        "question -> answer", "Six sevens.\nAnswer: 42", dspy.ChainOfThought, question="6 * 7?"
    )
    assert (made.reasoning, made.answer) == ("Six sevens.", "42")
    assert "Write the reasoning first. The last line must be: Answer: <answer>" in str(
        engine.requests[0].system
    )


@pytest.mark.parametrize(
    ("annotation", "reply", "value"),
    [
        (int, "42", 42),
        (int, "**42**", 42),
        (int, "42.", 42),
        (int, "It is 42 bolts", 42),
        (int, "1,234", 1234),
        (float, "$3.50", 3.5),
        (float, "-2", -2.0),
        (bool, "True", True),
        (bool, "yes.", True),
        (bool, "**No**", False),
        (Literal["red", "blue"], "red", "red"),
        (Literal["red", "blue"], "`blue`", "blue"),
        (list[int], "[1, 2]", [1, 2]),
        (list[str], '["a", "b"]', ["a", "b"]),
        (dict[str, int], '{"a": 1}', {"a": 1}),
        (str | None, "red", "red"),
    ],
)
@pytest.mark.parametrize("with_reasoning", [False, True])
def test_typed_fields(annotation: Any, reply: str, value: Any, with_reasoning: bool):
    signature = dspy.Signature(
        {"question": (str, dspy.InputField()), "value": (annotation, dspy.OutputField())}
    )
    module = dspy.ChainOfThought if with_reasoning else dspy.Predict
    made, _ = ask(
        signature, f"So.\nValue: {reply}" if with_reasoning else reply, module, question="?"
    )
    assert made.value == value and type(made.value) is type(value)


@pytest.mark.parametrize(
    ("annotation", "reply"),
    [
        (int, "many"),
        (int, "2 or 3"),
        (int, "3.5"),
        (bool, "perhaps"),
        (Literal["a", "b"], "c"),
        (list[int], "none"),
    ],
)
def test_a_typed_field_that_does_not_fit_is_an_error(annotation: Any, reply: str):
    signature = dspy.Signature(
        {"question": (str, dspy.InputField()), "value": (annotation, dspy.OutputField())}
    )
    with pytest.raises(AdapterParseError):
        ask(signature, reply, question="?")


def test_a_lone_typed_output_says_its_type():
    signature = dspy.Signature("question -> red: bool")
    assert (
        LeanAdapter()
        .format(signature, [], {"question": "?"})[0]["content"]
        .endswith("Reply with this alone: <red (bool)>")
    )


def test_typed_inputs_are_written_as_json():
    signature = dspy.Signature("numbers: list[int], title -> total: int")
    user = LeanAdapter().format(signature, [], {"numbers": [1, 2], "title": "t"})[1]
    assert user["content"] == "Numbers: [1, 2]\n\nTitle: t"


def test_a_conversation():
    signature = dspy.Signature(
        {
            "question": (str, dspy.InputField()),
            "history": (dspy.History, dspy.InputField()),
            "answer": (str, dspy.OutputField()),
        }
    )
    history = dspy.History(messages=[{"question": "1 + 1?", "answer": "2"}])
    messages = LeanAdapter().format(signature, [], {"question": "2 + 2?", "history": history})
    assert [message["content"] for message in messages[1:]] == ["1 + 1?", "2", "2 + 2?"]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Literal["yes", "no"], "Reply with one of these words alone: yes or no."),
        (Literal["first", "second", "tie"], "words alone: first, second or tie."),
        (Literal["done"], "words alone: done."),
    ],
)
def test_a_lone_choice_shows_no_form_that_a_small_model_could_copy(kind: Any, said: str) -> None:
    signature = dspy.Signature(
        {"question": (str, dspy.InputField()), "a": (kind, dspy.OutputField())}
    )
    system, _ = LeanAdapter().format(signature, [], {"question": QUESTION})
    assert system["content"].endswith(said) and "<" not in system["content"]
    assert LeanAdapter().parse(signature, said.split()[-1].strip("."))["a"] in said
