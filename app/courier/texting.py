"""Ways for a text message to leave: an HTTP gateway, or in development the mailbox page."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from http.client import HTTPException
from typing import Protocol
from urllib.error import HTTPError
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from app.courier.composer import words_of_text
from app.courier.transport import TIMEOUT_SECONDS, PermanentError, TemporaryError, without_addresses
from app.environment import Environment
from app.errors import SettingsError
from app.services import mailbox
from app.services.letters import Letter

FIELDS = ("to", "text")
"""What the template of a gateway must have a place for."""
MAY_HAVE = {*FIELDS, "sender", "id"}
MOST_BYTES = 2_000
"""Of a gateway's answer, as much as is read."""

_PLACE = re.compile(r"\{(\w*)\}")
_DIGITS = re.compile(r"\+?\d[\d\s().-]{3,}\d")


@dataclass(frozen=True, slots=True)
class Text:
    """One text message. `id` stays the same when it is handed over again."""

    to: str
    sender: str
    text: str
    id: str


class TextSender(Protocol):
    """Takes a text over, or raises `TemporaryError` or `PermanentError`; gives the answer, without numbers."""

    def send(self, text: Text) -> str:
        """Hand `text` over."""
        ...


class DevelopmentTextSender:
    """Keeps texts for `/dev/mailbox` instead of sending them."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def send(self, text: Text) -> str:
        """Keep `text`, sealed."""
        kept = mailbox.Contents(text.to, text.sender, "", text.text, "", {"Message-ID": text.id}, "text")
        with self._environment.database.transaction() as session:
            mailbox.keep(session, kept)
        return "kept in the development mailbox"


class GatewayTextSender:
    """Posts texts to a gateway, as a form.

    The template is an address such as `https://user:pass@gateway.example/send?to={to}&text={text}&from={sender}`. What
    stands in its query is sent in the body, so that numbers and words are in no address that anybody logs; user and
    password are HTTP Basic (RFC 7617). Raises `SettingsError` for a template that can't be used.
    """

    def __init__(self, template: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        parts = urlsplit(template)
        self._fields = parse_qsl(parts.query, keep_blank_values=True)
        places = [name for _, value in self._fields for name in _PLACE.findall(value)]
        is_http = parts.scheme in {"http", "https"} and bool(parts.hostname)
        if not is_http or not set(FIELDS) <= set(places) or not set(places) <= MAY_HAVE:
            # The value holds a password and is not repeated.
            raise SettingsError(
                "PARLEY_SMS_URL must look like https://user:pass@host/path?to={to}&text={text}&from={sender}&ref={id}"
            )
        host = parts.netloc.rpartition("@")[2]
        self._url = urlunsplit((parts.scheme, host, parts.path, "", ""))
        self._headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        if parts.username:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            self._headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
        self._timeout_seconds = timeout_seconds
        self._opener = build_opener(_NoRedirects)

    def send(self, text: Text) -> str:
        """Post `text` and give what the gateway said."""
        filled = {"to": text.to, "text": text.text, "sender": text.sender, "id": text.id}
        form = [(name, _PLACE.sub(lambda place: filled[place[1]], value)) for name, value in self._fields]
        request = Request(self._url, urlencode(form).encode(), self._headers)  # noqa: S310 - checked to be http(s)
        try:
            with self._opener.open(request, timeout=self._timeout_seconds) as answer:
                return _told(answer.status, answer.read(MOST_BYTES))
        except HTTPError as refusal:
            with refusal:
                told = _told(refusal.code, refusal.read(MOST_BYTES))
            raise _judge(refusal.code)(told) from None
        except (OSError, HTTPException) as problem:
            raise TemporaryError(type(problem).__name__) from None


class _NoRedirects(HTTPRedirectHandler):
    """Lets a redirection be the failure it is: number and words are for the gateway that was named."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Follow nothing."""


def sender_for(environment: Environment) -> TextSender | None:
    """Choose the sender that the settings ask for; None where no texts are sent. Raises `SettingsError`."""
    settings = environment.settings
    if settings.sms_url:
        return GatewayTextSender(settings.sms_url)
    return None if settings.is_production else DevelopmentTextSender(environment)


def compose_text(letter: Letter) -> Text:
    """Write the text message that `letter` asks for."""
    return Text(letter.to, letter.site.texts_come_from, words_of_text(letter), letter.message_id.strip("<>"))


def _judge(status: int) -> type[TemporaryError | PermanentError]:
    """Judge an answer: what is wrong with the text will stay so, what is wrong with us or the gateway need not."""
    is_lasting = 400 <= status < 500 and status not in {401, 403, 404, 408, 429}
    return PermanentError if is_lasting else TemporaryError


def _told(status: int, body: bytes) -> str:
    return _DIGITS.sub("…", without_addresses(f"{status} {body.decode('utf-8', 'replace')}"))
