"""The settings: one typed, frozen object, read from the environment and `instance/parley.toml`."""

from __future__ import annotations

import json
import os
import secrets
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from app.errors import SettingsError

KEY_LISTS = ("secret_keys", "sealing_keys", "digest_keys", "ledger_keys", "leave_keys")
LISTS = (*KEY_LISTS, "sms_countries")
MINIMUM_KEY_BYTES = 32
HIGHEST_PORT = 65_535

_ENVIRONMENT_NAMES = {
    "environment": "PARLEY_ENV",
    "database_url": "DATABASE_URL",
    "owner_database_url": "PARLEY_OWNER_DATABASE_URL",
    "port": "PORT",
}


class Settings(BaseModel):
    """Everything an installation may set. Build it with `Settings.load()`, or directly in tests."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: Literal["development", "production"] = "development"
    instance_path: Path = Path("instance")
    brands_dir: Path = Path("brands")
    database_url: str | None = None
    owner_database_url: str | None = None
    public_url: str = ""
    secret_keys: tuple[str, ...]
    sealing_keys: tuple[str, ...]
    digest_keys: tuple[str, ...]
    ledger_keys: tuple[str, ...]
    leave_keys: tuple[str, ...]
    mail_url: str | None = None
    sms_url: str | None = None
    """Where texts are handed over: a template, see `app.courier.texting`."""
    sms_countries: tuple[str, ...] = ()
    """Countries whose numbers get codes, as two capitals; all, where none is named."""
    sms_codes_per_day: int = Field(default=1_000, ge=1)
    """Texts with codes that leave in a day at most: a ceiling on what somebody can cost who earns by them."""
    sms_hook_token: str | None = None
    """Opens the address where the gateway hands in texts that people sent; without it there is none."""
    mail_hook_token: str | None = None
    """Lets a mail server report bounces and complaints; without it there is no such route."""
    webhook_private_targets: bool = False
    """Lets clients have events delivered inside one's own network; see `calls_private_targets`."""
    ratelimit_storage: str = "memory://"
    signups_per_ip: str = "30 per minute"
    client_quota: int = Field(default=120_000, ge=1)
    """Requests a minute of a client of the API without a quota of its own; in each web worker, or in all with Redis."""
    trusted_proxies: int = 0
    port: int = 8000
    workers: int = 2
    threads_per_worker: int = 2
    parallel_hashes: int = Field(default=1, ge=1)
    """Passwords that one web process works on at once, 64 MiB each."""
    minimum_form_seconds: float = 2.0
    sample_site_url: str = ""

    @property
    def fonts_path(self) -> Path:
        """The folder of the web fonts that were made for the houses."""
        return self.instance_path / "fonts"

    @property
    def sends_texts(self) -> bool:
        """Whether phone numbers can be proved here."""
        return bool(self.sms_url) or not self.is_production

    @property
    def calls_private_targets(self) -> bool:
        """Whether webhooks may lead to private addresses, this machine's own included; always where people develop."""
        return self.webhook_private_targets or not self.is_production

    @property
    def is_production(self) -> bool:
        """True where people's real data is at stake."""
        return self.environment == "production"

    @field_validator(*KEY_LISTS, mode="before")
    @classmethod
    def _no_bare_string(cls, keys: object) -> object:
        # Flask and itsdangerous would take each character of a string for a key.
        if isinstance(keys, str):
            raise ValueError("must be a list of keys, not one string")  # noqa: TRY004 - pydantic reports ValueError
        return keys

    @field_validator("mail_hook_token", "sms_hook_token")
    @classmethod
    def _strong_token(cls, token: str | None) -> str | None:
        if token is not None and len(token.encode()) < MINIMUM_KEY_BYTES:
            raise ValueError(f"has fewer than {MINIMUM_KEY_BYTES} bytes")
        return token

    @model_validator(mode="after")
    def _strong_keys(self) -> Settings:
        every = [(name, key) for name in KEY_LISTS for key in getattr(self, name)]
        for name in KEY_LISTS:
            if not getattr(self, name):
                raise ValueError(f"{_variable(name)} is empty; give at least one key")
        for name, key in every:
            if len(key.encode()) < MINIMUM_KEY_BYTES:
                raise ValueError(f"{_variable(name)} has a key under {MINIMUM_KEY_BYTES} bytes")
        seen: dict[str, str] = {}
        for name, key in every:
            if key in seen:
                raise ValueError(f"{_variable(name)} repeats a key of {_variable(seen[key])}; each must be its own")
            seen[key] = name
        return self

    @model_validator(mode="after")
    def _public_url_is_safe(self) -> Settings:
        if self.is_production and not self.public_url.startswith("https://"):
            raise ValueError("PARLEY_PUBLIC_URL must be an https address in production")
        if self.is_production and not self.database_url:
            raise ValueError("DATABASE_URL is required in production")
        return self

    @model_validator(mode="after")
    def _texts_are_safe(self) -> Settings:
        if self.is_production and self.sms_url and not self.sms_url.startswith("https://"):
            raise ValueError("PARLEY_SMS_URL must be an https address in production")
        return self

    @property
    def origin(self) -> str:
        """The address of this installation, without a slash at the end; links in mails are built from it alone."""
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def sample_origin(self) -> str | None:
        """The address of the sample brand site, from where every brand's forms may be used; None in production."""
        if self.is_production:
            return None
        beside = self.port + 1000 if self.port <= HIGHEST_PORT - 1000 else self.port - 1000
        return (self.sample_site_url or f"http://localhost:{beside}").rstrip("/")

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the environment, then `parley.toml` in the instance folder for what the environment leaves out.

        In development missing keys are made once and kept in `secrets.json` there. Raises `SettingsError`.
        """
        environ = os.environ if environ is None else environ
        instance = Path(environ.get("PARLEY_INSTANCE", "instance"))
        values: dict[str, Any] = {**_from_file(instance / "parley.toml"), **_from_environment(environ)}
        values["instance_path"] = instance
        if values.get("environment", "development") == "development":
            values = {**_development_keys(instance, values), **values}
        try:
            return cls.model_validate(values)
        except ValidationError as problem:
            raise SettingsError(_explain(problem)) from None


def _variable(field: str) -> str:
    return _ENVIRONMENT_NAMES.get(field, f"PARLEY_{field.upper()}")


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in Settings.model_fields:
        text = environ.get(_variable(field), "")
        if field != "instance_path" and text:
            values[field] = [key.strip() for key in text.split(",")] if field in LISTS else text
    return values


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        values = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as problem:
        raise SettingsError(f"{path}: {problem}") from None
    if "env" in values:  # as PARLEY_ENV is called there
        values["environment"] = values.pop("env")
    return values


def _development_keys(instance: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    if all(name in values for name in KEY_LISTS):
        return {}
    path = instance / "secrets.json"
    if not path.exists():
        instance.mkdir(parents=True, exist_ok=True)
        # Written whole under another name and linked, so that two starts at once agree on one file.
        draft = instance / f"secrets.{os.getpid()}.json"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({name: [secrets.token_urlsafe(48)] for name in KEY_LISTS}, file, indent=2)
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    kept: dict[str, Any] = json.loads(path.read_text())
    return kept


def _explain(problem: ValidationError) -> str:
    lines = []
    for error in problem.errors(include_input=False, include_url=False):
        field = str(error["loc"][0]) if error["loc"] else ""
        what = error["msg"].removeprefix("Value error, ")
        if error["type"] == "missing":
            what = "is required"
        if error["type"] == "extra_forbidden":
            what = "is no setting"
        lines.append(f"{_variable(field)} {what}" if field else what)
    return "; ".join(lines)
