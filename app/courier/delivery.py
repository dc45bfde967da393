"""One mail from the queue to the server: claimed, judged, composed, sent, recorded.

Short transactions around a conversation with a mail server that may take long: the try is counted in the first, the
letter read in the second, none is open while sending, and the outcome is recorded in the last. A worker killed in
between leaves the message `queued`; the next one sends it again under the same Message-ID.
"""

from __future__ import annotations

import uuid

import structlog

from app.courier.composer import compose
from app.courier.logs import describe
from app.courier.texting import TextSender, compose_text
from app.courier.transport import PermanentError, TemporaryError, Transport
from app.db import is_unavailable
from app.environment import Environment
from app.models import Message
from app.services import letters, messages
from app.services.letters import Drop, Letter
from app.services.message_kinds import TEXTS
from app.services.messages import MessageState

TRIES = 12
FIRST_PAUSE_SECONDS = 15
LONGEST_PAUSE_SECONDS = 3600

log = structlog.get_logger(__name__)


class TryAgain(Exception):
    """The mail could not go yet and wants another try in `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"try again in {seconds} s")
        self.seconds = seconds


def deliver(
    environment: Environment, transport: Transport, message_id: uuid.UUID, texts: TextSender | None = None
) -> MessageState | None:
    """Send the message, or record why not; give its state, None where there was nothing to do.

    A text message goes by `texts`. Raises `TryAgain` after a temporary failure, and whatever the database raises when
    it is away.
    """
    with messages.claim(environment.database, message_id) as is_ours:
        if not is_ours:
            raise TryAgain(FIRST_PAUSE_SECONDS)
        return _attempt(environment, transport, texts, message_id)


def pause_seconds(tries: int) -> int:
    """Give the wait after so many tries: 15 s, doubling up to an hour; all twelve take about four hours."""
    return int(min(FIRST_PAUSE_SECONDS * 2 ** (min(tries, TRIES) - 1), LONGEST_PAUSE_SECONDS))


def _attempt(
    environment: Environment, transport: Transport, texts: TextSender | None, message_id: uuid.UUID
) -> MessageState | None:
    with environment.database.transaction() as session:
        message = messages.begin_attempt(session, message_id)
    if message is None:
        return None
    if message.attempts > TRIES:
        return _settle(environment, message, MessageState.DEAD, reason="gave_up")
    try:
        letter = _read(environment, message)
        answer = None if isinstance(letter, Drop) else _hand_over(letter, transport, texts)
    except PermanentError as failure:
        return _settle(environment, message, MessageState.DEAD, reason="refused", answer=failure.answer)
    except TemporaryError as failure:
        return _postpone(environment, message, failure.answer)
    except Exception as fault:
        if is_unavailable(fault):
            raise
        # A fault of ours, such as a template that fails: as visible and as finite as a server that refuses.
        log.error("mail_not_composed", message=str(message.id), fault=describe(fault))  # noqa: TRY400 - no addresses
        return _postpone(environment, message, describe(fault))
    # Outside of the above: a mail that was taken must not be sent again because recording it fails.
    if isinstance(letter, Drop):
        return _settle(environment, message, MessageState.DROPPED, reason=letter.reason)
    return _settle(environment, message, MessageState.SENT, answer=answer, request_id=letter.request_id)


def _hand_over(letter: Letter, transport: Transport, texts: TextSender | None) -> str:
    if letter.kind not in TEXTS:
        return transport.send(compose(letter))
    if texts is None:
        raise PermanentError("no gateway for text messages is set")
    return texts.send(compose_text(letter))


def _read(environment: Environment, message: Message) -> Letter | Drop:
    with environment.database.transaction() as session:
        return letters.prepare(session, message)


def _postpone(environment: Environment, message: Message, answer: str) -> MessageState:
    if message.attempts >= TRIES:
        return _settle(environment, message, MessageState.DEAD, reason="gave_up", answer=answer)
    _settle(environment, message, MessageState.QUEUED, reason="waiting", answer=answer)
    raise TryAgain(pause_seconds(message.attempts)) from None


def _settle(
    environment: Environment,
    message: Message,
    state: MessageState,
    *,
    reason: str | None = None,
    answer: str | None = None,
    request_id: uuid.UUID | None = None,
) -> MessageState:
    with environment.database.transaction() as session:
        messages.settle(session, message, state, reason=reason, answer=answer, request_id=request_id)
    log.info("mail", message=str(message.id), kind=message.kind, state=state.value, reason=reason)
    return state
