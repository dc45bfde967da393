"""`/api/v1/imports` and `/api/v1/exports`: from the upload over the courier to the rejects, for a client's brands."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from app.courier import tasks
from app.factory import create_app
from app.kit import clock
from app.models import Account, AddressRow, ConsentEvent, ContactPoint, ImportJob, ImportPiece, ImportReject
from app.services import erased_addresses, imports, oauth
from app.services.folding import Action
from tests import api, centres, journeys

ANA, BEA, CLEO = "ana@example.com", "bea@example.com", "cleo@example.com"
SCOPES = ("imports:write", "consents:read")
ABOUT = "brand=camille&topic=newsletter&channel=email"
ROWS = (
    f"email,status,occurred_at\n{ANA},granted,2024-03-01T10:00:00Z\n{BEA},withdrawn,2024-03-01T10:00:00Z\nx,granted,1\n"
)


@pytest.fixture
def headers(client, env):
    return bearer(client, env)


def bearer(client, env, name="camille-shop", brands=("camille",), scopes=SCOPES):
    with env.database.transaction() as session:
        auth = oauth.create(session, name, scopes, brands)
    return {"Authorization": f"Bearer {api.ask_token(client, auth).json['access_token']}"}


def send(client, headers, content=ROWS, query=ABOUT, media_type="text/csv"):
    return client.post(f"/api/v1/imports?{query}", data=content, content_type=media_type, headers=headers)


def work(env, job_id):
    tasks.import_file(env, uuid.UUID(job_id), lambda: False)


def show(client, headers, job_id, query=""):
    return client.get(f"/api/v1/imports/{job_id}{query}", headers=headers)


def test_from_the_upload_over_the_courier_to_the_rejects(client, env, headers, session):
    answer = send(client, headers, query=f"{ABOUT}&name=list.csv")
    assert answer.status_code == 202
    job = answer.json
    assert (job["state"], job["bytes"], job["bytes_done"], job["name"]) == ("waiting", len(ROWS), 0, "list.csv")
    (piece,) = session.scalars(select(ImportPiece.sealed)).all()
    assert ANA.encode() not in piece, "sealed"
    work(env, job["id"])
    done = show(client, headers, job["id"]).json
    assert (done["state"], done["bytes_done"]) == ("done", len(ROWS))
    assert done["counts"] == {"granted": 1, "refused": 1, "rejected": 1}
    assert done["reasons"] == {"invalid_address": 1}
    assert [row["line"] for row in done["rejects"]] == [4]
    assert session.scalar(select(func.count()).select_from(ImportPiece)) == 0, "nothing of the file stays"
    assert [journeys.decision(env, who) for who in (ANA, BEA)] == ["granted", "refused"]
    (actor,) = set(session.execute(select(ConsentEvent.actor_kind, ConsentEvent.source)).all())
    assert tuple(actor) == ("client", "file")


def test_json_lines_come_to_the_same(client, env, headers):
    rows = [
        {"email": ANA, "action": "grant", "occurred_at": "2024-03-01T10:00:00Z"},
        {"email": BEA, "action": "withdraw", "occurred_at": "2024-03-01T10:00:00Z"},
        {"email": "x", "action": "grant"},
    ]
    content = "".join(f"{json.dumps(row)}\n" for row in rows)
    job = send(client, headers, content, media_type="application/x-ndjson").json["id"]
    work(env, job)
    done = show(client, headers, job).json
    assert done["counts"] == {"granted": 1, "refused": 1, "rejected": 1}
    assert done["rejects"][0]["line"] == 3


def test_a_large_file_comes_in_pieces_and_the_rejects_in_pages(client, env, headers, session, monkeypatch):
    monkeypatch.setattr(imports, "PIECE", 1_000)
    monkeypatch.setattr("app.api.imports.PAGE", 7)
    content = "email,status,occurred_at\n" + "x,granted,1\n" * 400
    job = send(client, headers, content).json["id"]
    assert session.scalar(select(func.count()).select_from(ImportPiece)) == 5
    work(env, job)
    first = show(client, headers, job, "?limit=300").json
    rest = show(client, headers, job, f"?limit=300&after={first['rejects'][-1]['line']}").json
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert [row["line"] for row in first["rejects"] + rest["rejects"]] == list(range(2, 402))
    lines = client.get(f"/api/v1/imports/{job}/rejects", headers=headers)
    assert (lines.mimetype, lines.headers["Cache-Control"]) == ("application/x-ndjson", "no-store")
    assert [json.loads(line)["line"] for line in lines.text.splitlines()] == list(range(2, 402))
    table = client.get(f"/api/v1/imports/{job}/rejects", headers={**headers, "Accept": "text/csv"})
    assert (table.mimetype, len(table.text.splitlines())) == ("text/csv", 401)
    assert table.text.startswith("line,code,words\r\n2,invalid_address,")


def test_a_yes_needs_the_trust_of_the_brand_and_a_no_does_not(client, env):
    headers = bearer(client, env, "somebody")
    job = send(client, headers).json["id"]
    work(env, job)
    done = show(client, headers, job).json
    assert done["reasons"] == {"evidence_not_trusted": 1, "invalid_address": 1}
    assert done["counts"] == {"unknown": 1, "rejected": 2}
    assert [journeys.decision(env, who) for who in (ANA, BEA)] == ["unknown_subject", "unknown_subject"]


def test_a_no_of_somebody_untrusted_makes_nobody_known(app, client, env, session):
    headers = bearer(client, env, "somebody")
    journeys.sign_up(app.test_client(), ANA)
    journeys.subscribe(app.test_client(), env, CLEO)
    path, before = journeys.confirmation_path(env, ANA), stored(session)
    now = clock.now().isoformat()
    content = "email,status,occurred_at\n" + "".join(f"{who},withdrawn,{now}\n" for who in (ANA, BEA, CLEO))
    foreseen = send(client, headers, content, f"{ABOUT}&dry_run=true").json["id"]
    taken = send(client, headers, content).json["id"]
    for job in (foreseen, taken):
        work(env, job)
        assert show(client, headers, job).json["counts"] == {"unknown": 2, "withdrawn": 1}
    assert stored(session) == before, "neither accounts nor addresses"
    about = {"subject": {"email": BEA}, "brand": "camille", "purpose": "analytics"}
    answer = client.post("/api/v1/decisions", json=about, headers=headers)
    assert answer.json["reason"] == "unknown_subject", "nor is anything allowed that needs no consent of the known"
    assert app.test_client().post(path).status_code == 410, "what was asked for ends"


def stored(session):
    return [session.scalar(select(func.count()).select_from(table)) for table in (Account, AddressRow, ContactPoint)]


def test_a_client_is_not_told_who_was_erased(client, env, headers, session):
    erased_addresses.remember(session, {journeys.digest(env, ANA): clock.now()})
    job = send(client, headers).json["id"]
    work(env, job)
    done = show(client, headers, job).json
    assert done["reasons"] == {"conflict": 1, "invalid_address": 1}
    assert done["rejects"][0]["words"] == "The person said otherwise since, or it ran out."


def test_another_brand_is_refused_at_once_or_row_by_row(client, env, headers, session):
    answer = send(client, headers, query="brand=ostra&topic=newsletter&channel=email")
    assert (answer.status_code, answer.json["code"]) == (403, "brand_forbidden")
    content = f"email,brand,status,occurred_at\n{ANA},ostra,withdrawn,2024-03-01\n{BEA},nobody,withdrawn,2024-03-01\n"
    job = send(client, headers, content, "topic=newsletter&channel=email").json["id"]
    work(env, job)
    assert show(client, headers, job).json["reasons"] == {"brand_forbidden": 1, "unknown_item": 1}
    assert session.scalar(select(func.count()).select_from(ConsentEvent)) == 0


def test_a_job_is_its_clients_alone(client, env, headers):
    job = send(client, headers).json["id"]
    for other in (bearer(client, env, "other"), bearer(client, env, "camille-shop")):
        assert show(client, other, job).status_code == 404
        assert client.get(f"/api/v1/imports/{job}/rejects", headers=other).status_code == 404
    assert show(client, headers, "nonsense").status_code == 404


def test_a_dry_run_changes_nothing(client, env, headers, session):
    job = send(client, headers, query=f"{ABOUT}&dry_run=true").json["id"]
    work(env, job)
    assert show(client, headers, job).json["counts"] == {"granted": 1, "refused": 1, "rejected": 1}
    assert session.scalar(select(func.count()).select_from(ConsentEvent)) == 0


@pytest.mark.parametrize(("query", "content", "media_type", "status", "code"), [
    (ABOUT, "", "text/csv", 422, "empty_file"), (ABOUT, ROWS, "text/plain", 415, "unsupported_media_type"),
    ("preset=nobody", ROWS, "text/csv", 422, "bad_mapping"), ("mapping={", ROWS, "text/csv", 422, "bad_mapping"),
    ("mapping=[]", ROWS, "text/csv", 422, "bad_mapping"), ("as_of=soon", ROWS, "text/csv", 422, "bad_mapping"),
    ("dry_run=perhaps", ROWS, "text/csv", 422, "validation_error"),
    ("name=ana@example.com", ROWS, "text/csv", 422, "validation_error"),
])  # fmt: skip
def test_what_makes_no_sense(client, env, headers, session, query, content, media_type, status, code):
    answer = send(client, headers, content, query, media_type)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert set(session.scalars(select(ImportJob.state))) <= {"failed"}


@pytest.mark.parametrize(("content", "words"), [
    ("\n", "Line 1"), ("name,age\n", "Line 1 names no column"), (ROWS.encode("utf-16"), "UTF-16"),
])  # fmt: skip
def test_a_file_that_can_not_be_read_fails_with_the_reason(client, env, headers, content, words):
    job = send(client, headers, content).json["id"]
    work(env, job)
    done = show(client, headers, job).json
    assert done["state"] == "failed"
    assert words in done["fault"]


def test_an_upload_that_breaks_off_leaves_nothing_but_its_job(client, env, headers, session, monkeypatch):
    monkeypatch.setattr("app.api.imports.MOST_BYTES", 100)
    answer = send(client, headers)
    assert (answer.status_code, answer.json["code"]) == (413, "body_too_large")
    assert session.scalars(select(ImportJob.state)).all() == ["failed"]


def test_the_file_of_a_revoked_client_is_not_taken(client, env, headers, session):
    job = send(client, headers).json["id"]
    oauth.revoke(session, session.scalars(select(ImportJob.client_id)).one())
    work(env, job)
    assert "revoked" in session.get(ImportJob, uuid.UUID(job), populate_existing=True).fault


def test_what_nobody_worked_off_goes_and_old_jobs_too(client, env, headers, session):
    old, stuck, begun = (send(client, headers).json["id"] for _ in range(3))
    work(env, old)
    session.execute(update(ImportJob).where(ImportJob.id == uuid.UUID(begun)).values(state="receiving"))
    assert imports.purge(session) == 0
    for job_id, days in ((old, 91), (stuck, 8), (begun, 2)):
        session.execute(
            update(ImportJob).where(ImportJob.id == uuid.UUID(job_id)).values(
                created_at=ImportJob.created_at - timedelta(days=days))
        )  # fmt: skip
    assert imports.purge(session) == 3
    assert session.scalar(select(func.count()).select_from(ImportPiece)) == 0
    assert session.scalar(select(func.count()).select_from(ImportReject)) == 0
    assert show(client, headers, stuck).json["state"] == "failed"
    assert show(client, headers, old).status_code == 404


def test_the_courier_does_it(committing_env):
    client = create_app(committing_env.settings, committing_env).test_client()
    headers = bearer(client, committing_env)
    job = send(client, headers).json["id"]
    with committing_env.database.transaction() as session:
        query = text("SELECT args FROM procrastinate_jobs WHERE task_name = 'import_consents'")
        assert session.scalars(query).all() == [{"import_id": job}], "ids only"


def test_all_consents_come_out_and_could_come_in_again(app, client, env, headers):
    for who in (ANA, BEA):
        journeys.subscribe(app.test_client(), env, who)
    journeys.subscribe(app.test_client(), env, BEA, brand="ostra")
    centres.record(env, BEA, "camille:newsletter:email", Action.WITHDRAWN)
    answer = client.get("/api/v1/exports/consents", headers=headers)
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("application/x-ndjson", "no-store")
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert [(row["brand"], row["topic"], row["status"]) for row in rows] == [
        ("camille", "newsletter", "granted"), ("camille", "newsletter", "withdrawn"),
    ]  # fmt: skip
    assert ANA not in answer.text, "no addresses without accounts:read"
    both = bearer(client, env, "crm", ("camille", "ostra"), (*SCOPES, "accounts:read"))
    told = client.get("/api/v1/exports/consents", headers=both).text
    assert [json.loads(line)["email"] for line in told.splitlines()] == [ANA, BEA, BEA]
    assert len(client.get("/api/v1/exports/consents?brand=ostra", headers=both).text.splitlines()) == 1
    assert client.get("/api/v1/exports/consents?brand=ostra", headers=headers).json["code"] == "brand_forbidden"
    assert client.get("/api/v1/exports/consents?brand=nobody", headers=headers).json["code"] == "unknown_item"
    before = lines(env)
    job = send(client, headers, told, "", "application/x-ndjson").json["id"]
    work(env, job)
    assert show(client, headers, job).json["counts"] == {"unchanged": 2, "rejected": 1}
    assert lines(env) == before


def lines(env):
    with env.database.transaction() as session:
        return session.scalar(text("SELECT count(*) FROM consent_event"))
