"""Routes that take one JSON body: FastAPI describes them, and the body is read here.

FastAPI's own handler resolves dependencies for each request, which takes a tenth of its time.
"""

import json
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

from .errors import ApiError
from .invalid_request import invalid_request, no_object

Model = TypeVar("Model", bound=BaseModel)


class JsonRoute(APIRoute):
    """A route whose function takes `body`, a pydantic model, and `request`, and no dependency."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the function that answers a request.

        Its errors are `ApiError` with status 400 for a body that does not fit the model.
        """
        answer, model = self.endpoint, self.endpoint.__annotations__["body"]

        async def handle(request: Request) -> Response:
            sent = await request.body()
            if not sent or not is_json(request.headers.get("content-type", "")):
                raise no_object()
            return await answer(read_body(model, sent), request)

        return handle


def is_json(content_type: str) -> bool:
    """Return whether a media type is JSON. Pages of other sites cannot send it unasked.

    >>> is_json("application/json; charset=utf-8"), is_json("application/ld+json")
    (True, True)
    >>> is_json("text/plain"), is_json("")
    (False, False)
    """
    if content_type == "application/json":
        return True
    kind, _, subtype = content_type.partition(";")[0].strip().lower().partition("/")
    return kind == "application" and (subtype == "json" or subtype.endswith("+json"))


def read_body(model: type[Model], sent: bytes) -> Model:
    """Read a body.

    Raises:
        ApiError: 400 when it does not fit the model.
    """
    try:
        body = json.loads(sent)  # not by pydantic, which names no field with half a character
    except RecursionError:
        raise ApiError(400, "the body is no JSON: it is nested too deeply") from None
    except ValueError as error:  # also bytes that are no text
        why = error.msg if isinstance(error, json.JSONDecodeError) else "not text in UTF-8"
        raise ApiError(400, f"the body is no JSON: {why}") from None
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise invalid_request(error.errors(include_url=False), body) from None
