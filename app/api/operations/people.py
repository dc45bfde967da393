"""Operations about people: their accounts, and what happened to their consents."""

from __future__ import annotations

from app.api import account_events, accounts, once, privacy_requests
from app.api.account_shapes import AccountAnswer, AccountChange, NewAccount, NewAccountAnswer
from app.api.event_shapes import HistoryAnswer
from app.api.operation import Operation
from app.api.operations import following
from app.api.privacy_shapes import PrivacyRequestAnswer, PrivacyRequestTold

ACCOUNT = "019ab3f0-5f4e-7c11-9d43-2f1a5b6c7d8e"
_EVENT = following.OPERATIONS[0].answered["events"][0]  # type: ignore[index] # a list, as that one shows

_REQUEST = {
    "id": "019ab3f0-8b62-7e13-9a4f-6c7d8e9fa0b1", "account_id": ACCOUNT, "brand": "camille", "kind": "erasure",
    "through": "telephone", "state": "waiting", "received_at": "2026-11-21T10:00:00Z",
    "due_at": "2026-12-21T10:00:00Z", "is_overdue": False,
}  # fmt: skip

OPERATIONS = (
    Operation(
        path="/api/v1/accounts",
        name="create_account",
        method="POST",
        view=accounts.create,
        request=NewAccount,
        answer=NewAccountAnswer,
        scope=accounts.WRITE,
        more_successes={201: "They go by your id from now on", 202: "A mail asks"},
        more_failures=(409,),
        headers=once.HEADERS,
        asked={
            "a customer of a shop": {
                "kind": "lite", "email": "ana@example.com", "brand": "camille", "locale": "fr",
                "external_id": {"system": "shop", "id": "4711"}, "proved_at": "2026-11-21T10:00:00Z",
            },
            "somebody who wants a full account": {"kind": "full", "email": "ana@example.com", "brand": "camille"},
        },
        answered={"account_id": ACCOUNT},
    ),
    Operation(
        path="/api/v1/accounts/{account_id}",
        name="account",
        view=accounts.show,
        answer=AccountAnswer,
        scope=accounts.READ,
        parameters={"account_id": "The id of the account."},
        more_failures=(404,),
        answered={
            "account_id": ACCOUNT, "kind": "full", "status": "active", "locale": "fr",
            "created_at": "2026-11-21T10:00:00Z", "registered_at": "2026-11-21T10:05:00Z",
            "contacts": [{"kind": "email", "is_proved": True, "is_primary": True}],
            "profile": {"name": {"name": "Ana Ruiz"}, "interests": {"choices": ["leather", "scent"]}},
            "external_ids": {"shop": "4711"},
        },
    ),
    Operation(
        path="/api/v1/accounts/{account_id}",
        name="change_account",
        method="PATCH",
        view=accounts.change,
        request=AccountChange,
        answer=None,
        success=204,
        scope=accounts.WRITE,
        parameters={"account_id": "The id of the account."},
        more_failures=(404, 409),
        asked={
            "what they said on the telephone": {
                "brand": "camille", "locale": "fr",
                "profile": {"name": {"name": "Ana Ruiz"}, "birthday": {"date": "1990-02-28"}, "country": None},
            },
            "what another system calls them": {"brand": "camille", "external_ids": {"crm": "C-2026-88", "till": None}},
        },
    ),
    Operation(
        path="/api/v1/accounts/{account_id}/events",
        name="account_events",
        view=account_events.tell_history,
        answer=HistoryAnswer,
        scope=account_events.SCOPE,
        parameters={"account_id": "The id of the account."},
        query=account_events.QUERY,
        more_failures=(404, 422),
        answered={"events": [{**_EVENT, "receiptid": f"{ACCOUNT}.1"}], "next": "1", "has_more": False},
    ),
    Operation(
        path="/api/v1/privacy-requests",
        name="tell_privacy_request",
        method="POST",
        view=privacy_requests.tell,
        request=PrivacyRequestTold,
        answer=PrivacyRequestAnswer,
        scope=privacy_requests.SCOPE,
        more_successes={201: "It was not waiting yet"},
        more_failures=(409,),
        headers=once.HEADERS,
        asked={
            "somebody called and wants to be deleted": {
                "subject": {"external_id": {"system": "shop", "id": "4711"}}, "brand": "camille", "kind": "erasure",
                "through": "telephone", "received_at": "2026-11-21T10:00:00Z",
            },
        },
        answered=_REQUEST,
    ),
    Operation(
        path="/api/v1/privacy-requests/{request_id}",
        name="privacy_request",
        view=privacy_requests.show,
        answer=PrivacyRequestAnswer,
        scope=privacy_requests.SCOPE,
        parameters={"request_id": "The id of the request."},
        more_failures=(404,),
        answered=_REQUEST,
    ),
)  # fmt: skip
