"""Documents of a business: upload, reading by operators, and removal."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from temporalio.testing import ActivityEnvironment

from activities.media.media import KEEP_UNREFERENCED, MediaActivities, MediaSweepInput
from activities.onboarding.documents import unreferenced_documents
from api.http.envelope import Envelope
from api.v1.onboarding.verification.schemas import (
    DocumentRead,
    DocumentTicketRead,
)
from db.engine.session import Database as Pool
from domain.media.files import DOCUMENTS_IN, DOCUMENTS_KEPT
from providers.storage.interface import ObjectMissing, Storage
from runtime.settings import Settings
from tests.api.business_setup import rows
from tests.api.conftest import Login, Person, error_of
from tests.api.onboarding.conftest import PDF, Draft
from tests.support import pictures


async def test_documents_are_read_and_judged_by_operators_alone(ready: Draft, admin: Person) -> None:
    await ready.post("/submit")
    found = await ready.verification()
    assert [document.url for document in found.documents] == [None] * 3
    whole = (await admin.get(f"/admin/businesses/{ready.id}")).json()["data"]
    async with httpx.AsyncClient() as browser:
        read = await browser.get(whole["documents"][0]["url"])
    assert (read.content, read.headers["content-type"]) == (PDF, "application/pdf")
    assert "attachment" in read.headers["content-disposition"]
    document, review = whole["documents"][2]["id"], whole["review"]["id"]
    body = {"note": "電話で確認", "documents": [{"document_id": document, "status": "refused", "note": "期限切れ"}]}
    judged = (await admin.put(f"/admin/verifications/{review}", json=body)).json()["data"]
    assert judged["review"]["note"] == "電話で確認"
    assert judged["missing"] == ["document.permit"]
    mine = await ready.verification()
    assert mine.review is not None
    assert (mine.review.note, mine.documents[2].status, mine.documents[2].note) == (None, "refused", "期限切れ")


async def test_document_must_be_what_it_says(draft: Draft) -> None:
    answer = await draft.upload("permit", b"<svg onload='alert(1)'/>")
    assert error_of(answer) == (415, "unsupported_media_type")
    picture = await draft.upload("permit", pictures.picture(), "application/pdf")
    assert error_of(picture) == (415, "unsupported_media_type")
    assert (await draft.verification()).documents == []
    good = await draft.upload("permit", pictures.picture(), "image/jpeg")
    read = Envelope[DocumentRead].model_validate_json(good.content, extra="forbid").data
    assert (read.status, read.content_type) == ("received", "image/jpeg")


async def test_document_cannot_be_swapped_after_it_was_looked_at(draft: Draft, admin: Person) -> None:
    answer = await draft.post("/documents", json={"kind": "permit", "content_type": "application/pdf"})
    ticket = Envelope[DocumentTicketRead].model_validate_json(answer.content, extra="forbid").data
    async with httpx.AsyncClient() as browser:

        async def send(content: bytes) -> bool:
            form, file = ticket.upload.fields, {"file": ("document", content)}
            return (await browser.post(ticket.upload.url, data=form, files=file)).is_success

        assert await send(PDF)
        assert (await draft.post(f"/documents/{ticket.document.id}/complete")).status_code == 200
        assert await send(PDF + b"another")  # the ticket is good for its time
        whole = (await admin.get(f"/admin/businesses/{draft.id}")).json()["data"]
        assert (await browser.get(whole["documents"][0]["url"])).content == PDF


async def test_business_sends_only_so_many_documents(draft: Draft, settings: Settings) -> None:
    fill = (
        "INSERT INTO business_documents (business_id, kind, content_type, object_key)"
        " SELECT $1::uuid, 'permit', 'application/pdf', 'in/' || n FROM generate_series(2, $2) n"
    )
    await rows(draft.database, fill, draft.id, settings.documents_per_business)
    body = {"kind": "permit", "content_type": "application/pdf"}
    assert (await draft.post("/documents", json=body)).status_code == 201
    refused = await draft.post("/documents", json=body)
    assert error_of(refused) == (422, "rule_broken")
    assert refused.json()["error"]["details"]["rule"] == "too_many_documents"


async def test_document_that_never_came(draft: Draft) -> None:
    answer = await draft.post("/documents", json={"kind": "permit", "content_type": "application/pdf"})
    document = answer.json()["data"]["document"]["id"]
    assert error_of(await draft.post(f"/documents/{document}/complete")) == (409, "wrong_state")
    assert (await draft.verification()).documents == []


async def test_document_is_withdrawn(ready: Draft, log_in: Login) -> None:
    document = (await ready.verification()).documents[0]
    path = f"/owner/businesses/{ready.id}/documents/{document.id}"
    other_person = await log_in()
    assert error_of(await other_person.delete(path)) == (404, "not_found")
    assert (await ready.owner.delete(path)).status_code == 200
    assert error_of(await ready.owner.delete(path)) == (404, "not_found")
    assert (await ready.verification()).missing == ["document.registration"]


async def test_documents_of_a_business_have_a_size_together(draft: Draft, settings: Settings) -> None:
    fill = (
        "INSERT INTO business_documents (business_id, kind, content_type, object_key, status, size)"
        " VALUES ($1::uuid, 'permit', 'application/pdf', 'in/large', 'received', $2)"
    )
    await rows(draft.database, fill, draft.id, settings.document_bytes_per_business - len(PDF))
    assert (await draft.upload("permit")).status_code == 200
    refused = await draft.post("/documents", json={"kind": "permit", "content_type": "application/pdf"})
    assert error_of(refused) == (422, "rule_broken")
    assert refused.json()["error"]["details"]["rule"] == "document_space_used"


async def test_documents_are_taken_from_an_owner_with_a_confirmed_address(draft: Draft) -> None:
    await rows(draft.database, "UPDATE users SET email_verified_at = NULL")
    refused = await draft.post("/documents", json={"kind": "permit", "content_type": "application/pdf"})
    assert error_of(refused) == (409, "wrong_state")


async def test_withdrawn_document_has_no_file_and_no_place_in_the_quota(
    draft: Draft, settings: Settings, objects: Storage
) -> None:
    fill = (
        "INSERT INTO business_documents (business_id, kind, content_type, object_key, created_at)"
        " SELECT $1::uuid, 'permit', 'application/pdf', 'in/' || n, now() - $3 * interval '1 hour'"
        " FROM generate_series(2, $2) n"
    )
    await rows(draft.database, fill, draft.id, settings.documents_per_business, 25)  # their files never came
    await rows(draft.database, fill.replace("'in/'", "'new/'"), draft.id, settings.documents_per_business, 1)
    document = (await draft.upload("permit")).json()["data"]["id"]
    kept = f"{DOCUMENTS_KEPT}{draft.id}/{document}"
    assert (await objects.head(kept)).size == len(PDF)
    assert not (await objects.list_page(f"{DOCUMENTS_IN}{draft.id}/")).objects, "the uploaded copy is deleted"
    body = {"kind": "permit", "content_type": "application/pdf"}
    assert error_of(await draft.post("/documents", json=body)) == (422, "rule_broken")
    withdrawn = await draft.owner.delete(f"/owner/businesses/{draft.id}/documents/{document}")
    assert withdrawn.status_code == 200
    with pytest.raises(ObjectMissing):
        await objects.head(kept)
    assert (await draft.post("/documents", json=body)).status_code == 201


async def test_files_of_documents_that_nothing_needs_are_swept(
    draft: Draft, pool: Pool, settings: Settings, objects: Storage
) -> None:
    """After a day: files of withdrawn documents, and what a ticket wrote after its document was received."""
    kept = (await draft.upload("permit")).json()["data"]["id"]
    gone = (await draft.upload("identity")).json()["data"]["id"]
    await rows(draft.database, "UPDATE business_documents SET deleted_at = now() WHERE id = $1", UUID(gone))
    late = f"{DOCUMENTS_IN}{draft.id}/{uuid4()}"
    await objects.put(late, PDF, "application/pdf")

    async def sweep(later: timedelta) -> None:
        def now() -> datetime:
            return datetime.now(UTC) + later

        keeper = MediaActivities(pool, objects, settings.max_media_bytes, now, unreferenced_documents(pool))
        await ActivityEnvironment().run(keeper.sweep, MediaSweepInput())

    async def keys() -> set[str]:
        pages = [await objects.list_page(f"{prefix}{draft.id}/") for prefix in (DOCUMENTS_IN, DOCUMENTS_KEPT)]
        return {one.key for page in pages for one in page.objects}

    await sweep(timedelta(hours=1))
    assert late in await keys()
    await sweep(KEEP_UNREFERENCED + timedelta(minutes=1))
    assert await keys() == {f"{DOCUMENTS_KEPT}{draft.id}/{kept}"}
