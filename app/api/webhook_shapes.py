"""What requests and answers about webhooks look like."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, StrictBool

from app.api.shapes import NO_NUL, Name, Shape
from app.kit.targets import LONGEST_URL
from app.services.cloud_events import PREFIX
from app.services.folding import Action
from app.services.webhook_deliveries import State
from app.services.webhooks import Reason

MOST_NAMES = 100
START = "start"


def _known_type(value: str) -> str:
    if value not in TYPES:
        raise ValueError(f"must be one of {', '.join(TYPES)}")
    return value


TYPES = tuple(f"{PREFIX}{action}" for action in Action)
EventType = Annotated[str, AfterValidator(_known_type), Field(max_length=100, json_schema_extra={"enum": list(TYPES)})]
Key = Annotated[Name, Field(pattern=NO_NUL)]
Url = Annotated[
    str, Field(max_length=LONGEST_URL, description="Where events are posted; https. It may hold a secret of yours.")
]
Brands = Annotated[
    Annotated[list[Name], Field(min_length=1, max_length=MOST_NAMES)] | None,
    Field(description="Only events of these brands, and of the whole group; null: of all brands of the client."),
]
Types = Annotated[
    Annotated[list[EventType], Field(min_length=1, max_length=len(Action))] | None,
    Field(description="Only events of these types; null: of all."),
]
Keys = Annotated[
    Annotated[list[Key], Field(min_length=1, max_length=MOST_NAMES)] | None,
    Field(description="Only events about these topics, purposes and documents; null: about all."),
]
Description = Annotated[str, Field(max_length=200, pattern=NO_NUL, description="For people.")]
Contact = Annotated[
    Annotated[str, Field(max_length=400)] | None,
    Field(description="An e-mail address that is told when the webhook is disabled for failing."),
]


class WebhookRequest(Shape):
    """Where to be told of what."""

    url: Url
    brands: Brands = None
    types: Types = None
    keys: Keys = None
    description: Description = ""
    contact: Contact = None
    after: Annotated[str, Field(max_length=100)] | None = Field(
        default=None,
        description="Begin after this place in the feed, a `next` of `/api/v1/events`, or at its `start`; "
        "without it with what happens from now on.",
    )


class WebhookChange(Shape):
    """What is to be different; what is left out stays."""

    url: Url = ""
    brands: Brands = None
    types: Types = None
    keys: Keys = None
    description: Description = ""
    contact: Contact = None
    enabled: StrictBool = Field(default=True, description="False stops it; true lets it go on where it stopped.")


class ReplayRequest(Shape):
    """From where on to be told again."""

    after: Annotated[str, Field(max_length=100)] | None = Field(
        default=None,
        description="After this place in the feed: a `next` of `/api/v1/events`, a `replay_after` of a delivery, or "
        "`start`. Without it only what was given up is sent again.",
    )


class WebhookAnswer(BaseModel):
    """A webhook."""

    id: uuid.UUID
    url: str
    brands: list[str] | None
    types: list[str] | None
    keys: list[str] | None
    description: str
    contact: str | None
    created_at: datetime
    reached: str = Field(description="The place in the feed up to which events are sent or wait to be.")
    failing_since: datetime | None = Field(description="Nothing was taken since; null while all is well.")
    disabled_at: datetime | None = Field(description="Nothing is sent since; enabled again, it goes on there.")
    disabled_reason: Reason | None = Field(
        description="`client`: as you wished; `gone`: it answered 410; `failing`: it took nothing for five days."
    )
    old_secret_until: datetime | None = Field(description="Until then the secret before the present one signs, too.")


class NewWebhookAnswer(WebhookAnswer):
    """A webhook with its secret, which is shown only now."""

    secret: str = Field(description="Verifies the signatures: `whsec_` and 32 random bytes in base64.")


class WebhooksAnswer(BaseModel):
    """The webhooks of the client, the oldest first."""

    webhooks: list[WebhookAnswer]


class DeliveryAnswer(BaseModel):
    """One event as it was sent, or waits to be."""

    id: uuid.UUID
    webhook_id: str = Field(description="The header `webhook-id`: the same whenever the same event is sent.")
    event_id: str = Field(description="The `id` of the event in the feed.")
    type: str
    state: State = Field(description="`queued`, `delivered`, or `dead`: given up after three days of trying.")
    attempts: int = Field(description="How often it was tried since it was queued, or queued again.")
    created_at: datetime
    last_try_at: datetime | None
    next_try_at: datetime | None = Field(description="At the earliest; null for what is settled.")
    status_code: int | None = Field(description="What the last try was answered with; null for no answer.")
    error: str | None = Field(description="What was wrong with the last try.")
    replay_after: str | None = Field(description="The place just before this event, to replay from; null for a ping.")


class DeliveriesAnswer(BaseModel):
    """A page of the log, the newest first."""

    deliveries: list[DeliveryAnswer]
    next: str | None = Field(description="Ask for older ones with `after`; null where there are none.")


class ReplayAnswer(BaseModel):
    """What is sent again."""

    reached: str = Field(description="From where the webhook goes on.")
    revived: int = Field(description="How many given up deliveries are tried again.")
