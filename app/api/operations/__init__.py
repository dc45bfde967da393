"""The operations of the API: what the blueprint serves and the OpenAPI document describes, in one list."""

from collections.abc import Mapping

from app.api.operation import Operation
from app.api.operations import asking, calling, following, many, people, suppressing, telling

AREAS: Mapping[str, tuple[str, tuple[Operation, ...]]] = {
    "asking": ("Asking", asking.OPERATIONS),
    "telling": ("Telling", telling.OPERATIONS),
    "people": ("People, and what they ask", people.OPERATIONS),
    "suppressing": ("Who must not be contacted", suppressing.OPERATIONS),
    "many": ("Many at once", many.OPERATIONS),
    "following": ("Following", following.OPERATIONS),
    "calling": ("Being told", calling.OPERATIONS),
}
"""Titles and operations of the pages of docs, by their addresses."""

OPERATIONS = tuple(operation for _title, operations in AREAS.values() for operation in operations)
