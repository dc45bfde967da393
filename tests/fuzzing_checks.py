"""A check of our own beside those of schemathesis, which loads this file."""

from __future__ import annotations

import schemathesis
from schemathesis import Case, CheckContext, Response

MALFORMED = {"validation_error", "malformed_json", "bad_request"}


@schemathesis.check
def what_fits_the_schema_is_not_called_malformed(_ctx: CheckContext, response: Response, case: Case) -> None:
    """Fail where the document promises that a body is taken, and the API says that it does not fit."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code < 400:
        return
    if (code := response.json().get("code")) in MALFORMED:
        raise AssertionError(f"{code}: {response.text}")
