"""The operations of the API: what the blueprint serves and the OpenAPI document describes, in one list."""

from app.api.operations import asking, calling, following, people, suppressing, telling

OPERATIONS = (
    *asking.OPERATIONS,
    *telling.OPERATIONS,
    *people.OPERATIONS,
    *suppressing.OPERATIONS,
    *following.OPERATIONS,
    *calling.OPERATIONS,
)
