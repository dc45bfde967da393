"""The history of a customer who did all that can be done, through pages, API, hooks, commands and the courier."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import partial

from click.testing import CliRunner
from sqlalchemy import select

from app.cli import main
from app.kit import clock
from app.kit.addresses import parse_email, parse_phone
from app.kit.signing import Purpose
from app.models import AddressChange
from app.services import mailbox, oauth, phones, privacy_requests, reconsent, tokens
from app.services.mailbox import Contents
from app.services.oauth import SCOPES
from tests import accounts, api, customers, embedding, erasing, journeys, reports
from tests import phones as handset
from tests.authenticators import Authenticator, encoded
from tests.functional import moving
from tests.functional import test_consents_api as consents
from tests.functional import test_imports_api as imports
from tests.functional import test_passkeys as passkeys
from tests.functional import test_privacy_requests_api as referrals
from tests.functional import test_suppressions_api as suppressions
from tests.ones_data import CHECK, DATA, token
from tests.receivers import Receiver
from tests.reliability.browser import Browser
from tests.reliability.installation import Installation, await_true, variables

ANA, NEW, WISH = "ana.secret@example.com", "ana.newest@example.org", "ana.wish@example.net"
NUMBER, OTHER_NUMBER = "+33612345670", "+33612345671"
ORIGIN, SECOND_ORIGIN, LISTED = "198.51.100.77", "203.0.113.78", "192.0.2.77"
BROWSER, TELEPHONE = "Peculiar/7.0 (Browser)", "Peculiar/8.0 (Telephone)"
NAME, BIRTHDAY, STREET, CITY = "Pécúliar Ana Rüíz", "1984-05-06", "7 Peculiar Läne", "Peculiarville"
PASSWORD, WRONG_PASSWORD = "quiet umbrella seven peculiar anchovies", "peculiar-wrong-password"
EXTERNAL_ID, ORDER, TILL = "peculiar-4711", "peculiar-order-7", "peculiar-till"
PAGE, REASON, KEY_NAME = "https://old.example.com/peculiar-join", "peculiar reason, too blue", "peculiar key"
SMS_TOKEN = "a secret of the gateway, long enough to be one"
LIST = (
    "email,status,occurred_at,ip,page,evidence.till\n"
    f"{NEW},granted,2024-03-01T10:00:00Z,{LISTED},{PAGE},{TILL}\n"
    f"{NEW} twice,granted,2024-03-01T10:00:00Z,{LISTED},{PAGE},{TILL}\n"
)  # fmt: skip


class Life:
    """Ana, what she left behind, and what to search for when she is gone."""

    def __init__(self, house: Installation, receiver: Receiver) -> None:
        self.house, self.env, self.receiver = house, house.environment, receiver
        self.ana = Browser(house.port, ORIGIN, BROWSER)
        self.telephone = Browser(house.port, SECOND_ORIGIN, TELEPHONE)
        self.tablet = Browser(house.port, SECOND_ORIGIN, TELEPHONE)
        self.shop = Browser(house.port, "10.9.9.9", "Shop/1.0")
        self.account, self.secret, self.codes = None, "", []
        self.credential = Authenticator(house.settings.origin)

    def live(self) -> None:
        """Do all of it."""
        self.join()
        self.secure()
        self.tell()
        self.telephones()
        self.copy()
        self.move()
        self.stand_in_files()
        self.deal_with_a_shop()
        self.be_asked()
        self.let_systems_report()
        self.leave()
        self.hold_still()
        self.receiver.wait_for(1)

    def join(self) -> None:
        """Sign up on a page and by the element, become a full customer, and leave a sign-up open."""
        journeys.subscribe(self.ana, self.env, ANA, ["newsletter:email"])
        assert customers.register(self.ana, self.env, ANA, PASSWORD).status_code == 303
        sent = embedding.send(self.ana, embedding.body(self.ana, ANA, ["private-sales:email"]))
        assert sent.status_code == 202
        journeys.sign_up(self.ana, ANA, site="ostra")
        self.account = erasing.owner(self.env, ANA)
        assert self.account

    def secure(self) -> None:
        """Add a passkey and an app, sign in by both and wrongly on a second device."""
        passkeys.add(self.ana, self.credential, name=KEY_NAME)
        self.secret, self.codes = customers.protect(self.ana)
        customers.sign_in(self.telephone, ANA, WRONG_PASSWORD)
        self.sign_in(self.telephone, ANA)
        assert passkeys.sign_in(self.tablet, self.credential).status_code == 303

    def sign_in(self, browser: Browser, email: str) -> None:
        """Sign in with the password and a recovery code."""
        customers.sign_in(browser, email, PASSWORD)
        assert customers.second_step(browser, self.codes.pop()).status_code == 303

    def tell(self) -> None:
        """Fill in the profile."""
        year, month, day = (str(int(part)) for part in BIRTHDAY.split("-"))
        address = {"street": STREET, "postal_code": "29200", "city": CITY, "country": "FR"}
        typed = {"name": {"name": NAME}, "birthday": {"day": day, "month": month, "year": year},
                 "postal-address": address}  # fmt: skip
        for field, parts in typed.items():
            assert customers.tell(self.ana, field, **parts).status_code == 303, field

    def telephones(self) -> None:
        """Prove a number, answer STOP to a text, and wait for the code to another."""
        handset.ask(self.ana, NUMBER)
        with self.env.database.transaction() as session:
            code = phones.code_of(session, self.account, phones.waiting(session, self.account).message_id)
        assert handset.enter(self.ana, code).location.endswith("proved=1")
        journeys.press(self.ana, set="camille:private-sales:sms=on")
        assert self.shop.post(f"/hooks/sms/{SMS_TOKEN}", json={"from": NUMBER, "text": "STOP"}).status_code == 200
        handset.ask(self.ana, OTHER_NUMBER)

    def copy(self) -> None:
        """Have a copy of the data made by the courier, and take it."""
        self.step_up()
        assert self.ana.post(f"{DATA}/export", data=token(self.ana)).status_code == 303
        assert await_true(lambda: f"{DATA}/download/" in self.ana.get(DATA).text, 60), "the copy is made"

    def step_up(self) -> None:
        """Show once more whose session it is."""
        form = {**token(self.ana, CHECK), "password": PASSWORD, "code": self.codes.pop()}
        assert self.ana.post(CHECK, data=form).status_code == 303

    def move(self) -> None:
        """Move to another address, and wish for a third."""
        moving.ask(self.ana, NEW, "luxe")
        with self.env.database.transaction() as session:
            change = session.scalars(select(AddressChange.id).where(AddressChange.outcome == "pending")).one()
            links = [tokens.address_link(session, "luxe", purpose, change)
                     for purpose in (Purpose.ADDRESS_AGREE, Purpose.ADDRESS_PROVE)]  # fmt: skip
        for link in links:
            assert self.ana.post(journeys.path(self.env, link)).status_code == 200
        assert erasing.owner(self.env, NEW) == self.account
        for browser in (self.ana, self.telephone):  # a move ends all sessions
            self.sign_in(browser, NEW)
        moving.ask(self.ana, WISH, "luxe")

    def deal_with_a_shop(self) -> None:
        """Be known to another system: its ids, its evidence, its words, its list, its webhook."""
        with self.env.database.transaction() as session:
            named = oauth.create(session, "camille-shop", SCOPES, ["camille"])
        auth = {"Authorization": f"Bearer {api.ask_token(self.shop, named).json['access_token']}"}
        self.auth, subject = auth, {"email": NEW}
        hook = {"url": self.receiver.url, "brands": ["camille"]}
        assert self.shop.post("/api/v1/webhooks", json=hook, headers=auth).status_code == 201
        assert accounts.introduce(self.shop, auth, NEW, EXTERNAL_ID).status_code == 201
        told = {"profile": {"country": {"country": "FR"}}}
        assert accounts.amend(self.shop, auth, self.account, **told).status_code == 204
        evidence = {"till": TILL, "ip": LISTED, "page": PAGE}
        for action, topic, more in (
            ("grant", "atelier-events", {"evidence": evidence}),
            ("withdraw", "private-sales", {}),
        ):
            said = consents.send(self.shop, auth, action, f"say {topic}", subject=subject, topic=topic, **more)
            assert said.status_code == 201, said.text
        signal = {"subject": subject, "brand": "camille", "signal": "gpc"}
        assert self.shop.post("/api/v1/signals", json=signal, headers=auth).status_code == 200
        for kind in ("access", "erasure"):
            assert referrals.tell(self.shop, auth, kind, f"wish {kind}", subject=subject).status_code == 201
        assert suppressions.say(self.shop, auth, "do_not_contact", subject=subject).status_code == 201
        self.shop.post("/api/v1/consents/lookup", json={"subject": subject}, headers=auth)
        self.shop.post("/api/v1/decisions", json={"subject": subject, **api.NEWSLETTER}, headers=auth)
        assert NEW in self.shop.get("/api/v1/exports/consents", headers=auth).text

    def stand_in_files(self) -> None:
        """Stand in the files of an operator, which are no part of the installation."""
        folder = self.house.folder.with_name("operator")
        folder.mkdir(exist_ok=True)
        (folder / "list.csv").write_text(LIST)
        bought = clock.now() - timedelta(days=10)
        (folder / "bought.csv").write_text(f"email,date,country,reference\n{NEW},{bought:%Y-%m-%d},FR,{ORDER}\n")
        named = ("--brand", "camille", "--topic", "private-sales")
        self.command("customers", folder / "bought.csv", *named, "--system", "shop")
        self.command(
            "import", folder / "list.csv", "--brand", "camille", "--topic", "atelier-events", "--channel", "email"
        )
        self.command("suppressions", "add", NUMBER, "--channel", "sms", "--brand", "camille")

    def be_asked(self) -> None:
        """Have been asked whether all is right and about a document; have a mail and a text lie in the mailbox."""
        env = self.env
        env.database.write(partial(erasing.be_asked, self.account))
        with env.database.transaction() as session:
            reconsent.note_asked(session, self.account, next(reconsent.changes(env.group)))
            mailbox.keep(session, Contents(NEW, "a@b.c", "Hello", f"Dear {NAME}", "", {}))

    def let_systems_report(self) -> None:
        """Have a mail come back, and one complained of."""
        for kind in ("hard_bounce", "complaint"):
            about = reports.message_id(self.env, NEW)
            told = reports.tell(
                self.shop, {"type": kind, "email": NEW, "message_id": about, "diagnostic": f"550 {NEW}"}
            )
            assert told.status_code == 200, told.text

    def leave(self) -> None:
        """Pause something, and leave another with a reason."""
        journeys.press(self.telephone, pause="camille:newsletter:email=3")
        link = journeys.unsubscribe_path(self.env, NEW, item="newsletter:email")
        self.ana.post(link)
        assert self.ana.post(f"{link}/why", data={"why": "other", "words": REASON}).status_code == 200

    def hold_still(self) -> None:
        """Have the data held still."""
        self.ana.post(f"{DATA}/restriction", data={**token(self.ana), "restrict": "on"})

    def upload(self) -> str:
        """Send a list that waits for a courier; give the id of its job."""
        about = "brand=camille&topic=atelier-events&channel=email&name=list.csv"
        sent = imports.send(self.shop, self.auth, LIST, query=about)
        assert sent.status_code == 202, sent.text
        return str(sent.json["id"])

    def ask_for_erasure(self) -> None:
        """Ask on the page, and let a week pass."""
        self.step_up()
        assert self.ana.post(f"{DATA}/delete", data=token(self.ana)).location == DATA
        with self.env.database.transaction() as session:
            privacy_requests.open_one(session, self.account, privacy_requests.Kind.ERASURE).due_at = clock.now()

    def command(self, *words: object) -> str:
        """Run `parley` as an operator types it."""
        settings = {**os.environ, **variables(self.house.settings)}
        done = CliRunner().invoke(main, [str(each) for each in words], env=settings)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.output

    def close(self) -> None:
        """Hang up."""
        for each in (self.ana, self.telephone, self.tablet, self.shop):
            each.close()

    def digests(self) -> list[str]:
        """List the digests that name her or her addresses, in hex."""
        env = self.env
        addresses = [*map(parse_email, (ANA, NEW, WISH)), *map(parse_phone, (NUMBER, OTHER_NUMBER))]
        made = [digest(each) for each in addresses for digest in
                (env.digester.newest, env.digester.abuse, env.digester.sign_in)]  # fmt: skip
        made += [env.digester.account(self.account), env.digester.second_step(self.account)]
        return [each.hex() for each in made]

    def values(self) -> list[str]:
        """List what is personal."""
        return [
            ANA, NEW, WISH, NUMBER, OTHER_NUMBER, ORIGIN, SECOND_ORIGIN, LISTED, BROWSER, TELEPHONE, NAME, BIRTHDAY,
            STREET, CITY, EXTERNAL_ID, ORDER, TILL, PAGE, REASON, KEY_NAME,
            self.secret, self.credential.credential_id.hex(), *self.kept_nowhere(), "peculiar",
        ]  # fmt: skip

    def kept_nowhere(self) -> set[str]:
        """Name what may not even be found before: what was typed to prove who she is."""
        return {PASSWORD, WRONG_PASSWORD, encoded(self.credential.credential_id)}
