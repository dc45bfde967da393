"""What a client may ask of imports, and what it may not: nonsense, too much, and what others may not tell."""

from __future__ import annotations

import json
import uuid

import pytest
from sqlalchemy import func, select

from app.courier import imports as courier
from app.courier import tasks
from app.flows import import_consents
from app.models import ImportJob, Suppression
from app.services import imports
from tests.functional.test_imports_api import ABOUT, ANA, SCOPES, bearer, send, show, work


@pytest.fixture
def headers(client, env):
    return bearer(client, env)


@pytest.mark.parametrize("query", [
    "brand=%00", "topic=%00", "purpose=%00", "timezone=%00", "timezone=" + "a" * 300,
    "as_of=0001-01-01&timezone=Asia/Tokyo", "as_of=0001-01-01T00:00:00%2B14:00", "as_of=9999-12-31", "as_of=1e400",
    'mapping={"title":"\\u0000"}', 'mapping={"title":"\\ud800"}', 'mapping={"wording":"\\ud800"}',
    'mapping={"evidence":{"\\u0000":"x"}}', 'mapping={"evidence":{"\\ud800":"x"}}', 'mapping={"\\u0000":1}',
    'mapping={"columns":{"email":["\\u0000"]}}', 'mapping={"status":[{"column":"a","values":{"\\u0000":"grant"}}]}',
    'mapping={"formats":["%25d %25d"]}', 'mapping={"names":["' + "a" * 201 + '"]}', 'mapping={"is_list":true}',
])  # fmt: skip
def test_a_mapping_that_nothing_can_be_made_of(client, headers, session, query):
    answer = send(client, headers, query=query)
    assert answer.status_code == 422
    assert answer.json["code"] in {"bad_mapping", "validation_error"}
    assert session.scalar(select(func.count()).select_from(ImportJob)) == 0


@pytest.mark.parametrize("form", ["{%s}", "urn:uuid:%s", "%s%%00"])
def test_an_id_in_a_path_is_written_as_we_write_it(client, headers, form):
    job = send(client, headers).json["id"]
    assert show(client, headers, job.upper()).status_code == 200
    assert show(client, headers, form % job).status_code == 404
    assert show(client, headers, job.replace("-", "")).status_code == 404


def test_a_client_has_so_many_files_waiting_and_no_more(client, env, headers):
    first, *_others = (send(client, headers).json["id"] for _ in range(imports.MOST_UNFINISHED))
    answer = send(client, headers)
    assert (answer.status_code, answer.json["code"]) == (409, "too_many")
    assert "5 files" in answer.json["detail"]
    assert send(client, bearer(client, env, "other")).status_code == 202
    work(env, first)
    assert send(client, headers).status_code == 202


def test_a_file_that_is_nothing_but_rejects_is_given_up(client, env, headers, monkeypatch):
    monkeypatch.setattr(imports, "MOST_REJECTS", 5)
    monkeypatch.setattr(courier, "BATCH", 2)
    enough, too_many = (send(client, headers, "email\n" + "x\n" * rows).json["id"] for rows in (5, 400))
    work(env, enough)
    work(env, too_many)
    assert show(client, headers, enough).json["state"] == "done"
    done = show(client, headers, too_many).json
    assert (done["state"], done["counts"]) == ("failed", {"rejected": 6})
    assert "More than 5 rows before line 8" in done["fault"]


def test_only_a_client_that_may_suppress_tells_of_bounces_and_complaints(client, env, headers, session):
    rows = f"email,status,occurred_at\n{ANA},complained,2024-03-01\n{ANA},bounced,2024-03-01\n"
    job = send(client, headers, rows).json["id"]
    work(env, job)
    assert show(client, headers, job).json["reasons"] == {"insufficient_scope": 2}
    assert session.scalar(select(func.count()).select_from(Suppression)) == 0
    others = bearer(client, env, "crm", scopes=(*SCOPES, "suppressions:write"))
    job = send(client, others, rows).json["id"]
    work(env, job)
    assert show(client, others, job).json["counts"] == {"suppressed": 1, "unchanged": 1}, "the bounce is long ago"


def test_what_nobody_foresaw_ends_the_job_after_the_last_try(client, env, headers, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError(ANA)

    monkeypatch.setattr(import_consents, "take", fail)
    job = send(client, headers).json["id"]
    with pytest.raises(ZeroDivisionError):
        work(env, job)
    assert show(client, headers, job).json["state"] == "waiting", "tried again"
    with pytest.raises(ZeroDivisionError):
        tasks.import_file(env, uuid.UUID(job), lambda: False, is_last_try=True)
    done = show(client, headers, job).json
    assert done["state"] == "failed"
    assert "at line 1" in done["fault"]
    assert ANA not in json.dumps(done)


def test_one_row_that_is_an_attack_holds_up_no_other(client, env, headers):
    content = f"email,status,occurred_at\n{'(' * 3000}<a@example.com>,granted,2024-03-01\n{ANA},granted,2024-03-01\n"
    job = send(client, headers, content, ABOUT).json["id"]
    work(env, job)
    assert show(client, headers, job).json["counts"] == {"granted": 1, "rejected": 1}
