"""A copy of all that is held of a person, for that person alone, for a week."""

import json
import re
from datetime import timedelta
from urllib.parse import unquote

from httpx import AsyncClient

from api.http.envelope import Envelope
from api.v1.privacy.data_rights.schemas import ExportFileRead, ExportRead
from db.engine.session import Database as Pool
from db.privacy.exports import object_key
from db.privacy.sections import SECTIONS
from db.tables import Base
from domain.platform.files import FILE_LASTS
from tests.api.conftest import PASSWORD, PREFIX, Clock, Login, Person, error_of
from tests.api.privacy.conftest import Hands
from tests.api.privacy.person import EMAIL, TRACES, Shelf, plant
from tests.support import data
from tests.support.servers import Database

#: Tables that know a person and are in no section, and why.
NOT_EXPORTED = {
    "booking_series": "the plan alone; its bookings are exported one by one",
    "customer_import_rows": "which row of a file a record was made from; the record is exported",
    "customer_notes": "the business's own, as internal notes of bookings are; an erasure deletes them",
    "marketing_sends": "that a message was sent; the message is exported",
    "health_note_reads": "who at the business read its notes; an erasure deletes it",
    "recovery_codes": "digests of codes that the person has",
    "email_verifications": "digests of links that were sent, gone after a week",
    "password_resets": "digests of links that were sent, gone after a week",
    "command_texts": "moved to booking_history when the command is executed, else deleted after a day",
    "erasures": "who has one has no login to ask with",
}


async def ask(person: Person) -> None:
    answer = await person.post("/auth/me/export")
    assert answer.status_code == 202, answer.text
    Envelope[ExportRead].model_validate_json(answer.content, extra="forbid")


async def token_for(person: Person, hands: Hands) -> str:
    """Ask, and read the token in the e-mail."""
    await ask(person)
    await hands.exports.write(await hands.export_of(person.id))
    [message] = [email for email in await hands.send_account_emails() if "/data-export/" in email.text]
    assert message.to == person.email
    return unquote(re.findall(r"/data-export/(\S+)", message.text)[0])


async def test_export_holds_everything_and_no_secret(
    log_in: Login, pool: Pool, database: Database, hands: Hands, client: AsyncClient
) -> None:
    ayumi = await plant(log_in, pool, database)
    token = await token_for(ayumi.login, hands)
    answer = await client.post(f"{PREFIX}/auth/export/fetch", json={"token": token})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "no-store" in answer.headers["cache-control"]
    ExportFileRead.model_validate_json(answer.content)
    whole = json.loads(answer.content)
    assert set(whole) == {"format", "exported_at", *SECTIONS}
    filled = {name for name in SECTIONS if whole[name]}
    assert filled >= {
        "account",
        "sessions",
        "calendar_feeds",
        "customer_records",
        "bookings",
        "booking_history",
        "payments",
        "notices",
        "waitlist",
        "reviews",
    }
    assert filled >= {"own_changes", "exports"}
    text = answer.content.decode()
    about_her = set(TRACES) - {"internal_notes"}
    assert [name for name in about_her if TRACES[name].lower() not in text.lower()] == []
    assert TRACES["internal_notes"] not in text
    assert len(whole["customer_records"]) == 3  # two of the login, one that a guest left with its proven address
    for secret in ("password_hash", "client_secret", "token_hash", "totp"):
        assert secret not in text
    others = await data.rows(pool, "SELECT CAST(email AS text) AS email FROM users WHERE id <> :id", id=ayumi.login.id)
    assert [row["email"] for row in others if row["email"] in text] == []


async def test_export_covers_every_personal_table_or_says_why_not() -> None:
    knows = {
        table.name
        for table in Base.metadata.sorted_tables
        if {"user_id", "customer_id"} & set(table.c.keys()) or table.name == "users"
    }
    read = {name for name in knows if any(re.search(rf"\bFROM {name}\b", sql) for sql in SECTIONS.values())}
    assert knows - read == set(NOT_EXPORTED)


async def test_asking_again_while_one_is_written_means_that_one(customer: Person, pool: Pool, hands: Hands) -> None:
    await ask(customer)
    await ask(customer)
    assert len(await data.rows(pool, "SELECT 1 FROM data_exports")) == 1
    [order] = await data.rows(pool, "SELECT payload FROM outbox WHERE command = 'data_export.start'")
    assert set(order["payload"]) == {"export_id", "user_id"}
    export = await hands.export_of(customer.id)
    for _ in range(2):
        await hands.exports.write(export)
    account_emails = [email for email in await hands.send_account_emails() if "/data-export/" in email.text]
    assert len(account_emails) == 1, "announced once"
    assert (await customer.get("/auth/me/export")).json()["data"]["status"] == "ready"
    await ask(customer)
    assert (await customer.get("/auth/me/export")).json()["data"]["status"] == "queued"


async def test_link_is_over_after_a_week(customer: Person, hands: Hands, client: AsyncClient, clock: Clock) -> None:
    token = await token_for(customer, hands)
    path = f"{PREFIX}/auth/export/fetch"
    assert error_of(await client.post(path, json={"token": token + "x"})) == (401, "unauthenticated")
    clock.ahead = FILE_LASTS - timedelta(minutes=1)
    assert (await client.post(path, json={"token": token})).status_code == 200
    clock.ahead = FILE_LASTS + timedelta(minutes=1)
    assert error_of(await client.post(path, json={"token": token})) == (410, "gone")
    clock.ahead = timedelta()
    export = await hands.export_of(customer.id)
    for _ in range(2):
        await hands.exports.remove(export)
    assert hands.shelf.objects == {}
    assert error_of(await client.post(path, json={"token": token})) == (410, "gone")


async def test_export_written_during_an_erasure_is_deleted(customer: Person, hands: Hands) -> None:
    await ask(customer)
    export = await hands.export_of(customer.id)
    assert (await customer.post("/auth/me/erasure", json={"password": PASSWORD})).status_code == 202
    assert await hands.exports.write(export) is None
    assert hands.shelf.objects == {}


async def test_export_that_was_stored_and_not_marked_does_not_stay(
    customer: Person, hands: Hands, shelf: Shelf
) -> None:
    """As after a worker that was killed between the two."""
    await ask(customer)
    export = await hands.export_of(customer.id)
    shelf.objects[object_key(export.export_id)] = b"everything"
    await hands.exports.fail(export)
    assert shelf.objects == {}


async def test_export_is_for_its_owner_alone(customer: Person, owner: Person) -> None:
    await ask(customer)
    assert error_of(await owner.get("/auth/me/export")) == (404, "not_found")
    assert EMAIL not in (await customer.get("/auth/me/export")).text
