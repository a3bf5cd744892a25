"""What operators type in a review is in Postgres alone: in no workflow's history and in no row of the outbox."""

from uuid import UUID

from temporalio.client import Client

from tests.api.bookings.test_typed_texts import MARKER, everything_about
from tests.api.business_setup import rows
from tests.api.conftest import Person
from tests.api.onboarding.conftest import Draft
from workflows.support import ids


async def test_texts_of_a_review(ready: Draft, admin: Person, temporal: Client) -> None:
    """A question to the business, notes for other operators, a note about a document, and a rejection."""
    assert (await ready.post("/submit")).status_code == 200
    asked = await admin.post(f"/admin/businesses/{ready.id}/request-info", json={"reason": MARKER})
    assert asked.status_code == 200, asked.text
    whole = (await admin.get(f"/admin/businesses/{ready.id}")).json()["data"]
    judged = {"document_id": whole["documents"][2]["id"], "status": "refused", "note": MARKER}
    body = {"note": MARKER, "documents": [judged]}
    noted = await admin.put(f"/admin/verifications/{whole['review']['id']}", json=body)
    assert noted.status_code == 200, noted.text
    assert (await ready.upload("permit")).status_code == 200
    assert (await ready.post("/submit")).status_code == 200
    rejected = await admin.post(f"/admin/businesses/{ready.id}/reject", json={"reason": MARKER})
    assert rejected.status_code == 200, rejected.text

    decisions = await rows(ready.database, "SELECT decision FROM business_decisions WHERE reason = $1", MARKER)
    assert {row["decision"] for row in decisions} == {"info_requested", "rejected"}
    for table in ("business_verifications", "business_documents"):
        assert await rows(ready.database, f"SELECT 1 FROM {table} WHERE note = $1", MARKER)
    history = await everything_about(temporal, ids.verification(UUID(ready.id)))
    assert b"command_id" in history, "the commands are there and can be read"
    assert MARKER.encode() not in history
    assert await rows(ready.database, f"SELECT 1 FROM outbox o WHERE o::text LIKE '%{MARKER}%'") == []
    assert await rows(ready.database, "SELECT command_id FROM command_texts") == []
