"""What is told of an import."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field


class RejectedRow(BaseModel):
    """A row that was not taken."""

    line: int = Field(description="The line of the file on which it begins; the first line is 1.")
    code: str = Field(description="Stable name of the reason.")
    words: str = Field(description="The reason, in words that repeat nothing of the row.")


class ImportAnswer(BaseModel):
    """How far an import has come."""

    id: uuid.UUID
    state: Literal["receiving", "waiting", "running", "done", "failed"]
    fault: str | None = Field(description="Why the file as a whole could not be taken.")
    name: str
    dry_run: bool
    created_at: datetime
    finished_at: datetime | None
    bytes: int
    bytes_done: int
    counts: dict[str, int] = Field(
        description="Rows by what came of them: granted, renewed, withdrawn, refused, objected, suppressed, unchanged, "
        "unknown (a no about somebody who is not known), rejected."
    )
    reasons: dict[str, int] = Field(description="Rejected rows by their codes.")
    rejects: list[RejectedRow] = Field(description="Rejected rows, in the order of the file.")
    has_more: bool = Field(description="Whether there are more rejects: go on with `after` set to the last line.")
