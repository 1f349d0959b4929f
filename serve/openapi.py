"""What the OpenAPI document says of replies: answers as JSON or as a stream, and errors."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from ..util.json_types import JsonObject

Responses = dict[int | str, dict[str, Any]]


class ErrorDetail(BaseModel):
    """An error of the API: what is wrong, its kind, and the field that it is about."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorBody(BaseModel):
    """The body of a reply to a request that was not answered."""

    error: ErrorDetail


ERRORS: Responses = {
    "4XX": {"model": ErrorBody, "description": "The request was refused."},
    "5XX": {"model": ErrorBody, "description": "The request failed."},
}

_EVENT = {
    "type": "object",
    "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
    "required": ["data"],
}

ANSWERS: Responses = {
    200: {
        "description": "The answer, whole or as server-sent events.",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "text/event-stream": {"itemSchema": _EVENT},
        },
    }
}


class DescribedApi(FastAPI):
    """An application whose errors are JSON in its OpenAPI document, whatever else a path returns.

    FastAPI describes errors with the media type of the path's answers.
    """

    def openapi(self) -> JsonObject:
        """Return the document."""
        document = super().openapi()
        for methods in document["paths"].values():
            for operation in methods.values():
                for status in ERRORS:
                    described = operation["responses"][status]
                    (content,) = described["content"].values()
                    described["content"] = {"application/json": content}
        return document
