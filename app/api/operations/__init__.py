"""The operations of the API: what the blueprint serves and the OpenAPI document describes, in one list."""

from app.api.operations import asking, calling, following, many, people, suppressing, telling

OPERATIONS = (
    *asking.OPERATIONS,
    *telling.OPERATIONS,
    *people.OPERATIONS,
    *suppressing.OPERATIONS,
    *many.OPERATIONS,
    *following.OPERATIONS,
    *calling.OPERATIONS,
)
