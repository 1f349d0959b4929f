"""The types inside a calibration's file, which check it when it is read."""

from collections.abc import Mapping
from typing import Annotated, Any, NotRequired

from pydantic import Field
from typing_extensions import TypedDict  # pydantic checks it on Python 3.11

from ..util.validate import check_type

Share = Annotated[float, Field(ge=0, le=1)]


class _Setting(TypedDict):
    thresholds: list[Share]
    samples: Annotated[int, Field(ge=1)] | None


class _Target(TypedDict):
    harm: Share
    delta: Share
    loss: str


class _Program(TypedDict):
    name: str
    source: str
    domain: str
    mark: str


class _Data(TypedDict):
    task: str


class _Sequence(TypedDict):
    name: str


class _Certificate(TypedDict):
    promise: str
    setting: _Setting | None
    aim: _Target
    p: Share | None
    program: _Program
    models: dict[str, str]
    weights: dict[str, str]
    asked: dict[str, Any]
    data: _Data
    rows: dict[str, list[str]]
    gold: dict[str, str]
    held_out: dict[str, Any]
    tested: list[dict[str, Any]]
    tried: int
    more: dict[str, Any]
    created: str
    version: str
    sequence: NotRequired[_Sequence]


def check_certificate(plain: Mapping[str, Any]) -> None:
    """Raise an error unless plain data holds what commands read of a calibration.

    Raises:
        ValueError: with the path of the first wrong value.
    """
    check_type(_Certificate, dict(plain))
