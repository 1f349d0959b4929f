"""The format that a client asks for, as the form of answers."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..errors import CopeError
from ..programs.json_form import JsonForm
from .errors import invalid

_NAME = r"^[a-zA-Z0-9_-]{1,64}$"


class SchemaFormat(BaseModel):
    """A JSON schema with its name."""

    model_config = ConfigDict(extra="allow")

    name: str = Field(pattern=_NAME)
    json_schema: dict[str, Any] = Field(alias="schema")
    strict: bool | None = None


class ResponseFormat(BaseModel):
    """The field `response_format` of a chat request."""

    model_config = ConfigDict(extra="allow")

    type: Literal["text", "json_object", "json_schema"]
    json_schema: SchemaFormat | None = None

    def json_form(self) -> JsonForm | None:
        """Return the form of the answers; None for text.

        Raises:
            ApiError: 400 for a schema that is missing or wrong.
        """
        if self.type == "text":
            return None
        if self.type == "json_object":
            return JsonForm()
        if self.json_schema is None:
            raise invalid(
                "response_format.json_schema is missing: it has a name and a schema",
                "response_format",
            )
        asked = self.json_schema
        try:
            return JsonForm(asked.json_schema, asked.name, asked.strict)
        except CopeError as error:
            raise invalid(f"response_format {asked.name!r}: {error}", "response_format") from None


class TextFormat(SchemaFormat):
    """The field `text.format` of a request for a response."""

    type: Literal["text", "json_object", "json_schema"]
    name: str = Field("answer", pattern=_NAME)
    json_schema: dict[str, Any] | None = Field(None, alias="schema")

    def chat_format(self) -> dict[str, Any]:
        """Return the field `response_format` of the same chat request."""
        plain: dict[str, Any] = {"type": self.type}
        if self.type == "json_schema":
            plain["json_schema"] = {"name": self.name, "strict": self.strict}
            if self.json_schema is not None:
                plain["json_schema"]["schema"] = self.json_schema
        return plain


class TextOptions(BaseModel):
    """The field `text` of a request for a response."""

    model_config = ConfigDict(extra="allow")

    format: TextFormat | None = None
