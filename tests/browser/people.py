"""Somebody in every state that a page can show, with the links of the mails they would have got."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from app.environment import Environment
from app.factory import create_app
from app.flows import change_address
from app.kit import clock
from app.kit.signing import Purpose
from app.models import AddressChange, OptInRequest
from app.services import sessions, tokens
from tests import journeys, post


class People:
    """Prepares people in an installation's database, without its server and courier."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self._app = create_app(environment.settings, environment)

    def asked(self, brand: str = "camille") -> str:
        """Give the address of somebody who signed up and did not press the button yet."""
        email = post.new_address()
        journeys.sign_up(self._app.test_client(), email, site=brand)
        return email

    def asked_for(self, item: str, email: str, brand: str = "camille") -> None:
        """Have somebody ask for one more item, without the press in the mailbox."""
        journeys.sign_up(self._app.test_client(), email, [item], brand)

    def joined(self, brand: str = "camille") -> tuple[str, str]:
        """Give the address of somebody who is on the list, and the cookie of their open centre."""
        email, client = post.new_address(), self._app.test_client()
        journeys.subscribe(client, self.environment, email, brand=brand)
        return email, client.get_cookie("parley").value

    def used_up(self, link: str) -> str:
        """Press the button behind a link, and give the link back."""
        self._app.test_client().post(link.removeprefix(self.environment.settings.origin))
        return link

    def let_expire(self, email: str) -> str:
        """Let a week pass for somebody who did not press the button."""
        past = clock.now() - timedelta(minutes=1)
        digest = journeys.digest(self.environment, email)
        with self.environment.database.transaction() as session:
            session.execute(
                update(OptInRequest).where(OptInRequest.address_digest == digest).values(expires_at=past)
            )  # fmt: skip
        return email

    def confirm_link(self, email: str, brand: str = "camille") -> str:
        """Give the link of the confirmation mail."""
        return self._whole(journeys.confirmation_path(self.environment, email, brand))

    def access_link(self, email: str, brand: str = "camille") -> str:
        """Mail a link to the centre, and give it."""
        post.queue(self.environment, email, "access", brand)
        return self._whole(journeys.access_path(self.environment, email, brand))

    def unsubscribe_link(self, email: str, item: str | None = None) -> str:
        """Give a link that leaves Camille's mails, or one item of them."""
        return self._whole(journeys.unsubscribe_path(self.environment, email, item=item))

    def never_link(self, email: str) -> str:
        """Give the link that stops everything."""
        return self._whole(journeys.never_path(self.environment, email))

    def address_links(self) -> list[str]:
        """Give the links of a change of address: to agree, to prove, and to stop it."""
        _email, secret = self.joined()
        purposes = (Purpose.ADDRESS_AGREE, Purpose.ADDRESS_PROVE, Purpose.ADDRESS_STOP)
        with self.environment.database.transaction() as session:
            row = sessions.find(session, secret)
            camille, new = self.environment.group.brands["camille"], post.new_address()
            change_address.ask(session, camille, row.account_id, new, post.FORM)
            change = session.scalars(select(AddressChange).where(AddressChange.account_id == row.account_id)).one()
            return [tokens.address_link(session, "camille", purpose, change.id) for purpose in purposes]

    def manage_link(self, email: str) -> str:
        """Give the link of other systems' mails."""
        return self._whole(journeys.manage_path(self.environment, email))

    def _whole(self, path: str) -> str:
        return self.environment.settings.origin + path
