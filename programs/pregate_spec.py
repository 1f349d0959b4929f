"""The gate before a preset's rounds as data."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Pregate(BaseModel):
    """A trained router before round 1, which sees the question alone.

    A preset names it above its rounds, as `pregate = "knn.json"`, or with its other fields as
    `pregate = {file = "knn.json", threshold = 0.4, to = "next"}`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str = Field(min_length=1)
    """A router that `cope train` wrote, such as a knn-router."""
    threshold: float = Field(0.5, gt=0.0, le=1.0)
    """The estimated score of round 1's reasoner below which the question skips rounds."""
    to: Literal["last", "next"] = "last"
    """Whether it goes to the last round, or to round 2."""

    @field_validator("threshold", mode="before")
    @classmethod
    def _no_boolean(cls, value: object) -> object:
        if isinstance(value, bool):  # pydantic would read a number
            raise ValueError(f"{str(value).lower()} is not a value of this field")
        return value


def as_pregate(value: object) -> object:
    """Return the fields of a gate from the file's name alone, and anything else as it is.

    Raises:
        ValueError: for a value that is neither text nor a table.
    """
    if isinstance(value, str):
        return {"file": value}
    if value is not None and not isinstance(value, dict | Pregate):
        raise ValueError('it names the file of a router: write pregate = "knn.json"')
    return value
