"""Ways for a mail to leave: an SMTP server, or in development the mailbox page."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, NoReturn, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from app.courier.mail import Mail, encode
from app.environment import Environment
from app.errors import SettingsError
from app.services import mailbox

Encryption = Literal["starttls", "ssl", "none"]
PORTS: dict[str, int] = {"starttls": 587, "ssl": 465, "none": 25}
TIMEOUT_SECONDS = 20.0

_AN_ADDRESS = re.compile(r"[^\s<>\"']+@[^\s<>\"']+")


class DeliveryError(Exception):
    """The mail was not taken; `answer` is what the server said, without any address in it."""

    def __init__(self, answer: str) -> None:
        super().__init__(answer)
        self.answer = answer


class TemporaryError(DeliveryError):
    """Worth another try: the server is away, busy, or set up wrongly on our side."""


class PermanentError(DeliveryError):
    """The server said never (RFC 5321, section 4.2.1: 5yz) to this sender, recipient or content."""


class Transport(Protocol):
    """Takes a mail over, or raises one of the failures above; gives the server's answer."""

    def send(self, mail: Mail) -> str:
        """Hand `mail` over."""
        ...


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where and how to reach the mail server."""

    host: str
    port: int
    encryption: Encryption
    user: str | None = None
    password: str = ""

    @classmethod
    def parse(cls, url: str) -> SmtpServer:
        """Read `smtp://user:pass@host:port?tls=starttls|ssl|none` (default: starttls). Raises `SettingsError`."""
        try:
            parts = urlsplit(url)
            encryption = parse_qs(parts.query).get("tls", ["starttls"])[-1]
            port = parts.port or PORTS[encryption]
        except (ValueError, KeyError):
            _refuse()
        if parts.scheme != "smtp" or not parts.hostname or encryption not in PORTS:
            _refuse()
        user = unquote(parts.username) if parts.username else None
        return cls(parts.hostname, port, encryption, user, unquote(parts.password or ""))  # type: ignore[arg-type]


class SmtpTransport:
    """Sends by SMTP, a connection a mail, each step limited to `timeout_seconds`."""

    def __init__(self, server: SmtpServer, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._server = server
        self._timeout_seconds = timeout_seconds

    def send(self, mail: Mail) -> str:
        """Hand `mail` over and give the server's answer to its content."""
        try:
            smtp = self._connect()
        except (smtplib.SMTPException, OSError) as problem:
            # Whatever goes wrong before a mail is named says nothing about the mail, wrong passwords included.
            raise TemporaryError(_words(problem)) from None
        try:
            return _hand_over(smtp, mail)
        except (smtplib.SMTPServerDisconnected, OSError) as problem:
            raise TemporaryError(_words(problem)) from None
        finally:
            with suppress(smtplib.SMTPException, OSError):
                smtp.quit()
            smtp.close()

    def _connect(self) -> smtplib.SMTP:
        server, context = self._server, ssl.create_default_context()
        if server.encryption == "ssl":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=self._timeout_seconds, context=context
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=self._timeout_seconds)
        try:
            self._introduce(smtp, context)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _introduce(self, smtp: smtplib.SMTP, context: ssl.SSLContext) -> None:
        if self._server.encryption == "starttls":
            smtp.starttls(context=context)
        smtp.ehlo_or_helo_if_needed()
        if self._server.user:
            smtp.login(self._server.user, self._server.password)


class DevelopmentTransport:
    """Keeps mails for `/dev/mailbox` instead of sending them."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def send(self, mail: Mail) -> str:
        """Keep `mail`, sealed."""
        kept = mailbox.Contents(mail.to, mail.sender, mail.subject, mail.text, mail.html, mail.headers, mail.kind)
        with self._environment.database.transaction() as session:
            mailbox.keep(session, kept)
        return "kept in the development mailbox"


def transport_for(environment: Environment) -> Transport:
    """Choose the transport that the settings ask for. Raises `SettingsError` when production has no mail server."""
    settings = environment.settings
    if settings.mail_url:
        return SmtpTransport(SmtpServer.parse(settings.mail_url))
    if settings.is_production:
        raise SettingsError("PARLEY_MAIL_URL is required in production; without it no mail would ever leave")
    return DevelopmentTransport(environment)


def _hand_over(smtp: smtplib.SMTP, mail: Mail) -> str:
    if mail.needs_smtputf8 and not smtp.has_extn("smtputf8"):
        raise PermanentError("the server does not take mailbox names beyond ASCII")
    options = ["SMTPUTF8"] if mail.needs_smtputf8 else []
    _expect(lambda: smtp.mail(mail.sender, options))
    _expect(lambda: smtp.rcpt(mail.envelope_to))
    return _expect(lambda: smtp.data(encode(mail)))


def _expect(step: Callable[[], tuple[int, bytes]]) -> str:
    try:
        code, text = step()
    except smtplib.SMTPResponseException as problem:
        code, text = problem.smtp_code, _as_bytes(problem.smtp_error)
    answer = without_addresses(f"{code} {text.decode('utf-8', 'replace')}")
    if 200 <= code < 300:
        return answer
    raise PermanentError(answer) if 500 <= code < 600 else TemporaryError(answer)


def without_addresses(text: str) -> str:
    """Take every e-mail address out of what a server said, and keep it short: answers are stored and shown.

    What is no text goes too: PostgreSQL stores no NUL, and a mail that was taken would count as one that was not.
    """
    told = "".join(each if each.isprintable() else " " for each in text)
    return _AN_ADDRESS.sub("…", " ".join(told.split()))[:500]


def _words(problem: Exception) -> str:
    if isinstance(problem, smtplib.SMTPResponseException):
        return without_addresses(f"{problem.smtp_code} {_as_bytes(problem.smtp_error).decode('utf-8', 'replace')}")
    return without_addresses(f"{type(problem).__name__}: {problem}")


def _as_bytes(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _refuse() -> NoReturn:
    # The value holds a password and is not repeated.
    raise SettingsError("PARLEY_MAIL_URL must look like smtp://user:pass@host:port?tls=starttls (or ssl, none)")
