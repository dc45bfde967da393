"""The OpenAPI document, arranged for people: what the page of docs lists for each operation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import getitem
from typing import Any

Schema = Mapping[str, Any]
PLACES = {"path": "In the path.", "query": "In the address.", "header": "As a header."}


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a body."""

    name: str
    type: str
    is_required: bool
    description: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """One form that a body may take."""

    description: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A request as one would send it."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation."""

    anchor: str
    method: str
    path: str
    title: str
    description: str
    scope: str
    asked: tuple[Form, ...]
    answered: tuple[Form, ...]
    examples: tuple[Example, ...]
    answer: str
    example_url: str
    """Where an answer stands that is too long for the page."""


class Reference:
    """Reads an OpenAPI document."""

    def __init__(self, document: Schema) -> None:
        self._document = document

    def entries(self) -> list[Entry]:
        """List the operations in the order of the document."""
        return [
            self._entry(method.upper(), path, operation)
            for path, operations in self._document["paths"].items()
            for method, operation in operations.items()
        ]

    def _entry(self, method: str, path: str, operation: Schema) -> Entry:
        asked = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        success = next(each for status, each in operation["responses"].items() if status.startswith("2"))
        answered = next(iter(success.get("content", {"": {}}).values()))
        return Entry(
            anchor=operation["operationId"],
            method=method,
            path=path,
            title=operation["summary"],
            description=operation["description"],
            scope=next(scope for need in operation["security"] for scopes in need.values() for scope in scopes),
            asked=(*(self._forms(asked["schema"]) if asked else ()), *self._parameters(operation)),
            answered=tuple(self._forms(answered["schema"])) if answered else (),
            examples=tuple(
                Example(each["summary"], _pretty(each["value"])) for each in asked.get("examples", {}).values()
            ),
            answer=_pretty(answered["example"]) if "example" in answered else "",
            example_url=next((each["externalValue"] for each in answered.get("examples", {}).values()), ""),
        )

    def _parameters(self, operation: Schema) -> Iterator[Form]:
        """Give what stands elsewhere than in the body, by its place."""
        for place, words in PLACES.items():
            fields = tuple(
                Field(each["name"], self._type(each["schema"]), each["required"], each["description"], ())
                for each in operation.get("parameters", ())
                if each["in"] == place
            )
            if fields:
                yield Form(words, fields)

    def _forms(self, schema: Schema) -> Iterator[Form]:
        schema = self._resolve(schema)
        if "properties" not in schema:
            for each in schema.get("oneOf", ()):
                yield from self._forms(each)
            return
        required = schema.get("required", ())
        fields = tuple(self._field(name, each, name in required) for name, each in schema["properties"].items())
        yield Form(schema.get("description", ""), fields)
        # The items of a list are a body of their own to read, where it is said what they are.
        for each in schema["properties"].values():
            if each.get("type") == "array" and "description" in self._resolve(each["items"]):
                yield from self._forms(each["items"])

    def _field(self, name: str, schema: Schema, is_required: bool) -> Field:  # noqa: FBT001 - one caller, just above
        values = tuple(str(value) for value in self._values(schema))
        description = schema.get("description") or self._resolve(schema).get("description", "")
        return Field(name, self._type(schema), is_required, description, values)

    def _type(self, schema: Schema) -> str:
        target = self._resolve(schema)
        if "anyOf" in target:
            return " or ".join(self._type(each) for each in target["anyOf"])
        if target.get("type") == "array":
            return "list"
        if target.get("format"):
            return {"date-time": "time", "uuid": "UUID"}.get(target["format"], str(target["format"]))
        return str(target.get("type", "string" if "enum" in target else "object"))

    def _values(self, schema: Schema) -> list[object]:
        target = self._resolve(schema)
        found = [value for each in target.get("anyOf", ()) for value in self._values(each)]
        return [*target.get("enum", ()), *found]

    def _resolve(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            told = {key: value for key, value in schema.items() if key != "$ref"}
            schema = {**reduce(getitem, schema["$ref"].removeprefix("#/").split("/"), self._document), **told}
        return schema


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
