"""A program with the settings of one request."""

from typing import Any

from ..errors import CopeError
from ..programs import Cascade
from ..programs.json_form import JsonForm
from .errors import invalid
from .question import Question
from .single_call import answers_with_one_call, shows_tokens


def adapt(cascade: Cascade, question: Question) -> Cascade:
    """Return a program with the settings of a question's request.

    Raises:
        ApiError: when it cannot answer in the form that is asked for.
    """
    cascade = _with_numbers(cascade, question)
    if question.json_form is not None:
        try:
            cascade = _with_json_form(cascade, question.json_form)
        except CopeError as error:
            raise invalid(str(error), "response_format") from None
    if question.alternatives is not None and not shows_tokens(cascade):
        raise invalid(
            "logprobs are reported where one sample is the answer: of a server of free text "
            "or JSON, by a model of one tier such as cope/small",
            "logprobs",
        )
    return cascade


def _with_numbers(cascade: Cascade, question: Question) -> Cascade:
    """Return the program with the seed, the temperature and the limit of tokens of a request.

    The confidences of its rounds are ranked among those of all requests, whatever their settings.
    """
    preset = cascade.preset
    rounds = []
    for spec in preset.rounds:
        changes: dict[str, Any] = {}
        if question.max_tokens is not None:
            limit = spec.max_tokens or question.max_tokens
            changes["max_tokens"] = min(limit, question.max_tokens)
        if question.temperature is not None and answers_with_one_call(cascade):
            changes["temperature"] = question.temperature
        rounds.append(spec.model_copy(update=changes) if changes else spec)
    seed = cascade.seed if question.seed is None else question.seed
    if seed == cascade.seed and tuple(rounds) == tuple(preset.rounds):
        return cascade
    changed = preset.model_copy(update={"rounds": tuple(rounds)})
    adapted = cascade.with_settings(changed, seed)
    for mine, theirs in zip(adapted.rounds(), cascade.rounds(), strict=True):
        mine.ranks = theirs.ranks
    return adapted


def _with_json_form(cascade: Cascade, form: JsonForm) -> Cascade:
    """Return the program with the same planners, whose answers are JSON of a form.

    Raises:
        CopeError: for a program with a signature of its own, whose outputs have types.
    """
    if cascade.task_signature is not None:
        raise CopeError("a program with a signature of its own does not answer in JSON")
    params = cascade.get_params() | {"json_form": form, "confidence": None}
    other = type(cascade)(**params)
    for mine, theirs in zip(other.rounds(), cascade.rounds(), strict=True):
        mine.planner = theirs.planner
    return other
