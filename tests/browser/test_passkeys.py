"""Passkeys in Chromium, with its virtual authenticator (WebAuthn Level 3, section 11): added, offered, pressed for."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from app.factory import create_app
from tests import customers, database, post
from tests.browser.checks import watch
from tests.reliability.installation import installed

pytestmark = [pytest.mark.browser, pytest.mark.slow]

KEYS = "/camille/account/security/passkeys"
AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip

OFFERS_NONE = "PublicKeyCredential.isConditionalMediationAvailable = async () => false"


@pytest.fixture(scope="module")
def house(cluster, worker_id, group, tmp_path_factory):
    """Give a server that visitors call by a name, as passkeys need."""
    with (
        database.fresh_database(cluster, f"parley_keys_{worker_id}") as urls,
        installed(tmp_path_factory.mktemp("keys"), group, urls.application, workers=1) as own,
    ):
        own.host = "localhost"
        own.await_ready(own.start("serve"))
        yield own


@pytest.fixture
def context(new_context):
    return new_context()


@pytest.fixture
def customer(house, context):
    """Sign a full customer in; give the address."""
    client, email = create_app(house.settings, house.environment).test_client(), post.new_address()
    customers.register(client, house.environment, email)
    cookie = {"name": "parley", "value": client.get_cookie("parley").value, "url": house.settings.origin}
    context.add_cookies([cookie])
    return email


class Device:
    """Somebody's device: a tab, and the authenticator beside it."""

    def __init__(self, page, **changes):
        self.page = page
        self._developer = page.context.new_cdp_session(page)
        self._developer.send("WebAuthn.enable", {"enableUI": False})
        added = self._developer.send("WebAuthn.addVirtualAuthenticator", {"options": {**AUTHENTICATOR, **changes}})
        self._id = added["authenticatorId"]

    @property
    def passkeys(self):
        return self._developer.send("WebAuthn.getCredentials", {"authenticatorId": self._id})["credentials"]

    def lets_touch(self, *, itself):
        """Have the authenticator act as soon as it is asked, or wait for a touch that never comes."""
        automatic = {"authenticatorId": self._id, "enabled": itself}
        self._developer.send("WebAuthn.setAutomaticPresenceSimulation", automatic)

    def recognises(self, *, owner):
        """Have the authenticator know its owner, or not."""
        self._developer.send("WebAuthn.setUserVerified", {"authenticatorId": self._id, "isUserVerified": owner})


@pytest.fixture
def device(house, context, customer):
    """Give the device of a customer who has just added a passkey."""
    device = Device(context.new_page())
    device.page.goto(f"{house.settings.origin}{KEYS}")
    device.page.get_by_role("button", name="Add a passkey").click()
    expect(device.page.get_by_text("Your passkey is kept.")).to_be_visible()
    return device


def sign_out(device, house):
    """Sign out and go away: that leads to where a passkey is asked for, and this device would show its own at once."""
    device.lets_touch(itself=False)
    device.page.goto(f"{house.settings.origin}/camille/account")
    device.page.get_by_role("button", name="Sign out").click()
    expect(device.page).to_have_url(re.compile("/camille/sign-in"))
    device.page.goto("about:blank")
    device.lets_touch(itself=True)


def test_a_passkey_is_made_for_the_house_and_discoverable(device):
    (passkey,) = device.passkeys
    assert (passkey["rpId"], passkey["isResidentCredential"]) == ("localhost", True)
    expect(device.page.locator(".item-name")).to_contain_text("Chrom")


def test_it_is_offered_where_the_address_is_asked_for(device, house):
    sign_out(device, house)
    device.page.goto(f"{house.settings.origin}/camille/sign-in")
    expect(device.page).to_have_url(f"{house.settings.origin}/camille/account")


def test_the_button_asks_for_it(device, house):
    sign_out(device, house)
    device.page.add_init_script(OFFERS_NONE)
    device.page.goto(f"{house.settings.origin}/camille/sign-in")
    device.page.wait_for_timeout(500)
    expect(device.page).to_have_url(f"{house.settings.origin}/camille/sign-in")
    device.page.get_by_role("button", name="Use a passkey").click()
    expect(device.page).to_have_url(f"{house.settings.origin}/camille/account")


def test_an_owner_who_is_not_recognised_stays_outside(device, house):
    sign_out(device, house)
    device.recognises(owner=False)
    device.page.add_init_script(OFFERS_NONE)
    device.page.goto(f"{house.settings.origin}/camille/sign-in")
    device.page.get_by_role("button", name="Use a passkey").click()
    device.page.wait_for_timeout(1_000)
    assert device.page.url == f"{house.settings.origin}/camille/sign-in"


def test_it_is_removed_and_signs_in_no_more(device, house):
    page = device.page
    page.get_by_text("Rename or remove").click()
    page.get_by_role("button", name="Remove this passkey").click()
    expect(page.get_by_text("The passkey is removed")).to_be_visible()
    sign_out(device, house)
    page.goto(f"{house.settings.origin}/camille/sign-in")
    expect(page.get_by_text("That passkey did not fit.").first).to_be_visible()


def test_the_same_device_makes_no_second_one(device, house):
    device.page.goto(f"{house.settings.origin}{KEYS}")
    device.page.get_by_role("button", name="Add a passkey").click()
    device.page.wait_for_timeout(1_000)
    assert len(device.passkeys) == 1
    expect(device.page.locator(".item-name")).to_have_count(1)


@pytest.mark.parametrize("path", ["/camille/sign-in", KEYS])
def test_nothing_is_wrong_with_the_pages(house, context, customer, path):
    watched = watch(context, house.settings.origin)
    watched.page.goto(house.settings.origin + path)
    expect(watched.page.get_by_role("button", name=re.compile("passkey"))).to_be_visible()
    assert watched.findings() == []


def test_without_scripts_the_pages_do_all_the_rest(house, new_context):
    client, email = create_app(house.settings, house.environment).test_client(), post.new_address()
    customers.register(client, house.environment, email)
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{house.settings.origin}/camille/sign-in")
    expect(page.get_by_role("button", name="Use a passkey")).to_be_hidden()
    page.get_by_label("Your e-mail address").fill(email)
    page.get_by_label("Password").fill(customers.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.goto(house.settings.origin + KEYS)
    expect(page.get_by_text("This browser does not know passkeys")).to_be_visible()
    expect(page.get_by_role("button", name="Add a passkey")).to_be_hidden()
