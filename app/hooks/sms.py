"""Text messages that people sent, handed in by the gateway: who answers STOP gets no more of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify, request

from app.branding.models import SiteGroup
from app.errors import InvalidAddress
from app.flows.stop_texts import stop
from app.hooks import guard
from app.hooks.guard import Refused
from app.http.context import env, write
from app.http.extensions import limiter
from app.kit.addresses import parse_phone
from app.kit.provenance import PERSON, Provenance, Source

GUESSES = "60 per minute"
"""Only wrong secrets count: after a campaign a gateway hands in thousands of words at once."""
NAMES = {"from": ("from", "From", "msisdn"), "text": ("text", "Text", "body", "Body"), "to": ("to", "To")}
"""What gateways call the sender's number, the words, and the number or name that was written to."""

STOP_WORDS = frozenset({
    "stop", "stopall", "stop all", "end", "quit", "cancel", "unsubscribe", "opt out", "optout",
    "arret", "arreter", "desabonner", "desabonnement", "desinscrire", "desinscription", "fin",
    "stopp", "abmelden", "abmeldung", "abbestellen", "ende", "kundigen", "austragen",
    "td", "t", "退订", "退訂", "停止", "取消", "取消订阅", "拒收",
})  # fmt: skip
"""Words to leave by, where they are all somebody wrote: English, French, German and Chinese, without accents."""


def check(token: str) -> None:
    """Raise `Refused` unless the token is the one in the settings."""
    guard.check_token(token, env().settings.sms_hook_token)


@limiter.limit(GUESSES, exempt_when=lambda: _is_right(str((request.view_args or {}).get("token"))))
def take(token: str) -> Response:
    """Take one text message, as JSON or as a form with `from`, `text` and perhaps `to`.

    The answer tells neither whether the number is known nor whether the words meant anything: 200, `status` `taken`.
    400 (`malformed`) where a field is missing or `from` is no phone number.
    """
    check(token)
    fields = _fields()
    sender, words = _field(fields, "from"), _field(fields, "text")
    if sender is None or words is None:
        raise Refused("malformed", "Send `from` and `text`, as JSON or as a form.")
    try:
        number = parse_phone(sender if sender.startswith("+") else f"+{sender}")
    except InvalidAddress:
        raise Refused("malformed", "`from` must be a phone number in international form.") from None
    if means_stop(words):
        house = _house(env().group, _field(fields, "to") or "")
        came = Provenance(PERSON, Source.TEXT_MESSAGE, env().group.locales[0])
        write(lambda session: stop(session, number, house, came))
    return jsonify({"status": "taken"})


def _is_right(token: str) -> bool:
    return guard.is_right(token, env().settings.sms_hook_token)


def means_stop(words: str) -> bool:
    """Tell whether a text is one of the words to leave by and nothing else; case, accents and marks do not matter."""
    apart = unicodedata.normalize("NFKD", words.casefold())
    letters = "".join(each if each.isalnum() else " " for each in apart if not unicodedata.combining(each))
    found = " ".join(letters.split())
    return found in STOP_WORDS or found.removesuffix(" sms").removesuffix(" texts") in STOP_WORDS


def _house(group: SiteGroup, written_to: str) -> str | None:
    """Find the one house that sends its texts from what was written to; None where that is no house, or several."""
    wanted = written_to.removeprefix("+").casefold()
    found = [
        brand.slug for brand in group.brands.values()
        if wanted and brand.texts_come_from.removeprefix("+").casefold() == wanted
    ]  # fmt: skip
    return found[0] if len(found) == 1 else None


def _fields() -> Mapping[str, Any]:
    told = request.get_json(silent=True) if request.is_json else request.form
    return told if isinstance(told, Mapping) else {}


def _field(fields: Mapping[str, Any], name: str) -> str | None:
    return next((value for each in NAMES[name] if isinstance(value := fields.get(each), str)), None)
