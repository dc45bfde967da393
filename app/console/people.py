"""A sample person, brought into whatever state a page is about."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from app.branding.models import Brand, Channel, Site, SiteGroup
from app.db import Session
from app.environment import environment
from app.flows import phone
from app.kit import clock, ids, one_time_codes
from app.kit.addresses import parse_email, parse_phone
from app.kit.provenance import PERSON, Provenance, Source
from app.kit.signing import Purpose
from app.models import Account, Message, PrivacyRequest
from app.services import (
    accounts,
    address_changes,
    consents,
    letters,
    locks,
    messages,
    notices,
    opt_in,
    passkeys,
    passwords,
    phones,
    privacy_requests,
    second_factors,
    sessions,
    step_up,
    suppressions,
    tokens,
)
from app.services.challenges import Proof
from app.services.consents import Grant
from app.services.decisions import version_in_force
from app.services.items import ItemRef, items
from app.services.letters import Drop, Letter
from app.services.locks import Locked
from app.services.messages import SESSION, MessageKind
from app.services.passkeys import NewPasskey
from app.services.suppressions import Reason, Scope
from app.services.tokens import LeaveTarget

EMAIL = "ana@example.com"
NEW_EMAIL = "ana.new@example.com"
NUMBER = "+33612345678"
PASSWORD = "quiet umbrella seven anchovies"  # noqa: S105 - of a person that is made up
LAPTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 "
    "Mobile/15E148 Safari/604.1"
)
LONG_AGO, THEN = timedelta(days=265), timedelta(days=146)

Transaction = Callable[[], AbstractContextManager[Session]]


class SamplePerson:
    """Ana, who is with some houses, has left one, and has a mail of another still to confirm.

    Everything is done by the services that serve real people, in the scene's transaction.
    """

    def __init__(self, transaction: Transaction, group: SiteGroup, site: Site, locale: str) -> None:
        self._transaction, self.group, self._site, self.locale = transaction, group, site, locale
        own = [brand for brand in group.brands.values() if brand.slug == site.slug]
        others = [brand for brand in group.brands.values() if brand.slug != site.slug]
        self.houses = (*own, *others)
        """The house of the page first; on pages of the group, in its own order."""

    @property
    def house(self) -> Brand:
        """The house that she is with for longest."""
        return self.houses[0]

    def join(self) -> None:
        """Become a member: of the first house and the second, nearly of the third; the fourth was left."""
        with self._transaction() as session:
            account = self._account(session)
            self._grant(session, account, self._offered(session, self.houses[0]))
            for brand in (*self.houses[1:2], *self.houses[3:4]):
                self._grant(session, account, self._offered(session, brand)[:1])
            for brand in self.houses[3:4]:
                consents.withdraw(session, account, items(session).of_brand(brand.slug), self._came(Source.ONE_CLICK))
            if len(self._offered(session, self.house)) > 2:
                last = self._offered(session, self.house)[-1:]
                consents.withdraw(session, account, last, self._came(Source.CENTRE))
        for brand in self.houses[2:3]:
            self.ask(brand)

    def become_known(self) -> None:
        """Have an account that agreed to nothing yet."""
        with self._transaction() as session:
            self._account(session)

    def ask(self, brand: Brand | None = None) -> uuid.UUID:
        """Sign up at a house without pressing the button yet; give the id of the request."""
        brand = brand or self.house
        with self._transaction() as session:
            locked = self._locked(session)
            seen = notices.keep(session, brand, self._offered(session, brand)[:2], self.locale)
            came = self._came(Source.FORM)
            return opt_in.ask(session, locked.digest, brand.slug, seen, came, locked.account_id)

    def confirm_link(self, request_id: uuid.UUID) -> str:
        """Give the path of the link that confirms a request."""
        with self._transaction() as session:
            return _path(tokens.confirm_link(session, self.house.slug, request_id))

    def be_texted(self) -> uuid.UUID:
        """Ask for a code to one's phone; give the id of its text."""
        with self._transaction() as session:
            account_id = self._account(session).id
            phone.ask(session, self._site, account_id, parse_phone(NUMBER), self._came(Source.CENTRE))
            waiting = phones.waiting(session, account_id)
            return waiting.message_id if waiting else account_id

    def let_expire(self, request_id: uuid.UUID) -> uuid.UUID:
        """Let the time of a request pass; give it back."""
        with self._transaction() as session:
            request = opt_in.find(session, request_id)
            if request is not None:
                request.expires_at = clock.now() - timedelta(minutes=1)
        return request_id

    def stop(self, reason: Reason = Reason.DO_NOT_CONTACT, brand: str | None = None) -> None:
        """Ask never to be contacted, or be left in peace for another reason."""
        with self._transaction() as session:
            came = self._came(Source.NEVER_PAGE)
            suppressions.add(session, self._locked(session).digest, Scope(brand), reason, came)

    def access_link(self) -> str:
        """Be mailed a link to the centre; give its path."""
        message_id = self.be_mailed(MessageKind.ACCESS)
        with self._transaction() as session:
            return _path(tokens.access_link(session, self._site.slug, message_id))

    def unsubscribe_link(self, *, one_thing: bool) -> str:
        """Give the path of a link that leaves one thing, or all of the house."""
        with self._transaction() as session:
            account_id = self._account(session).id
            item = self._offered(session, self.house)[0]
            target = LeaveTarget(account_id, item.id) if one_thing else LeaveTarget(account_id, brand=self.house.slug)
            return _path(tokens.unsubscribe_link(session, self._site.slug, target))

    def manage_link(self) -> str:
        """Give the path of the link in other systems' mails."""
        with self._transaction() as session:
            return _path(tokens.manage_link(session, self._site.slug, self._account(session).id))

    def never_link(self) -> str:
        """Give the path of the link that stops everything."""
        with self._transaction() as session:
            return _path(tokens.never_link(session, self._site.slug, self._locked(session).digest))

    def wish_to_move(self, *, to_known: bool = False) -> uuid.UUID:
        """Ask for mails at another address, which may be another person's; give the id of the change."""
        change_id = ids.new_id()
        with self._transaction() as session:
            account = self._account(session)
            old, new = self._locked(session).digest, locks.lock_address(session, parse_email(NEW_EMAIL)).digest
            if to_known:
                accounts.create_lite(session, new, self.locale, clock.now())
            came = self._came(Source.CENTRE)
            address_changes.begin(session, change_id, account.id, (old, new), self._site.slug, came)
        return change_id

    def address_link(self, purpose: Purpose, change_id: uuid.UUID) -> str:
        """Give the path of a link in a mail about a change of address."""
        with self._transaction() as session:
            return _path(tokens.address_link(session, self._site.slug, purpose, change_id))

    def register(self) -> None:
        """Have a full account, with `PASSWORD`."""
        with self._transaction() as session:
            account = self._account(session)
            accounts.register(account)
            passwords.keep(session, account.id, environment(session).hasher.hash(PASSWORD))

    def agree_to_post(self) -> None:
        """Agree to all that the house sends by post; where it sends none, to that of the next which does."""
        with self._transaction() as session:
            offered = [item for brand in self.houses for item in items(session).of_brand(brand.slug)
                       if item.channel is Channel.POST and not item.is_retired]  # fmt: skip
            self._grant(session, self._account(session), [each for each in offered if each.brand == offered[0].brand])

    def be_signed_in_elsewhere(self) -> None:
        """Be signed in on a telephone, too."""
        with self._transaction() as session:
            sessions.open_full(session, self._account(session).id, PHONE)

    def ask_for_codes(self) -> list[str]:
        """Have a code asked for after the password; give the recovery codes."""
        with self._transaction() as session:
            account, secret = self._account(session), one_time_codes.new_secret()
            return second_factors.switch_on(session, account.id, secret, one_time_codes.present_step())

    def keep_passkey(self, name: str) -> None:
        """Have added a passkey; nothing can be signed with this one."""
        with self._transaction() as session:
            spent = Proof(b"", clock.now())
            passkeys.keep(session, self._account(session).id, NewPasskey(name.encode(), b"", 0, [], spent), name)

    def account_link(self, purpose: Purpose, kind: MessageKind) -> str:
        """Be mailed a link to where a password is set; give its path."""
        message_id = self.be_mailed(kind)
        with self._transaction() as session:
            return _path(tokens.account_link(session, self._site.slug, purpose, message_id))

    def be_mailed_digits(self) -> uuid.UUID:
        """Have a code mailed for a session of hers; give the id of the mail."""
        self.become_known()
        with self._transaction() as session:
            account_id = self._account(session).id
            row = sessions.find(session, sessions.open_preference(session, account_id, None))
        digest = row.digest if row else b""
        message_id = self.be_mailed(MessageKind.STEP_UP, context={SESSION: digest.hex()})
        with self._transaction() as session:
            step_up.begin(session, digest, message_id)
        return message_id

    def be_given_a_copy(self) -> uuid.UUID:
        """Have a copy of her data there; give the id of the request."""
        with self._transaction() as session:
            account_id = self._account(session).id
            request = self._wish(session, account_id, privacy_requests.Kind.EXPORT)
            privacy_requests.close(session, request.id, privacy_requests.State.DONE)
            privacy_requests.keep_export(session, request, b"")
            return request.id

    def wish_to_be_erased(self) -> uuid.UUID:
        """Ask to be erased; give the id of the request."""
        with self._transaction() as session:
            return self._wish(session, self._account(session).id, privacy_requests.Kind.ERASURE).id

    def erasure_stop_link(self) -> str:
        """Ask to be erased, and be mailed the link that stops it; give its path."""
        request_id = self.wish_to_be_erased()
        with self._transaction() as session:
            return _path(tokens.erasure_stop_link(session, self._site.slug, request_id))

    def change_mind(self) -> int:
        """Leave one thing of the house and come back to another; give the place in the ledger before that."""
        with self._transaction() as session:
            account, offered = self._account(session), self._offered(session, self.house)
            before = account.last_sequence
            consents.withdraw(session, account, offered[:1], self._came(Source.CENTRE))
            self._grant(session, account, offered[-1:])
            return before

    def last_sequence(self) -> int:
        """Give the place of her last act in the ledger, by which Undo names it."""
        with self._transaction() as session:
            return self._account(session).last_sequence

    def be_mailed(
        self, kind: MessageKind, request_id: uuid.UUID | None = None, context: dict[str, Any] | None = None,
        to: str = EMAIL,
    ) -> uuid.UUID:  # fmt: skip
        """Have a mail from the site queued; give its id."""
        with self._transaction() as session:
            locked = locks.lock_address(session, parse_email(to))
            queued = messages.queue(
                session, kind=kind, brand=self._site.slug, address_digest=locked.digest, locale=self.locale,
                abuse_digest=locked.abuse_digest, account_id=locked.account_id, request_id=request_id, context=context,
            )  # fmt: skip
        if queued is None:
            raise AssertionError("a scene mails too much")
        return queued

    def read(self, message_id: uuid.UUID) -> Letter | Drop:
        """Give what a mail says, or why it is not sent."""
        with self._transaction() as session:
            message = session.get(Message, message_id)
            return letters.prepare(session, message) if message else Drop("not queued")

    def _offered(self, session: Session, brand: Brand) -> list[ItemRef]:
        mailed = [topic.key for topic in brand.topics if Channel.EMAIL in topic.channels and not topic.retired]
        return [items(session).subscription(brand.slug, key, Channel.EMAIL) for key in mailed]

    def _grant(self, session: Session, account: Account, wanted: Sequence[ItemRef]) -> None:
        """Agree to the first by mail, to the others in the centre, each on another day."""
        ways = [(Source.CONFIRMATION, LONG_AGO), *[(Source.CENTRE, THEN)] * len(wanted)]
        for item, (source, ago) in zip(wanted, ways, strict=False):
            brand = next(each for each in self.houses if each.slug == item.brand)
            seen = notices.keep(session, brand, [item], self.locale)[item.id]
            version = version_in_force(self.group, brand, clock.now().date())
            grant = Grant(item, seen, is_confirmed=True, occurred_at=clock.now() - ago, document_version=version)
            consents.grant(session, account, [grant], self._came(source))

    def _wish(self, session: Session, account_id: uuid.UUID, kind: privacy_requests.Kind) -> PrivacyRequest:
        known = privacy_requests.open_one(session, account_id, kind)
        due_in = privacy_requests.COOLING_OFF
        return known or privacy_requests.ask(session, self._site, account_id, kind, self.locale, due_in=due_in)

    def _account(self, session: Session) -> Account:
        locked = self._locked(session)
        known = locked.account(session)
        return known or accounts.create_lite(session, locked.digest, self.locale, clock.now() - LONG_AGO)

    def _locked(self, session: Session) -> Locked:
        return locks.lock_address(session, parse_email(EMAIL))

    def _came(self, source: Source) -> Provenance:
        return Provenance(PERSON, source, self.locale)


def _path(link: str) -> str:
    return urlsplit(link).path
