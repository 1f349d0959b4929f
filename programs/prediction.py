"""The prediction of a cascade: DSPy's, with the calls behind it and a picture for notebooks."""

from collections.abc import Sequence

import dspy

from ..models import Call


class CascadePrediction(dspy.Prediction):
    """The prediction of a cascade.

    A notebook shows it as a table of its rounds with plans, votes and cost.

    >>> prediction = CascadePrediction(answer="42", rounds=[])
    >>> prediction.answer, prediction.calls
    ('42', ())
    """

    _calls: tuple[Call, ...] = ()

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls of the question in the order of their ends.

        `call.exchange` holds the exact messages, the settings and the reply. It is no field of the
        prediction, so that traces and files do not hold each prompt again.
        """
        return self._calls

    def with_calls(self, calls: Sequence[Call]) -> "CascadePrediction":
        """Keep the calls, and return the prediction itself."""
        self._calls = tuple(calls)
        return self

    def _repr_html_(self) -> str:
        from .prediction_html import prediction_html

        return prediction_html(self)
