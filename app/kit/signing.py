"""Signed links and form tokens: one salt a purpose, so that a link does one thing."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from itsdangerous import BadData, SignatureExpired, TimestampSigner, URLSafeSerializer, URLSafeTimedSerializer

from app.kit import clock


class Purpose(StrEnum):
    """What a signed value is good for; its salt."""

    CONFIRM = "parley.confirm"
    ACCESS = "parley.access"
    FORM = "parley.form"
    CENTRE_FORM = "parley.centre-form"
    UNSUBSCRIBE = "parley.unsubscribe"
    NEVER = "parley.never"
    MANAGE = "parley.manage"
    ADDRESS_AGREE = "parley.address-agree"
    ADDRESS_PROVE = "parley.address-prove"
    ADDRESS_STOP = "parley.address-stop"
    REGISTER = "parley.register"
    RESET = "parley.reset"
    ERASURE_STOP = "parley.erasure-stop"
    CHECK_IN = "parley.check-in"
    RECONSENT = "parley.reconsent"
    STEP_UP = "parley.step-up"
    PHONE = "parley.phone"
    NOTICE = "parley.notice"
    CHALLENGE = "parley.challenge"
    SECOND_FACTOR = "parley.second-factor"
    SECOND_STEP = "parley.second-step"
    PASSKEY_ADD = "parley.passkey-add"
    PASSKEY_SIGN_IN = "parley.passkey-sign-in"


class BadLink(Exception):
    """The signature does not fit: cut off, forged, or made for something else."""


class ExpiredLink(Exception):
    """Well signed but too old; `payload` is what it said."""

    def __init__(self, payload: Any) -> None:
        super().__init__("expired")
        self.payload = payload


class ToTheMillisecond(TimestampSigner):
    """Writes the time in milliseconds: in whole seconds, a form half a second old could pass for one of two."""

    def get_timestamp(self) -> int:
        """Give the time in milliseconds since 1970."""
        return int(clock.unix() * 1000)

    def timestamp_to_datetime(self, ts: int) -> datetime:
        """Read what `get_timestamp` gave."""
        return datetime.fromtimestamp(ts / 1000, UTC)

    def unsign(self, signed_value: str | bytes, max_age: int | None = None, return_timestamp: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Check a signature and its age; `max_age` is in seconds, as everywhere."""
        return super().unsign(signed_value, None if max_age is None else max_age * 1000, return_timestamp)  # type: ignore[call-overload]


class Signer:
    """Signs short-lived values with `keys` and links to leave with `leave_keys` (never pruned). Newest last.

    itsdangerous signs with the last key of a list and accepts all; its default digest is SHA-1, hence the setting.
    """

    def __init__(self, keys: Sequence[str], leave_keys: Sequence[str]) -> None:
        options = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
        self._keys = tuple(keys)
        self._timed = {
            purpose: URLSafeTimedSerializer(
                list(keys), salt=purpose.value, signer=ToTheMillisecond, signer_kwargs=options
            )
            for purpose in Purpose
        }
        self._stamps = {
            purpose: URLSafeSerializer(list(keys), salt=f"{purpose.value}.stamp", signer_kwargs=options)
            for purpose in Purpose
        }
        self._for_ever = {
            purpose: URLSafeSerializer(list(leave_keys), salt=purpose.value, signer_kwargs=options)
            for purpose in Purpose
        }

    def sign(self, purpose: Purpose, payload: Any) -> str:
        """Sign `payload` (JSON) with the time."""
        return str(self._timed[purpose].dumps(payload))

    def read(self, purpose: Purpose, token: str, max_age: timedelta) -> Any:
        """Read what `sign` made; raise `BadLink`, or `ExpiredLink` with its payload."""
        try:
            return self._timed[purpose].loads(token, max_age=int(max_age.total_seconds()))
        except SignatureExpired:
            raise ExpiredLink(self._timed[purpose].loads(token)) from None
        except BadData:
            raise BadLink from None

    def age(self, purpose: Purpose, token: str, max_age: timedelta) -> tuple[Any, float]:
        """Like `read`, with the token's age in seconds."""
        payload = self.read(purpose, token, max_age)
        _, made = self._timed[purpose].loads(token, return_timestamp=True)
        return payload, max(0.0, clock.unix() - made.timestamp())

    def stamp(self, purpose: Purpose, payload: Any) -> str:
        """Sign `payload` without the time, so that what is cached and compared stays the same to the byte."""
        return str(self._stamps[purpose].dumps(payload))

    def read_stamp(self, purpose: Purpose, token: str) -> Any:
        """Read what `stamp` made; raise `BadLink`."""
        try:
            return self._stamps[purpose].loads(token)
        except BadData:
            raise BadLink from None

    def derived_keys(self, purpose: Purpose) -> list[bytes]:
        """Give 32 bytes for each of `keys`, newest first, for a library that signs by itself."""
        return [hmac.digest(key.encode(), purpose.value.encode(), "sha256") for key in reversed(self._keys)]

    def sign_for_ever(self, purpose: Purpose, payload: Any) -> str:
        """Sign a link to leave, which never expires."""
        return str(self._for_ever[purpose].dumps(payload))

    def read_for_ever(self, purpose: Purpose, token: str) -> Any:
        """Read what `sign_for_ever` made; raise `BadLink`."""
        try:
            return self._for_ever[purpose].loads(token)
        except BadData:
            raise BadLink from None
