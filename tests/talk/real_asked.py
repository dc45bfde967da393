"""The application, where it asks people or hears of a purchase."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select, update

from app.courier import check_ins as courier
from app.courier import reconsents
from app.flows.note_relation import Relation, note_relation
from app.kit.addresses import parse_email
from app.kit.provenance import Actor, ActorKind, Provenance, Source
from app.models import CheckIn, Message
from app.services import tokens
from tests import documents, journeys
from tests.talk.house import Item
from tests.talk.real import Talk, well

SHOP = Provenance(Actor(ActorKind.CLIENT, "shop"), Source.API)


class AskingTalk(Talk):
    """Everything that is done to the application, with what it asks."""

    def answer(self, email: str, house: str, said: str) -> bool:
        """Answer the question about a new notice of a house, as the centre puts it; False where none is put."""
        page = well(self.browser(email).get(f"/{house}/preferences/agree"))
        offered = (
            [each for each in documents.answers(page.text) if each.startswith(said)] if page.status_code == 200 else []
        )
        if not offered:
            return False
        form = {"csrf_token": journeys.form_token(page.text), "answer": offered[0]}
        assert well(self.browser(email).post(f"/{house}/preferences/agree", data=form)).status_code == 303
        return True

    def buy(self, email: str, item: Item, at: datetime) -> None:
        """Hear that somebody bought something."""
        relation, brand = Relation(parse_email(email), "FR", at), self.env.group.brands[item.house]
        self.write(lambda session: note_relation(session, brand, item.topic, item.channel, relation, SHOP))

    def ask(self) -> None:
        """Do what the courier does every night, and let its mails leave; mails about documents change nothing."""
        courier.run(self.env)
        reconsents.run(self.env)
        asking = (Message.kind.in_(["check_in", "check_in_reminder"]), Message.state == "queued")
        with self.env.database.transaction() as session:
            session.execute(update(Message).where(*asking).values(state="sent", sent_at=self.now))

    def check_in_path(self, email: str, place: int) -> str:
        """Make the link of the check-in of an account that stands at `place`, oldest first."""
        account = self.account(email)
        with self.env.database.transaction() as session:
            query = select(CheckIn).where(CheckIn.account_id == account).order_by(CheckIn.asked_at)
            row = session.scalars(query).all()[place]
            return journeys.path(self.env, tokens.check_in_link(session, row.brand, account, row.id))

    def outcomes(self, email: str) -> list[str]:
        """Give what came of the check-ins of an account, oldest first."""
        account = self.account(email)
        with self.env.database.transaction() as session:
            query = select(CheckIn.outcome).where(CheckIn.account_id == account).order_by(CheckIn.asked_at)
            return list(session.scalars(query))

    def keep(self, path: str) -> None:
        """Press the button that keeps all, where the page has it."""
        browser = self.application.test_client()
        if found := re.search(r'name="words" value="([^"]+)"', well(browser.get(path)).text):
            well(browser.post(path, data={"keep": "all", "words": found[1]}))

    def leave_asked(self, path: str) -> None:
        """Press the button that leaves all of it."""
        well(self.application.test_client().post(path, data={"leave": "all"}))
