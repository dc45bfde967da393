"""Codes of an app: six digits of a shared secret and the time (TOTP, RFC 6238), and how an app gets the secret."""

from __future__ import annotations

import hmac
import re

import pyotp
import segno

from app.kit import clock

DIGITS = 6
STEP_SECONDS = 30
DRIFT_STEPS = 1
"""How far a clock may be off, either way; a code may also come late (RFC 6238, section 5.2: at most one step)."""

PIXELS = 4
"""Across one square of a QR code."""


def new_secret() -> str:
    """Make a secret: 160 random bits (RFC 4226, section 4) in base32, 32 letters."""
    return pyotp.random_base32()


def step_of(secret: str, code: str) -> int | None:
    """Give the time step that a code is of, from the one before the present to the one after; None for a wrong one."""
    present = present_step()
    near = range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1)
    return next((step for step in near if hmac.compare_digest(code_at(secret, step), code)), None)


def code_at(secret: str, step: int) -> str:
    """Give the code of a time step, as an app would show it."""
    return _codes(secret).generate_otp(step)


def present_step() -> int:
    """Give the number of the present time step."""
    return int(clock.unix()) // STEP_SECONDS


def app_address(secret: str, account: str, issuer: str) -> str:
    """Give the `otpauth:` address by which an app takes a secret over."""
    return _codes(secret).provisioning_uri(name=account, issuer_name=issuer)


def picture(text: str) -> str:
    """Draw a QR code as `data:` address of a PNG: dark on light in any scheme, as scanners want it.

    As SVG it weighs three times as much, which shows on a page that is not compressed.
    """
    return segno.make(text, error="m", micro=False).png_data_uri(scale=PIXELS)


def in_groups(code: str) -> str:
    """Write a secret or code in groups of four, for people to copy."""
    return " ".join(re.findall(".{1,4}", code))


def typed(code: str) -> str:
    """Give the digits of a code, however it was spaced or in whatever script it was typed."""
    return "".join(str(int(each)) for each in code if each.isdecimal())


def _codes(secret: str) -> pyotp.TOTP:
    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS)
