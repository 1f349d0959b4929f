"""The schema of a saved program: nothing but prompts, and the metadata of a compile.

DSPy sets every key of a saved predictor as an attribute of the predictor. So a key such as `config`
could send prompts to another server, or draw 50 samples for one. Unknown keys are refused by name.
"""

from collections.abc import Container, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import CopeError
from .predictor_name import PredictorName

PROGRAM_KEYS = {
    "preset": "the rounds, as a preset has them",
    "domain": "the kind of questions; missing for short answers",
    "answer_kind": "how answers are parsed and compared; missing where it is the domain's kind",
    "signature": "the user's own signature: its instructions, and its fields with role and type",
    "neighbours": "by predictor, the rows from which the nearest demonstrations are taken",
    "peers": "further programs that vote with this one, as `ensemble` makes them",
    "compiled": "how the program was compiled: optimizer, models, data, scores before and after",
    "metadata": "the versions of Python, DSPy and the package that saved the file",
}
"""The keys of a program file, besides those of its predictors, with what each holds."""

PREDICTOR_KEYS = {
    "signature": "the instructions, and for each field its prefix and description",
    "demos": "the demonstrations, as inputs and outputs by field",
    "traces": "must be empty",
    "train": "must be empty",
    "lm": "must be null, because a program file names no model",
}
"""The keys of a predictor such as `round_1.reasoner.predict`, with what each holds."""

_PROBLEMS = {
    "string_type": "is not text",
    "list_type": "is not a list",
    "dict_type": "is not an object",
    "model_type": "is not an object",
    "missing": "is missing",
    "too_long": "must be empty",
    "none_required": "must be null, because a program file names no model",
}
"""Texts for the types of errors of pydantic."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Field(_Strict):
    prefix: str
    description: str


class _Signature(_Strict):
    instructions: str
    fields: list[_Field] = Field(max_length=64)


class _Predictor(_Strict):
    signature: _Signature
    demos: list[dict[str, Any]] = []
    traces: list[Any] = Field([], max_length=0)
    train: list[Any] = Field([], max_length=0)
    lm: None = None


class _TaskField(_Strict):
    name: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")
    role: Literal["input", "output"]
    type: Literal["str", "int", "float", "bool", "list[str]"] | list[bool | int | str]
    description: str


class _TaskSignature(_Strict):
    instructions: str
    fields: list[_TaskField] = Field(max_length=64)


def check_state(state: object, source: object = "the program") -> None:
    """Raise an error unless a state holds only what the package saves.

    Args:
        state: the state, as `Cascade.dump_state` returns it or a program file holds it.
        source: its name in error messages.

    Raises:
        CopeError: for an unknown key, with its path, or a value of another type.

    >>> check_state({"preset": {}, "round_1.reasoner.predict": {"config": {"n": 50}}}, "mine.json")
    Traceback (most recent call last):
    ...
    cope.errors.CopeError: mine.json: round_1.reasoner.predict.config is no part of a program: \
remove it, because a program file holds instructions, demonstrations and fields
    """
    if not isinstance(state, Mapping):
        raise CopeError(f"{source} is not a program saved by Cascade.save (no JSON object)")
    if "preset" not in state:
        raise CopeError(f"{source} is not a program saved by Cascade.save (it has no 'preset')")
    _check_prompts(state, source, PROGRAM_KEYS, "")
    if "signature" in state:
        try:
            _TaskSignature.model_validate(state["signature"])
        except ValidationError as error:
            raise _invalid(source, "signature", error) from None
    peers = state.get("peers", [])
    if isinstance(peers, list):
        for number, peer in enumerate(peers, 2):
            if isinstance(peer, Mapping):
                _check_prompts(peer, source, ("neighbours",), f"peer_{number}.")


def _check_prompts(
    state: Mapping[str, Any], source: object, allowed: Container[str], path: str
) -> None:
    for name, value in state.items():
        if name in allowed:
            continue
        if not _is_predictor(name):
            raise _unknown_key(source, f"{path}{name}")
        try:
            _Predictor.model_validate(value)
        except ValidationError as error:
            raise _invalid(source, f"{path}{name}", error) from None
    neighbors = state.get("neighbours")
    if isinstance(neighbors, Mapping):
        for name, value in neighbors.items():
            unknown = (
                value.keys() - {"k", "demos", "by_task"} if isinstance(value, Mapping) else set()
            )
            for key in unknown:
                raise _unknown_key(source, f"{path}neighbours.{name}.{key}")


def _is_predictor(name: object) -> bool:
    try:
        PredictorName.parse(str(name))
    except ValueError:
        return False
    return True


def _invalid(source: object, path: str, error: ValidationError) -> CopeError:
    """Return the error of the first unknown key; without one, of the first wrong value."""
    problems = error.errors()
    for problem in problems:
        if problem["type"] == "extra_forbidden":
            return _unknown_key(source, ".".join([path, *map(str, problem["loc"])]))
    problem = problems[0]
    place = ".".join([path, *map(str, problem["loc"])])
    text = _PROBLEMS.get(problem["type"], f"is wrong: {problem['msg']}")
    return CopeError(f"{source} is not a program saved by Cascade.save ({place} {text})")


def _unknown_key(source: object, path: str) -> CopeError:
    shown = path.encode("unicode_escape").decode()[:200]
    return CopeError(
        f"{source}: {shown} is no part of a program: remove it, because a program file holds "
        "instructions, demonstrations and fields"
    )
