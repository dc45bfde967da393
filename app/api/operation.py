"""What one operation of the API is: enough to serve it and to describe it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from flask import Response
from pydantic import BaseModel

Example = Mapping[str, object]
Schema = Mapping[str, Any]

FAILURES = (401, 403, 405, 429, 500, 503)
"""What every operation may answer besides its successes."""

FAILURES_WITH_BODY = (400, 413, 415, 422)
"""What one that takes a body may answer as well."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. What it takes stands in its body, its path, its query and its headers, each by name."""

    path: str
    name: str
    view: Callable[..., Response]
    answer: type[BaseModel] | Schema | None
    """A model, a schema made by hand, or nothing at all (with the success 204)."""
    scope: str
    answered: Example = field(default_factory=dict)
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    success: int = 200
    request: type[BaseModel] | None = None
    asked: Mapping[str, Example] = field(default_factory=dict)
    """Examples of requests; the first one leads to `answered`."""
    bodies: Mapping[str, Schema] = field(default_factory=dict)
    """Bodies that are not JSON: schemas by media type."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """What stands in the path, and what it is."""
    query: Mapping[str, tuple[Schema, str]] = field(default_factory=dict)
    """What may be asked in the address: schema and meaning by name."""
    headers: Mapping[str, tuple[Schema, str]] = field(default_factory=dict)
    """Headers that must be sent: schema and meaning by name."""
    media_types: Sequence[str] = ("application/json",)
    """How the answer may come, the plain one first."""
    example_path: str = ""
    """Where an example of an answer stands that is too long for the page of docs."""
    more_successes: Mapping[int, str] = field(default_factory=dict)
    """What it may answer as well, in the same form, and when."""
    more_failures: tuple[int, ...] = ()

    @property
    def rule(self) -> str:
        """Its path as Flask writes it."""
        return self.path.replace("{", "<").replace("}", ">")

    @property
    def takes_body(self) -> bool:
        """Whether something is sent in its body."""
        return self.request is not None or bool(self.bodies)

    @property
    def failures(self) -> tuple[int, ...]:
        """What it may answer besides its successes, in order."""
        return tuple(sorted({*FAILURES, *self.more_failures, *(FAILURES_WITH_BODY if self.takes_body else ())}))
