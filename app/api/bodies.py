"""Reading a JSON body: size, media type, syntax and shape, each with its own problem."""

from __future__ import annotations

from typing import TypeVar

from flask import request
from pydantic import BaseModel, ValidationError

from app.api.problems import Place, Refused
from app.api.shapes import FORM

MOST_BYTES = 65_536
MOST_PLACES = 20
MOST_CHARACTERS = 200

M = TypeVar("M", bound=BaseModel)


def read(model: type[M], most_bytes: int = MOST_BYTES) -> M:
    """Give the body of this request as `model`; raise `Refused`."""
    if request.mimetype != "application/json":
        raise Refused("unsupported_media_type")
    request.max_content_length = most_bytes
    try:
        return model.model_validate_json(request.get_data(cache=False))
    except ValidationError as failure:
        raise _refusal(failure) from None


def _refusal(failure: ValidationError) -> Refused:
    errors = failure.errors(include_url=False, include_context=False, include_input=False)
    if errors[0]["type"] == "json_invalid":
        return Refused("malformed_json")
    places = [Place(pointer=_pointer(each["loc"]), detail=_words(each["msg"])) for each in errors[:MOST_PLACES]]
    if any(place.pointer.split("/")[1:2] == ["subject"] for place in places):
        return Refused("invalid_subject", errors=places)
    return Refused("validation_error", errors=places)


def _words(message: str) -> str:
    return message.removeprefix("Value error, ")[:MOST_CHARACTERS]


def _pointer(location: tuple[int | str, ...]) -> str:
    """Write a place as JSON pointer, without the tags that pydantic puts in for alternatives."""
    parts = [str(part).replace("~", "~0").replace("/", "~1") for part in location if not str(part).startswith(FORM)]
    return "".join(f"/{part}" for part in parts)[:MOST_CHARACTERS]
