"""The sample brand site: what a brand's own developers would build from docs/embedding.md, for development only."""

from __future__ import annotations

import os
import re

import httpx
import pytest
from click.testing import CliRunner

from app.cli import main
from app.commands import up
from app.commands.sample_site import MOST_REPORTS, create
from app.config import KEY_LISTS
from tests.environments import settings_for
from tests.reliability.installation import await_true, free_port, variables
from tests.reliability.processes import PARLEY as PARLEY_COMMAND
from tests.reliability.processes import Process

PARLEY = "http://localhost:8000"


@pytest.fixture
def visitor(group):
    return create(group, PARLEY).test_client()


def test_each_house_has_a_page_with_the_element_and_one_with_the_frame(visitor, group):
    assert visitor.get("/").location == f"/{next(iter(group.brands))}/"
    for slug in group.brands:
        page = visitor.get(f"/{slug}/").text
        assert f'<script src="{PARLEY}/embed/{slug}.js" defer></script>' in page
        assert "<parley-signup" in page
        assert f'src="{PARLEY}/embed/{slug}/frame?lang=' in visitor.get(f"/{slug}/frame").text
        assert "--accent" in visitor.get(f"/{slug}/theme.css").text
    assert visitor.get("/nobody/").status_code == 404


@pytest.mark.parametrize(
    ("asked", "accepted", "lang"),
    [("?lang=de", "fr", "de"), ("", "fr-CH, de;q=0.5", "fr"), ("?lang=tlh", "tlh, de;q=0", "en"), ("", "", "en")],
)
def test_it_speaks_the_languages_of_the_house(visitor, asked, accepted, lang):
    page = visitor.get(f"/sol-y-lino/{asked}", headers={"Accept-Language": accepted}).text
    assert f'<html lang="{lang}">' in page
    assert f'<parley-signup lang="{lang}" layout="stack">' in page


def test_the_policy_allows_itself_and_parley_and_nothing_inline(visitor):
    answer = visitor.get("/camille/?layout=row")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith(f"default-src 'self' {PARLEY}; ")
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]* src=)| style=| on[a-z]+=", answer.text)


def test_violations_are_counted_up_to_a_limit(visitor):
    for _ in range(MOST_REPORTS + 1):
        visitor.post("/csp-reports", data=b'{"csp-report": {}}')
    visitor.post("/csp-reports", data=b"no json")
    assert len(visitor.get("/csp-reports").json) == MOST_REPORTS


def test_it_never_starts_in_production(tmp_path):
    keys = {f"PARLEY_{name.upper()}": f"{name} that is long enough for a test" for name in KEY_LISTS}
    variables = {
        "PARLEY_ENV": "production", "PARLEY_PUBLIC_URL": "https://x.example", "DATABASE_URL": "postgresql://",
        "PARLEY_INSTANCE": str(tmp_path), **keys,
    }  # fmt: skip
    outcome = CliRunner().invoke(main, ["sample-site"], env=variables)
    assert outcome.exit_code == 1
    assert "for development" in outcome.output


def test_the_command_serves_it_where_the_setting_says_until_it_is_told_to_stop(tmp_path):
    keys = {name: (f"{name} that is long enough for a test",) for name in KEY_LISTS}  # no commas, see variables()
    here = settings_for(tmp_path, sample_site_url=f"http://localhost:{free_port()}", **keys)
    process = Process([*PARLEY_COMMAND, "sample-site"], {**os.environ, **variables(here)}, tmp_path / "log")
    try:
        assert await_true(lambda: is_served(f"{here.sample_site_url}/camille/"), 30), process.said()
    finally:
        process.stop()
    assert process.said().startswith(f"Sample brand site at {here.sample_site_url}/")
    assert "Traceback" not in process.said()


def is_served(address):
    try:
        return httpx.get(address, timeout=5, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def test_parley_up_leaves_it_out_in_production_and_where_its_port_is_taken(tmp_path, visitor, monkeypatch):
    live = settings_for(
        tmp_path, environment="production", public_url="https://x.example", database_url="postgresql://"
    )
    assert up._sample_site(live) is None
    here = settings_for(tmp_path, sample_site_url="http://localhost:1")
    monkeypatch.setattr(up, "require_free", lambda host, port: None)
    assert up._sample_site(here) == "http://localhost:1/"

    def taken(host, port):
        raise up.click.ClickException("taken")

    monkeypatch.setattr(up, "require_free", taken)
    assert up._sample_site(here) is None
