"""Server and courier are killed in the middle of everything; what was acknowledged must have happened."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sqlalchemy import select

from app.models import AddressRow, Consent, ContactPoint, Message
from tests import journeys
from tests.reliability import ledger_check
from tests.reliability.figures import scaled, tell
from tests.reliability.installation import Installation, await_true
from tests.reliability.mailserver import PostOffice, Received
from tests.reliability.processes import Process

ROUNDS = scaled(5, 3)
SIGN_UPS = scaled(200, 90)
WRITTEN_BY_THE_HASTY = 20
MAILS_A_ROUND = 8
THREADS = 8
CONFIRM_EVERY = 4
"""One in so many presses the button too, so that ledger and consents are written when the blow falls."""
PATIENCE_SECONDS = 60


@dataclass(slots=True)
class Diary:
    """What visitors were promised."""

    signed_up: set[str] = field(default_factory=set)
    confirmed: set[str] = field(default_factory=set)
    unanswered: int = 0
    refused: list[int] = field(default_factory=list)
    has_button: bool = True
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, promised: set[str], email: str, status: int) -> None:
        """Note an answer."""
        with self.lock:
            if status == 303:
                promised.add(email)
            else:
                self.refused.append(status)

    def note_silence(self) -> None:
        """Note that no answer came."""
        with self.lock:
            self.unanswered += 1


def write(parley: Installation, diary: Diary, emails: Iterable[str], offset: int, over: threading.Event) -> None:
    """Sign addresses up, one after another, until the round is over."""
    visitor = parley.visitor(offset)
    for number, email in enumerate(emails, start=offset):
        if over.is_set():
            break
        try:
            status = visitor.post("/camille/", parley.sign_up_form(email)).status
            diary.note(diary.signed_up, email, status)
            if status == 303 and diary.has_button and number % CONFIRM_EVERY == 0:
                path = journeys.confirmation_path(parley.environment, email)
                diary.note(diary.confirmed, email, visitor.post(path, {}).status)
        except (OSError, http.client.HTTPException):
            diary.note_silence()
            break
    visitor.close()


def storm(parley: Installation, diary: Diary, number: int, is_enough: Callable[[], bool], *doomed: Process) -> None:
    """Let visitors in, and kill the processes as soon as it is enough."""
    over = threading.Event()
    writers = [
        threading.Thread(target=write, args=(parley, diary, addresses(number, seat), seat * 100, over))
        for seat in range(THREADS)
    ]
    for writer in writers:
        writer.start()
    reached = await_true(is_enough, PATIENCE_SECONDS, pause=0.002)
    for process in doomed:
        process.kill()
    over.set()
    for writer in writers:
        writer.join()
    assert reached, doomed[0].said()


def strike(parley: Installation, diary: Diary, number: int, post_office: PostOffice) -> None:
    """Start server and courier, and kill both once enough was acknowledged and mails are on their way."""
    server, courier = parley.start("serve"), parley.start("courier")
    parley.await_ready(server)
    goal, mails = SIGN_UPS * (number + 1) // ROUNDS, len(post_office.received) + MAILS_A_ROUND
    storm(
        parley, diary, number, lambda: len(diary.signed_up) >= goal and len(post_office.received) >= mails,
        server, courier,
    )  # fmt: skip


def addresses(number: int, seat: int) -> list[str]:
    return [f"kill-{number}-{seat}-{index}@example.com" for index in range(SIGN_UPS)]


def same_cause(received: Iterable[Received]) -> dict[tuple[str, str], Counter[str]]:
    """Gather the Message-IDs of mails about the same thing: recipient and subject."""
    causes: dict[tuple[str, str], Counter[str]] = {}
    for mail in received:
        causes.setdefault((mail.to, mail.subject), Counter())[mail.message_id] += 1
    return causes


def known_message_ids(parley: Installation) -> set[str]:
    with parley.environment.database.transaction() as session:
        return set(session.scalars(select(Message.message_id)))


def is_settled(parley: Installation) -> bool:
    with parley.environment.database.transaction() as session:
        return session.scalar(select(Message.id).where(Message.state == "queued").limit(1)) is None


def recover(parley: Installation, diary: Diary, post_office: PostOffice) -> None:
    """Start once more, and wait for the mails; the courier takes jobs of the dead over after a while."""
    server, courier = parley.start("serve"), parley.start("courier")
    parley.await_ready(server)
    await_true(lambda: is_settled(parley) and diary.signed_up <= mailed(post_office), PATIENCE_SECONDS)
    courier.stop()
    server.stop()


def granted_to(parley: Installation, emails: Iterable[str]) -> set[str]:
    """Choose those who are subscribed now."""
    digests = {journeys.digest(parley.environment, email): email for email in emails}
    query = (
        select(ContactPoint.address_digest)
        .join(Consent, Consent.account_id == ContactPoint.account_id)
        .where(Consent.status == "granted", ContactPoint.address_digest.in_(digests))
    )
    with parley.environment.database.transaction() as session:
        return {digests[found] for found in session.scalars(query)}


def met(parley: Installation, emails: Iterable[str]) -> set[str]:
    """Choose those that the database knows."""
    digests = {journeys.digest(parley.environment, email): email for email in emails}
    with parley.environment.database.transaction() as session:
        return {digests[found] for found in session.scalars(select(AddressRow.digest)) if found in digests}


def mailed(post_office: PostOffice) -> set[str]:
    return {mail.to for mail in post_office.received}


def test_nothing_acknowledged_is_lost_in_a_kill(install, post_office):
    with install(mail_url=post_office.url, workers=1, threads_per_worker=4) as parley:
        diary = Diary()
        for number in range(ROUNDS):
            strike(parley, diary, number, post_office)
        recover(parley, diary, post_office)
        causes = same_cause(post_office.received)
        lost = diary.signed_up - mailed(post_office)
        repeats = sum(ids.total() - 1 for ids in causes.values())
        differing = sum(len(ids) - 1 for ids in causes.values())
        granted = diary.confirmed & granted_to(parley, diary.confirmed)
        after = ledger_check.judge(parley.environment)
        tell(
            f"Kill of server and courier, {ROUNDS} times",
            acknowledged=len(diary.signed_up), mailed=len(diary.signed_up & mailed(post_office)), lost=len(lost),
            unanswered=diary.unanswered, repeats=repeats, differing_message_ids=differing,
            acknowledged_confirms=len(diary.confirmed), granted=len(granted),
            ledger_lines=after.lines, breaches=after.breaches, seconds_to_start=parley.seconds_to_start,
        )  # fmt: skip
        assert len(diary.signed_up) >= SIGN_UPS
        assert diary.refused == []
        assert diary.unanswered, "the kill met nothing in flight"
        assert lost == set()
        assert differing == 0
        assert {mail.message_id for mail in post_office.received} <= known_message_ids(parley)
        assert granted == diary.confirmed
        assert after.breaches == ()


def test_the_loss_is_noticed_where_the_answer_comes_before_the_commit(install):
    with install(workers=1, threads_per_worker=4) as parley:
        diary, server = Diary(has_button=False), parley.start_broken("hasty")
        parley.await_ready(server)
        storm(parley, diary, 0, lambda: len(met(parley, set(diary.signed_up))) >= WRITTEN_BY_THE_HASTY, server)
        lost = diary.signed_up - met(parley, diary.signed_up)
        tell("Kill of a hasty server, which must lose something", acknowledged=len(diary.signed_up), lost=len(lost))
        assert set() < lost < diary.signed_up
