"""Call a predictor of DSPy without the looks at its signature that give the same every time.

DSPy checks the inputs of every call, and looks for outputs that are decisions, which takes as long
as all the rest of a call that shares its prompt with others. Here both are looked at once for a
signature. What a call leaves behind is the same: prompt, trace and history. DSPy's own path is
taken where a callback or a stream listens, and for a predictor that somebody has changed.
"""

from functools import lru_cache
from typing import Any

import dspy
from dspy.adapters.decision import resolve_adapter
from dspy.primitives.prediction import Completions

from ..models.adapter import LeanAdapter
from ..models.scope import dspy_context, dspy_setting
from ..models.unchecked import made


async def acall_predict(
    predict: dspy.Predict,
    inputs: dict[str, Any],
    config: dict[str, Any],
    demos: list[Any],
    signature: type[dspy.Signature] | None = None,
) -> dspy.Prediction:
    """Call a predictor with the language model and the adapter of DSPy's context.

    Args:
        predict: the predictor.
        inputs: the values of the signature's input fields.
        config: settings of the call.
        demos: the demonstrations in the prompt.
        signature: in place of the predictor's.
    """
    lm, used = dspy_setting("lm"), signature or predict.signature
    if not _is_plain(predict, used, inputs):
        if signature is not None:
            inputs = inputs | {"signature": signature}
        return await predict.acall(**inputs, config=config, demos=demos, lm=lm)
    callers = [*(dspy_setting("caller_modules") or ()), predict]
    with dspy_context(caller_modules=callers):
        completions = await dspy_setting("adapter").acall(
            lm, lm_kwargs=predict.config | config, signature=used, demos=demos, inputs=inputs
        )
        return _with_trace(predict, inputs, completions, used)


def _with_trace(
    predict: dspy.Predict, inputs: dict[str, Any], completions: list[dict[str, Any]], signature: Any
) -> dspy.Prediction:
    """Return the prediction that DSPy makes of completions, and add it to the trace."""
    if len(completions) != 1:
        return predict._forward_postprocess(completions, signature, **inputs)
    values = completions[0]
    lists = {name: [value] for name, value in values.items()}
    all_of_them = made(Completions, signature=signature, _completions=lists)
    prediction = prediction_of(dict(values), all_of_them)
    trace, most = dspy_setting("trace"), dspy_setting("max_trace_size")
    if trace is not None and most > 0:
        if len(trace) >= most:
            trace.pop(0)
        trace.append((predict, dict(inputs), prediction))
    return prediction


def prediction_of(
    values: dict[str, Any], completions: Completions | None = None
) -> dspy.Prediction:
    """Return a prediction with these fields, as DSPy makes it."""
    return made(dspy.Prediction, _store=values, _completions=completions, _lm_usage=None)


def _is_plain(predict: dspy.Predict, signature: Any, inputs: dict[str, Any]) -> bool:
    """Return whether nobody listens to a call, and DSPy's checks of it would find nothing."""
    if type(predict) is not dspy.Predict or predict.fields or "aforward" in vars(predict):
        return False
    adapter = dspy_setting("adapter")
    listens = dspy_setting("callbacks") or predict.callbacks or dspy_setting("track_usage")
    if listens or dspy_setting("send_stream") is not None:
        return False
    if not isinstance(adapter, LeanAdapter) or adapter.callbacks:
        return False
    return inputs.keys() == _input_names(signature) and not _has_decisions(signature)


@lru_cache(maxsize=256)
def _input_names(signature: type[dspy.Signature]) -> frozenset[str]:
    return frozenset(signature.input_fields)


@lru_cache(maxsize=256)
def _has_decisions(signature: type[dspy.Signature]) -> bool:
    adapter = LeanAdapter()
    return resolve_adapter(dspy.settings.lm, adapter, signature, {}, signature) is not adapter
