"""Operations about addresses that must not be contacted."""

from __future__ import annotations

from app.api import suppressions
from app.api.operation import Operation
from app.api.suppression_shapes import (
    FoundSuppressions,
    SuppressionAnswer,
    SuppressionLookup,
    SuppressionRequest,
    SuppressionsAnswer,
)

_ONE = {
    "id": "019ab3f0-7a51-7d02-8f3e-5b6c7d8e9fa0", "brand": "camille", "channel": "email", "reason": "hard_bounce",
    "created_at": "2026-11-21T10:00:00Z", "lapses_at": "2027-02-19T10:00:00Z", "lifted_at": None, "in_force": True,
    "is_own": True,
}  # fmt: skip

OPERATIONS = (
    Operation(
        path="/api/v1/suppressions",
        name="suppress",
        method="POST",
        view=suppressions.add,
        request=SuppressionRequest,
        answer=SuppressionAnswer,
        scope=suppressions.SCOPE,
        more_successes={201: "It stands from now on"},
        more_failures=(409,),
        asked={
            "a mail came back": {
                "subject": {"email": "ana@example.com"},
                "brand": "camille",
                "channel": "email",
                "reason": "hard_bounce",
                "occurred_at": "2026-11-21T10:00:00Z",
                "evidence": {"status": "5.1.1"},
            },
            "somebody wants to be left in peace by all houses": {
                "subject": {"phone": "+33123456789"},
                "brand": None,
                "reason": "do_not_contact",
            },
        },
        answered=_ONE,
    ),
    Operation(
        path="/api/v1/suppressions",
        name="suppressions",
        view=suppressions.list_all,
        answer=SuppressionsAnswer,
        scope=suppressions.SCOPE,
        query=suppressions.QUERY,
        more_failures=(422,),
        answered={"suppressions": [_ONE], "next": _ONE["id"], "has_more": False},
    ),
    Operation(
        path="/api/v1/suppressions/lookup",
        name="suppressions_of_address",
        method="POST",
        view=suppressions.look_up,
        request=SuppressionLookup,
        answer=FoundSuppressions,
        scope=suppressions.SCOPE,
        asked={"of an address": {"subject": {"email": "ana@example.com"}}},
        answered={"suppressions": [_ONE]},
    ),
    Operation(
        path="/api/v1/suppressions/{suppression_id}",
        name="lift_suppression",
        method="DELETE",
        view=suppressions.lift,
        answer=None,
        success=204,
        scope=suppressions.SCOPE,
        parameters={"suppression_id": "The id of the suppression."},
        more_failures=(404,),
    ),
)
