"""Names of a program's predictors, such as `round_2.planner.predict`, as DSPy derives them."""

from typing import Literal, NamedTuple, Self, cast

Role = Literal["planner", "reasoner"]
ROLES: tuple[Role, ...] = ("planner", "reasoner")

_ROUND = "round_"


def round_attribute(number: int) -> str:
    """Return the attribute of a cascade that holds a round.

    >>> round_attribute(2)
    'round_2'
    """
    return f"{_ROUND}{number}"


class PredictorName(NamedTuple):
    """The name of a predictor, taken apart.

    Attributes:
        round: 1 for the first round.
        role: whether the predictor plans or solves.

    >>> str(PredictorName(2, "planner"))
    'round_2.planner.predict'
    """

    round: int
    role: Role

    @classmethod
    def parse(cls, name: str) -> Self:
        """Take a name apart.

        Raises:
            ValueError: when it is no name of a predictor.

        >>> PredictorName.parse("round_2.planner.predict").round
        2
        """
        round_, role, last = name.split(".")
        if not round_.startswith(_ROUND) or role not in ROLES or last != "predict":
            raise ValueError(f"{name!r} is no name of a predictor")
        return cls(int(round_.removeprefix(_ROUND)), cast(Role, role))

    def __str__(self) -> str:
        return f"{round_attribute(self.round)}.{self.role}.predict"
