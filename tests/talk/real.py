"""The real application with two houses, as the machine drives it: pages, links, commands, the courier, the clock."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import time_machine
from sqlalchemy import select, text

from app.courier import erasures, tasks
from app.db import Session
from app.environment import Environment
from app.flows import access, admit, erase, restrict
from app.flows.report_by_provider import Event, take
from app.flows.suppress import Order, suppress
from app.http.extensions import limiter
from app.kit.addresses import parse_email
from app.kit.provenance import PERSON, SYSTEM, Provenance, Source
from app.models import ContactPoint, Message
from app.services import ledger, outbox, questions, suppressions, tokens
from app.services.folding import Action
from app.services.items import ItemRef, Items, items
from app.services.ledger import Entry
from app.services.locks import lock_account, lock_unread
from app.services.questions import Question
from app.services.suppressions import Reason, Scope
from app.services.tokens import LeaveTarget
from tests import journeys
from tests.talk.acts import Link
from tests.talk.house import Item
from tests.talk.houses import ALL, ITEMS, ONE
from tests.talk.model import Stop

BEGIN = datetime(2026, 3, 1, 9, tzinfo=UTC)
STAFF = Provenance(SYSTEM, Source.COMMAND)


class Talk:
    """Everything that is done to the application. People are told by their addresses."""

    def __init__(self, application: Any, env: Environment) -> None:
        self.application, self.env = application, env
        application.extensions["parley"] = env
        limiter.reset()
        # After a rollback, psycopg would throw away all prepared statements, those of the fast reader too: here
        # both have one connection.
        self.reader = env.database.reader()
        self.prepared_after, self.reader.prepare_threshold = self.reader.prepare_threshold, None
        self.traveller = time_machine.travel(BEGIN, tick=False)
        self.clock = self.traveller.start()
        self.browsers: dict[str, Any] = {}
        self.centre: dict[str, dict[str, dict[str, str]]] = {}
        self.admitted: set[int] = set()
        with env.database.transaction() as session:
            registry = items(session)
        self.refs = self.find(registry)

    def find(self, registry: Items) -> dict[Item, ItemRef]:
        """Find the items that it is about."""
        return {item: registry.subscription(*item) for item in ITEMS}

    def question(self, item: Item) -> Question:
        """Give what a decision about an item is asked."""
        return questions.about_topic(self.env, *item, self.now.date())

    def close(self) -> None:
        """Let time go on."""
        self.traveller.stop()
        self.reader.prepare_threshold = self.prepared_after

    @property
    def now(self) -> datetime:
        """The moment at which the clock stands."""
        return datetime.now(UTC)

    def pass_(self, **span: float) -> None:
        """Let time pass."""
        self.clock.shift(timedelta(**span))

    def browser(self, email: str) -> Any:
        """Give the browser of a person."""
        return self.browsers.setdefault(email, self.application.test_client())

    def write(self, act: Any) -> Any:
        """Do something in a transaction."""
        return self.env.database.write(act)

    def accounts(self, session: Session, emails: Iterable[str]) -> dict[str, uuid.UUID]:
        """Give the account of each person who has one."""
        by_digest = {self.digest(email): email for email in emails}
        query = select(ContactPoint.address_digest, ContactPoint.account_id)
        rows = session.execute(query.where(ContactPoint.address_digest.in_(by_digest)))
        return {by_digest[bytes(row.address_digest)]: row.account_id for row in rows}

    def account(self, email: str) -> uuid.UUID:
        """Give the account of somebody who has one."""
        with self.env.database.transaction() as session:
            return self.accounts(session, [email])[email]

    def digest(self, email: str) -> bytes:
        """Give the digest of an address."""
        return journeys.digest(self.env, email)

    def sign_up(self, email: str, house: str, wanted: list[Item]) -> None:
        """Fill in the form of a house."""
        chosen = [f"{item.topic}:{item.channel}" for item in wanted]
        assert journeys.sign_up(self.browser(email), email, chosen, house).status_code == 303

    def link(self, number: int, email: str, house: str, request: Any) -> Link:
        """Give the link of a mail sent now for the newest request."""
        return Link(number, house, request, journeys.confirmation_path(self.env, email, house), self.now)

    def look(self, link: Link, email: str) -> None:
        """Open the page behind a link, and leave it open."""
        page = self.browser(email).get(link.path).text
        found = re.search(r'name="listed" value="([^"]*)"', page)
        link.listed = found.group(1) if found else None
        shown = {int(part.partition("-")[0]) for part in link.listed.split(",")} if link.listed else set()
        link.shown = frozenset(item for item, ref in self.refs.items() if ref.id in shown)

    def press(self, link: Link, email: str) -> int:
        """Press the button of that page, or post to the link as a program does."""
        form = {} if link.listed is None else {"listed": link.listed}
        answer = well(self.browser(email).post(link.path, data=form))
        if answer.status_code == 303:
            self.centre.pop(email, None)
        return int(answer.status_code)

    def again(self, link: Link, email: str) -> bool:
        """Ask for a fresh link; tell whether one is on its way."""
        answer = well(self.browser(email).post(f"{link.path}/again"))
        return (answer.location or "").endswith("/check-mail")

    def admit_all(self) -> list[tuple[bytes, str, Any]]:
        """Do the courier's jobs of single opt-in; give the requests they were about."""
        with self.env.database.transaction() as session:
            jobs = text("SELECT id, args ->> 'request_id' FROM procrastinate_jobs WHERE task_name = :name ORDER BY id")
            due = [
                (job, each) for job, each in session.execute(jobs, {"name": outbox.ADMIT}) if job not in self.admitted
            ]
        for job, request_id in due:
            self.admitted.add(job)
            self.write(partial(admit.admit, request_id=request_id))
        return due

    def enter(self, email: str, house: str) -> bool:
        """Ask for an access link and press its button; False where the mailbox had its share of mails for a day."""
        site, origin = self.env.group.brands[house], Provenance(PERSON, Source.FORM)
        before = self._newest(email, house)
        self.write(lambda session: access.request_link(session, site, email, origin))
        message_id = self._newest(email, house)
        if message_id == before:
            return False
        with self.env.database.transaction() as session:
            path = journeys.path(self.env, tokens.access_link(session, house, message_id))
        well(self.browser(email).post(path))
        self.centre.pop(email, None)
        return True

    def _newest(self, email: str, house: str) -> Any:
        with self.env.database.transaction() as session:
            mine = (Message.address_digest == self.digest(email), Message.kind == "access", Message.brand == house)
            return session.scalar(select(Message.id).where(*mine).order_by(Message.created_at.desc()).limit(1))

    def push(self, email: str, site: str, **button: str) -> int:
        """Press a button in the centre, on a page that may be open for a while."""
        browser = self.browser(email)
        shown = self.centre.setdefault(email, {})
        if site not in shown:
            page = browser.get(f"/{site}/preferences")
            if page.status_code != 200:
                return int(page.status_code)
            shown[site] = journeys.centre_fields(page.text)
        return int(well(browser.post(f"/{site}/preferences", data={**shown[site], **button})).status_code)

    def undo(self, email: str) -> int:
        """Press Undo, where the centre offers it."""
        found = re.search(r'name="undo" value="([^"]+)"', self.browser(email).get("/luxe/preferences").text)
        return self.push(email, ALL, undo=found.group(1)) if found else 0

    def leave_path(self, email: str, what: Item | str) -> str:
        """Make the link to leave an item, all mail of a house, or of all houses."""
        account = self.account(email)
        if isinstance(what, Item):
            target = LeaveTarget(account, item_id=self.refs[what].id)
        else:
            target = LeaveTarget(account, everywhere=True) if what == ALL else LeaveTarget(account, brand=what)
        with self.env.database.transaction() as session:
            return journeys.path(self.env, tokens.unsubscribe_link(session, ONE, target))

    def post(self, path: str, **form: str) -> int:
        """Post a form from a browser without any session."""
        return int(well(self.application.test_client().post(path, data=form)).status_code)

    def never(self, email: str) -> int:
        """Press "never mail me again"."""
        return self.post(journeys.never_path(self.env, email, ONE))

    def suppress(self, email: str, stop: Stop) -> None:
        """Suppress an address as the command does."""
        order = Order(parse_email(email), Scope(stop.house, stop.channel), Reason(stop.reason), stop.at)
        self.write(lambda session: suppress(session, [order], STAFF))

    def lift(self, email: str, reason: str) -> None:
        """Lift what stands for one reason, as the command does."""

        def act(session: Any) -> None:
            (digest,) = lock_unread(session, [parse_email(email)])
            meant = [row for row in suppressions.in_force(session, [digest]) if row.reason == reason]
            suppressions.lift(session, meant, STAFF, "letter 4711")

        self.write(act)

    def report(self, email: str, stop: Stop) -> None:
        """Take in what a mail provider tells."""
        event = Event(parse_email(email), Reason(stop.reason), occurred_at=stop.at)
        self.write(lambda session: take(session, event, STAFF))

    def restrict(self, email: str, *, held: bool) -> None:
        """Hold the data of somebody still, or let go."""
        account, site = self.account(email), self.env.group.brands[ONE]
        origin = Provenance(PERSON, Source.ACCOUNT)
        self.write(
            (lambda session: restrict.restrict(session, site, account, origin))
            if held
            else (lambda session: restrict.lift(session, account))
        )

    def erase(self, email: str) -> None:
        """Be erased: ask, wait for more than a week, and let the courier do it."""
        account, site = self.account(email), self.env.group.brands[ONE]
        origin = Provenance(PERSON, Source.ACCOUNT)
        self.write(lambda session: erase.ask(session, site, account, origin))
        self.pass_(days=8)
        erasures.run(self.env)

    def grant_until(self, email: str, item: Item, until: datetime, version: date) -> None:
        """Write a grant that ends, as an import does."""
        account_id = self.account(email)
        told = {"expires_at": until.isoformat()}
        entry = Entry(self.refs[item].id, Action.GRANTED, attributes=told, document_version=version.isoformat())

        def act(session: Any) -> None:
            account = lock_account(session, account_id).account(session)
            ledger.append(session, account, [entry], STAFF)

        self.write(act)

    def work(self) -> None:
        """Do what the courier does every hour."""
        tasks.end_by_date(self.env)
        tasks.purge(self.env)


def well(answer: Any) -> Any:
    """Give an answer that is no fault of the application."""
    assert answer.status_code < 500, answer.text
    return answer
