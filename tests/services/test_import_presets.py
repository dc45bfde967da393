"""Files as other tools write them, each read by its preset: what comes of every row."""

from __future__ import annotations

from datetime import timedelta
from email.utils import formataddr

import pytest
from sqlalchemy import select

from app.courier import imports as courier
from app.kit import clock
from app.models import ConsentEvent, EventDetail, ImportReject, Suppression
from app.services import import_layouts, imports, locks
from app.services.import_layouts import BadLayout
from tests import journeys

CAMILLE = {"brand": "camille", "topic": "newsletter"}
YES = {"unsaid": "grant"}

MAILCHIMP = (
    '"Email Address","First Name","Last Name",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,'
    "LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS\n"
    'ana@example.com,Ana,Ruiz,2,"2023-05-01 10:00:00",192.0.2.1,"2023-05-01 10:05:00",192.0.2.2,,,,,,,,'
    '"2023-05-02 10:00:00",1,e1,,"""vip"",""shop"""\n'
    'bea@example.com,,,2,"2023-05-01 10:00:00",192.0.2.1,"2023-05-01 10:00:00",192.0.2.1,,,,,,,,'
    '"2023-05-02 10:00:00",2,e2,,\n'
    'cleo@example.com,,,2,,,"2023-05-03 10:00:00",,,,,,,,,"2023-05-03 10:00:00",3,e3,,\n'
)
UNSUBSCRIBED = (
    '"Email Address","First Name","Last Name",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LAST_CHANGED,'
    "UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,LEID,EUID,NOTES\n"
    'ana@example.com,,,2,,,"2023-05-01 10:05:00",,"2024-01-01 00:00:00","2023-12-24 08:00:00",Spring,7,NORMAL,,1,e1,\n'
    "bea@example.com,,,2,,,,,,,,,,,2,e2,\n"
)
CLEANED = (
    '"Email Address",MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,LEID,'
    "EUID\n"
    'ana@example.com,2,,,"{recent}",Spring,7,1,e1\nbea@example.com,2,,,"2019-01-01 00:00:00",Spring,7,1,e1\n'
)
BREVO = (
    "EMAIL;LASTNAME;FIRSTNAME;SMS;EMAIL_BLACKLISTED;SMS_BLACKLISTED;ADDED_TIME;MODIFIED_TIME\n"
    "ana@example.com;Ruiz;Ana;33612345678;No;No;12-04-2022 09:30;13-04-2022 10:00\n"
    "bea@example.com;;;;Yes;No;12-04-2022 09:30:15;13-04-2022 10:00:15\n"
)
BREVO_STATUS = (
    "EMAIL,ADDED_TIME,MODIFIED_TIME,EMAIL_MARKETING\nana@example.com,2022-04-12,2022-04-13,Subscribed\n"
    "bea@example.com,2022-04-12,2022-04-13,Unsubscribed\ncleo@example.com,2022-04-12,2022-04-13,Undecided\n"
)
LISTMONK = (
    "uuid,email,name,attributes,status,created_at,updated_at\n"
    'u1,ana@example.com,Ana,"{""city"": ""Paris""}",enabled,2024-02-01 08:30:00.123456 +0000 UTC,'
    "2024-02-02 08:30:00.123456789 +0000 UTC\n"
    "u2,bea@example.com,Bea,{},blocklisted,2024-02-01 08:30:00 +0530 IST,2024-02-02 08:30:00 +0530 IST\n"
    "u3,cleo@example.com,Cleo,{},disabled,2024-02-01 08:30:00 +0000 UTC,2024-02-02 08:30:00 +0000 UTC\n"
)
MAILMAN = "ana@example.com\nBea Ruiz <bea@example.com>\nno address\n"
MAILMAN_NAMES = "\n".join(formataddr((name, f"{who}@example.com")) for name, who in (
    ("Ana Q. Ruiz", "ana"), ('Ruiz, "Bea" <the second>', "bea"), ("", "cleo"),
))  # fmt: skip
HUBSPOT = (
    "Record ID,First Name,Last Name,Email,Create Date,Unsubscribed from all email,Marketing email confirmation status\n"
    "1,Ana,Ruiz,ana@example.com,2024-03-12 09:14,false,Confirmed\n"
    "2,Bea,Ruiz,bea@example.com,2024-03-12 09:14,true,\n"
    "3,Cleo,Ruiz,cleo@example.com,3/15/2024 2:30 PM,,\n"
    "4,Dan,Ruiz,dan@example.com,2024-03-12 09:14,,double_opt_in_pending\n"
)
OPTED_OUT = (
    "Email,Portal Bounce,Portal Unsubscribe,Portal Spam Report,Global Bounce,Marketing Information\n"
    "ana@example.com,FALSE,TRUE,FALSE,FALSE,TRUE\nbea@example.com,FALSE,FALSE,TRUE,FALSE,FALSE\n"
    "cleo@example.com,FALSE,FALSE,FALSE,FALSE,TRUE\n"
)
PARLEY = (
    '{"email": "ana@example.com", "brand": "camille", "topic": "newsletter", "channel": "email", "action": "grant",'
    ' "occurred_at": "2024-03-01T10:00:00Z", "evidence": {"till": "Paris 3"}, "wording": "Oui !"}\n'
    '{"email": "bea@example.com", "brand": "camille", "purpose": "personalisation", "action": "withdraw",'
    ' "occurred_at": "2024-03-01T10:00:00Z"}\n'
)
CASES = {
    "mailchimp": (MAILCHIMP, YES, {"ana": "granted", "bea": "granted", "cleo": "granted"}, []),
    "mailchimp, what is not said to be a yes": (MAILCHIMP, {}, {}, [(row, "unknown_status") for row in (2, 3, 4)]),
    "mailchimp, those who left, said to be a yes": (UNSUBSCRIBED, YES, {"ana": "refused"}, [(3, "no_date")]),
    "mailchimp, those who left": (UNSUBSCRIBED, {}, {"ana": "refused"}, [(3, "no_date")]),
    "mailchimp, cleaned": (CLEANED, {}, {}, []),
    "brevo": (BREVO, {}, {"ana": "granted", "bea": "refused"}, []),
    "brevo, with the status": (BREVO_STATUS, {}, {"ana": "granted", "bea": "refused"}, [(4, "unknown_status")]),
    "listmonk": (LISTMONK, {}, {"ana": "granted", "bea": "refused"}, [(4, "no_consent")]),
    "mailman, names of all kinds": (
        MAILMAN_NAMES, {"as_of": "2024-03-01"}, {"ana": "granted", "bea": "granted", "cleo": "granted"}, []
    ),
    "mailman": (MAILMAN, {"as_of": "2024-03-01"}, {"ana": "granted", "bea": "granted"}, [(3, "invalid_address")]),
    "hubspot": (HUBSPOT, {"as_of": "2024-04-01"}, {"ana": "granted", "bea": "refused"},
                [(4, "no_consent"), (5, "not_confirmed")]),
    "hubspot, those who left": (OPTED_OUT, {"as_of": "{recent}"}, {"ana": "refused"}, [(4, "no_consent")]),
    "parley": (PARLEY, {}, {"ana": "granted", "bea": "refused"}, []),
}  # fmt: skip


@pytest.fixture
def take(env):
    """Take in a file by a preset; give what was rejected, by line and reason."""

    def act(preset, content, told):
        layout = import_layouts.layout(CAMILLE, {"preset": preset}, told)
        form = "ndjson" if content.startswith("{") else "csv"
        encoded = content.encode()
        with env.database.transaction() as session:
            job = imports.begin(session, "list", form, layout, is_dry_run=False, size=len(encoded))
        done = courier.run(env, job.id, lambda position: [encoded[position:]] if encoded[position:] else [])
        assert done.state == imports.DONE, done.fault
        with env.database.transaction() as session:
            rejected = select(ImportReject.line, ImportReject.code).where(ImportReject.job_id == job.id)
            return [tuple(row) for row in session.execute(rejected.order_by(ImportReject.line))]

    return act


@pytest.mark.parametrize("case", CASES)
def test_what_comes_of_a_file(take, env, session, case):
    content, told, actions, rejects = CASES[case]
    recent = datetime_text(days=-10)
    told = {key: value.replace("{recent}", recent) for key, value in told.items()}
    found = take(case.split(",")[0], content.replace("{recent}", recent), told)
    assert found == rejects
    assert acted(env, session) == actions
    if case == "mailchimp, cleaned":
        assert len(session.scalars(select(Suppression)).all()) == 1, "the other bounced long ago"
        assert journeys.decision(env, "ana@example.com") == "suppressed"
    if case == "hubspot, those who left":
        assert journeys.decision(env, "bea@example.com") == "suppressed"


def acted(env, session):
    """Give what the last line about each of the people says."""
    found = {}
    for name in ("ana", "bea", "cleo", "dan"):
        owner = locks.owner_of(session, journeys.digest(env, f"{name}@example.com"))
        lines = session.scalars(select(ConsentEvent).where(ConsentEvent.account_id == owner)).all()
        found |= {name: lines[-1].action} if lines else {}
    return found


def datetime_text(days):
    return (clock.now() + timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S")


def test_both_acts_of_a_double_opt_in_are_kept_and_an_import_there_is_no_act(take, session):
    take("mailchimp", MAILCHIMP, YES)
    lines = {row.detail["member"]: (line, row.detail) for line, row in session.execute(
        select(ConsentEvent, EventDetail).join(EventDetail, (EventDetail.account_id == ConsentEvent.account_id)
                                               & (EventDetail.sequence == ConsentEvent.sequence)))}  # fmt: skip
    line, detail = lines["e1"]
    assert line.attributes == {"confirmed": True, "asked_at": "2023-05-01T10:00:00+00:00"}
    assert line.occurred_at.isoformat() == "2023-05-01T10:05:00+00:00"
    assert (detail["ip"], detail["optin_ip"]) == ("192.0.2.2", "192.0.2.1")
    assert lines["e2"][0].attributes == {}
    assert take("mailchimp", UNSUBSCRIBED.replace("ana@", "cleo@"), {}) == [(3, "no_date")]
    assert take("mailchimp", MAILCHIMP.replace("2023-05-03", "2024-05-03"), YES) == [(4, "conflict")]


def test_every_preset_says_where_it_was_looked_up():
    for name, layout in import_layouts.presets().items():
        assert layout.title, name
        assert len(layout.source) > 20, name


@pytest.mark.parametrize(("told", "words"), [
    ({"preset": "nobody"}, "There are:"), ({"columns": {"mail": "x"}}, "columns.mail"),
    ({"timezone": "Mars"}, "timezone"),
    ({"status": [{"column": "x", "values": {"y": "perhaps"}}]}, "status.0"), ({"as_of": "2999-01-01"}, "as_of"),
    ({"colums": {}}, "colums"), ({"preset": []}, "preset"), ({"is_list": True}, "names"),
    ({"formats": ["%d/%d/%Y"]}, "formats.0"), ({"formats": ["%Q"]}, "formats.0"), ({"formats": ["%"]}, "formats.0"),
    ({"title": "a\0"}, "title"), ({"brand": "a\ud800"}, "brand"), ({"evidence": {"a\0": "x"}}, "evidence"),
    ({"evidence": {"a" * 101: "x"}}, "evidence"), ({"columns": {"email": "a" * 201}}, "columns.email"),
    ({"status": [{"column": "x", "values": {"\0": "grant"}}]}, "status.0"), ({"a\0\ud800" * 500: 1}, "^.{,250}$"),
    ({"as_of": "1969-12-31"}, "as_of"), ({"as_of": "0001-01-01", "timezone": "Asia/Tokyo"}, "as_of"),
    ({"as_of": "9999-12-31T23:59:59", "timezone": "America/Los_Angeles"}, "as_of"),
])  # fmt: skip
def test_a_mapping_that_makes_no_sense(told, words):
    with pytest.raises(BadLayout, match=words):
        import_layouts.layout(told)


def test_a_mapping_is_toml_or_json():
    assert import_layouts.read_mapping('[columns]\nemail = "E"') == {"columns": {"email": "E"}}
    assert import_layouts.read_mapping('{"brand": "camille"}') == {"brand": "camille"}
    for text in ("=", "{", "{" * 100_000):
        with pytest.raises(BadLayout):
            import_layouts.read_mapping(text)
