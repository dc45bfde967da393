"""What people tell other systems is to become of their data."""

from __future__ import annotations

import uuid
from datetime import datetime

from pydantic import BaseModel, Field

from app.api.shapes import BrandName, Name, Shape, Subject
from app.api.times import ActMoment
from app.services.privacy_referrals import Kind, State, Through


class PrivacyRequestTold(Shape):
    """Who told you what, how and when."""

    subject: Subject
    brand: BrandName = Field(description="In whose name they are mailed.")
    kind: Kind = Field(description="A copy, deletion, holding still, correction, or an objection.")
    through: Through = Field(description="How they told you.")
    received_at: ActMoment | None = Field(default=None, description="When; now, unless said. The month runs from then.")
    locale: Name | None = Field(default=None, description="The language of the mail, unless they chose one.")


class PrivacyRequestAnswer(BaseModel):
    """What was told, and how far it got."""

    id: uuid.UUID
    account_id: uuid.UUID
    brand: str
    kind: Kind
    through: Through
    state: State = Field(
        description="waiting: they were mailed. under_way: they asked for it on their own page. done. "
        "stopped: they took it back."
    )
    received_at: datetime
    due_at: datetime = Field(description="A month later (GDPR art. 12(3)).")
    is_overdue: bool
