"""The application, where people come and go: addresses, numbers, accounts, uses of data."""

from __future__ import annotations

import uuid

from sqlalchemy import exists, select

from app.branding.models import LegalBasis, Purpose, SiteGroup
from app.db import Session
from app.flows import change_address, phone, privacy_signal
from app.flows.suppress import Order, suppress
from app.kit.addresses import Address, parse_email, parse_phone
from app.kit.provenance import PERSON, Actor, ActorKind, Provenance, Source
from app.kit.signing import Purpose as LinkFor
from app.models import Account, AddressChange, ContactPoint, PhoneProof, ProfileRow
from app.services import phones, questions, sessions, tokens
from app.services.items import ItemRef, Items
from app.services.messages import MessageKind
from app.services.questions import Question
from app.services.suppressions import Reason, Scope
from tests import customers, journeys
from tests.talk.house import Item
from tests.talk.houses import ALL, ONE, brands, notice
from tests.talk.lives import LIVES, NEEDED, TERMS, THINGS
from tests.talk.model import DOCUMENT, USE, Stop
from tests.talk.real import STAFF, Talk, well

CENTRE = Provenance(PERSON, Source.CENTRE)
GROWN, CHILD = "1984-05-06", "2012-05-06"
POSTAL = {"street": "12 rue du Port", "postal_code": "29200", "city": "Brest", "country": "FR"}
HOOK_TOKEN = "a secret of the gateway, long enough to be one"


def demonstration(group: SiteGroup) -> SiteGroup:
    """Give a group of the two houses, with uses of data and a notice of its own."""
    orders = Purpose(
        key=NEEDED.topic, name={"en": "Orders"}, description={"en": "To send them."}, legal_basis=LegalBasis.CONTRACT
    )
    terms = next(each for each in group.documents if each.slug == TERMS.topic)
    changed = {
        "brands": brands(group, {slug: house for slug, house in LIVES.items() if slug != ALL}),
        "purposes": (*group.purposes, orders), "documents": (notice(LIVES[ALL]), terms),
    }  # fmt: skip
    return group.model_copy(update=changed)


class LivesTalk(Talk):
    """Everything that is done to the application as people come and go."""

    def find(self, registry: Items) -> dict[Item, ItemRef]:
        """Find things to send, uses of data, and the terms."""
        return {item: self._ref(registry, item) for item in (*THINGS, TERMS)}

    def _ref(self, registry: Items, item: Item) -> ItemRef:
        if item.channel == DOCUMENT:
            return registry.document(item.topic)
        return registry.own_purpose(None, item.topic) if item.channel == USE else registry.subscription(*item)

    def question(self, item: Item) -> Question:
        """Give what a decision about an item is asked; about a use of data one house does."""
        if item.channel == USE:
            return questions.about_purpose(self.env, ONE, item.topic, self.now.date())
        return super().question(item)

    def sign_up_from(self, email: str, house: str, wanted: list[Item], born: str) -> int:
        """Fill in the form of a house with a date of birth."""
        chosen = [f"{item.topic}:{item.channel}" for item in wanted]
        return int(journeys.sign_up(self.browser(email), email, chosen, house, born=born).status_code)

    def push(self, email: str, site: str, **button: str) -> int:
        """Press a button in the centre, on a page just opened."""
        self.centre.pop(email, None)
        return super().push(email, site, **button)

    def tell_age(self, email: str, item: Item, born: str) -> int:
        """Tell one's age to switch something on."""
        page = self.browser(email).get(f"/{item.house}/preferences/age?item={item}")
        if page.status_code != 200:
            return int(page.status_code)
        form = {**journeys.centre_fields(page.text), "item": str(item), "born": born}
        return int(well(self.browser(email).post(f"/{item.house}/preferences/age", data=form)).status_code)

    def signal(self, email: str) -> None:
        """Pass on what somebody's browser says, as a shop does."""
        account, came = self.account(email), Provenance(Actor(ActorKind.CLIENT, "shop"), Source.GPC)
        self.write(lambda session: privacy_signal.apply(session, account, [ONE], came, again=False))

    def move(self, email: str, other: str, presses: list[LinkFor]) -> list[bool]:
        """Ask to move to another mailbox and press in some; tell for each whether that moved the choices."""
        account, site = self.account(email), self.env.group
        asked = self.write(lambda session: change_address.ask(session, site, account, other, CENTRE))
        if asked is change_address.Asked.TOO_OFTEN:
            self.pass_(days=1)
            asked = self.write(lambda session: change_address.ask(session, site, account, other, CENTRE))
        assert asked is change_address.Asked.MAILED
        return [self._press(account, purpose) for purpose in presses]

    def _press(self, account: uuid.UUID, purpose: LinkFor) -> bool:
        with self.env.database.transaction() as session:
            newest = select(AddressChange.id).where(AddressChange.account_id == account)
            change_id = session.scalars(newest.order_by(AddressChange.id.desc())).first()
            assert change_id
            path = journeys.path(self.env, tokens.address_link(session, ALL, purpose, change_id))
        answer = well(self.application.test_client().post(path))
        return answer.status_code == 200 and self.env_moved(change_id)

    def env_moved(self, change_id: uuid.UUID) -> bool:
        """Tell whether a change was made."""
        with self.env.database.transaction() as session:
            return session.scalar(select(AddressChange.outcome).where(AddressChange.id == change_id)) == "moved"

    def prove(self, email: str, number: str) -> None:
        """Have a code sent to a number, and type it."""
        account, site, address = self.account(email), self.env.group.brands[ONE], parse_phone(number)
        asked = self.write(lambda session: phone.ask(session, site, account, address, CENTRE))
        if asked is phone.Asked.TOO_OFTEN:
            self.pass_(days=1)
            asked = self.write(lambda session: phone.ask(session, site, account, address, CENTRE))
        if asked is phone.Asked.SAME:
            return
        with self.env.database.transaction() as session:
            message_id = session.scalars(
                select(PhoneProof.message_id).where(PhoneProof.account_id == account)
            ).one()  # fmt: skip
            code = phones.code_of(session, account, message_id)
        entered = self.write(lambda session: phone.enter(session, site, account, code or "", CENTRE))
        assert entered is phone.Entered.PROVED

    def remove_number(self, email: str) -> None:
        """Take the number away."""
        account, site = self.account(email), self.env.group.brands[ONE]
        self.write(lambda session: phone.remove(session, site, account, CENTRE))

    def text(self, number: str, words: str, house: str | None) -> None:
        """Let the gateway hand a text in."""
        sent = {"from": number, "text": words}
        if house:
            sent["to"] = self.env.group.brands[house].texts_come_from
        answer = self.application.test_client().post(f"/hooks/sms/{HOOK_TOKEN}", json=sent)
        assert answer.status_code == 200, answer.text

    def tell_postal(self, email: str) -> int:
        """Tell one's postal address; only who signed in is asked for it."""
        browser = self.browser(email)
        if browser.get(f"/{ONE}/account/profile/postal-address").status_code != 200:
            return 303
        return int(well(customers.tell(browser, "postal-address", **POSTAL)).status_code)

    def remove_postal(self, email: str) -> None:
        """Take it away."""
        assert well(customers.untell(self.browser(email), "postal-address")).status_code == 303

    def letter(self, email: str, path: str, kind: MessageKind) -> str:
        """Ask for a mail about an account, and make the link that it carries."""
        browser = self.application.test_client()
        before = self._link(email, kind)
        customers.ask(browser, email, path)
        if self._link(email, kind) == before:
            self.pass_(days=1)  # the mailbox had its share of mails
            customers.ask(browser, email, path)
        return self._link(email, kind) or ""

    def _link(self, email: str, kind: MessageKind) -> str | None:
        try:
            return customers.link(self.env, email, kind).partition("?")[0]
        except AssertionError:
            return None

    def register(self, email: str, password: str) -> int:
        """Become a full customer."""
        path = self.letter(email, "register", MessageKind.REGISTER)
        form = {"password": password, "terms": "1"}
        return int(well(self.browser(email).post(path, data=form)).status_code)

    def reset(self, email: str, password: str) -> int:
        """Set another password from the mailbox."""
        path = self.letter(email, "password/reset", MessageKind.PASSWORD_RESET)
        return int(well(self.application.test_client().post(path, data={"password": password})).status_code)

    def sign_in(self, email: str, password: str, *, elsewhere: bool) -> int:
        """Sign in on one of two devices."""
        browser = self.browser(f"{email} elsewhere" if elsewhere else email)
        return int(well(customers.sign_in(browser, email, password)).status_code)

    def change_password(self, email: str, present: str, password: str) -> int:
        """Set another password from within."""
        browser, path = self.browser(email), f"/{ONE}/account/security"
        form = {"csrf_token": journeys.form_token(browser.get(path).text), "present": present, "password": password}
        return int(well(browser.post(f"{path}/password", data=form)).status_code)

    def session_kind(self, session: Session, email: str, *, elsewhere: bool) -> tuple[str, uuid.UUID] | None:
        """Give the kind of session that is open on a device, and whose it is."""
        browser = self.browser(f"{email} elsewhere" if elsewhere else email)
        cookie = browser.get_cookie("parley")
        row = sessions.find(session, cookie.value) if cookie else None
        return (row.kind, row.account_id) if row else None

    def suppress_number(self, number: str, stop: Stop) -> None:
        """Suppress a number as the command does."""
        self._suppress(parse_phone(number), stop)

    def suppress(self, email: str, stop: Stop) -> None:
        """Suppress a mailbox as the command does."""
        self._suppress(parse_email(email), stop)

    def _suppress(self, address: Address, stop: Stop) -> None:
        order = Order(address, Scope(stop.house, stop.channel), Reason(stop.reason), stop.at)
        self.write(lambda session: suppress(session, [order], STAFF))

    def standing(self, session: Session) -> dict[uuid.UUID, tuple[str, str, bool, tuple[bytes, ...]]]:
        """Give kind, status, whether there is a postal address, and numbers, of every account that is not erased."""
        postal = exists().where(ProfileRow.account_id == Account.id, ProfileRow.kind == "address")
        query = (
            select(Account.id, Account.kind, Account.status, postal, ContactPoint.address_digest)
            .outerjoin(ContactPoint, (ContactPoint.account_id == Account.id) & (ContactPoint.kind == "phone"))
            .where(Account.status != "erased")
        )
        return {
            account: (kind, status, has_postal, (bytes(number),) if number else ())
            for account, kind, status, has_postal, number in session.execute(query)
        }
