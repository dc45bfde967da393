"""Operations on many consents at once."""

from __future__ import annotations

from app.api import imports
from app.api.import_shapes import ImportAnswer
from app.api.operation import Example, Operation

JOB: Example = {
    "id": "019ab3f0-5f4e-7c11-9d43-2f1a5b6c7d8e", "state": "done", "fault": None, "name": "subscribed.csv",
    "dry_run": False, "created_at": "2026-11-23T08:15:30Z", "finished_at": "2026-11-23T08:15:32Z", "bytes": 20480,
    "bytes_done": 20480, "counts": {"granted": 212, "unchanged": 3, "rejected": 1}, "reasons": {"conflict": 1},
    "rejects": [{"line": 17, "code": "conflict", "words": "The person said otherwise since, or it ran out."}],
    "has_more": False,
}  # fmt: skip
WAITING: Example = {
    **JOB, "state": "waiting", "finished_at": None, "bytes_done": 0, "counts": {}, "reasons": {}, "rejects": [],
}  # fmt: skip
ID = {"import_id": "The id of the job, from the answer to the upload."}

OPERATIONS = (
    Operation(
        path="/api/v1/imports",
        name="start_import",
        method="POST",
        view=imports.start,
        bodies={each: {"type": "string", "format": "binary"} for each in imports.FORMATS},
        answer=ImportAnswer,
        answered=WAITING,
        success=202,
        scope=imports.SCOPE,
        query=imports.QUERY,
        more_failures=(409,),
    ),
    Operation(
        path="/api/v1/imports/{import_id}",
        name="show_import",
        view=imports.show,
        answer=ImportAnswer,
        answered=JOB,
        scope=imports.SCOPE,
        parameters=ID,
        query=imports.PAGES,
        more_failures=(404, 422),
    ),
    Operation(
        path="/api/v1/imports/{import_id}/rejects",
        name="show_rejects",
        view=imports.show_rejects,
        answer={
            "title": "Rejects", "type": "object", "description": "One of these on each line.",
            "properties": {"line": {"type": "integer"}, "code": {"type": "string"}, "words": {"type": "string"}},
            "required": ["line", "code", "words"],
        },
        answered={"line": 17, "code": "conflict", "words": "The person said otherwise since, or it ran out."},
        media_types=(imports.LINES, imports.CSV),
        scope=imports.SCOPE,
        parameters=ID,
        more_failures=(404,),
    ),
    Operation(
        path="/api/v1/exports/consents",
        name="export_consents",
        view=imports.export,
        answer={
            "title": "Exported consent", "type": "object", "description": "One of these on each line.",
            "properties": {
                "account_id": {"type": "string", "format": "uuid"}, "brand": {"type": ["string", "null"]},
                "topic": {"type": ["string", "null"]}, "channel": {"type": ["string", "null"]},
                "purpose": {"type": ["string", "null"]}, "status": {"type": "string"},
                "allowed": {"type": "boolean", "description": "Whether a decision would allow it now."},
                "reason": {"type": "string", "description": "Why, or why not, as in a decision."},
                "occurred_at": {"type": ["string", "null"], "format": "date-time"},
                "email": {"type": ["string", "null"]}, "phone": {"type": ["string", "null"]},
            },
            "required": ["account_id", "status", "allowed", "reason"],
        },
        answered={
            "account_id": "019ab3f0-5f4e-7c11-9d43-2f1a5b6c7d8e", "brand": "camille", "topic": "newsletter",
            "channel": "email", "purpose": None, "status": "granted", "allowed": True, "reason": "granted",
            "occurred_at": "2026-11-21T09:58:12Z",
            "confirmed_at": "2026-11-21T10:00:00Z", "granted_at": "2026-11-21T09:58:12Z", "withdrawn_at": None,
            "expires_at": None, "paused_until": None, "frequency": "weekly", "legal_basis": "consent",
            "document_version": "2026-01-15", "source": "confirmation", "updated_at": "2026-11-21T10:00:00Z",
            "locale": "fr",
        },
        media_types=(imports.LINES,),
        scope=imports.READ,
        query=imports.OF_BRAND,
        more_failures=(422,),
    ),
)  # fmt: skip
