"""A business is let in the way an owner and an operator live it: over HTTP, through the real workflow and storage."""

from uuid import uuid4

from httpx import AsyncClient

from api.http.envelope import Envelope, ListEnvelope
from api.v1.onboarding.verification.schemas import (
    BusinessUnderReviewRead,
    SuspendedRead,
    VerificationRead,
)
from domain.businesses.profile import IDENTITY
from tests.api.business_setup import NAME, rows
from tests.api.conftest import Person, error_of
from tests.api.onboarding.conftest import NEVER_SEEN, WHY, Draft, account_emails, decide, seen, version_of


async def test_submit_says_at_once_all_that_is_missing(draft: Draft) -> None:
    answer = await draft.post("/submit")
    assert error_of(answer) == (422, "verification_incomplete")
    absent = answer.json()["error"]["details"]["missing"]
    assert absent == (await draft.verification()).missing
    assert {"phone", "hours", "active_service", "document.permit"} <= set(absent)
    assert "legal_notice" not in absent  # nothing is paid online
    assert await rows(draft.database, "SELECT 1 FROM business_verifications") == []


async def test_approved_and_public(ready: Draft, admin: Person, client: AsyncClient) -> None:
    submitted = await ready.post("/submit")
    assert submitted.status_code == 200, submitted.text
    assert (await ready.verification()).status == "pending"
    assert not await seen(client, ready)
    approved = await decide(admin, ready, "approve")
    read = Envelope[VerificationRead].model_validate_json(approved.content, extra="forbid").data
    assert read.review is not None
    assert (read.status, read.review.status) == ("approved", "approved")
    assert await seen(client, ready)
    assert [each.decision for each in (await ready.verification()).decisions] == ["submitted", "approved"]
    assert await account_emails(ready) == ["business_submitted", "business_approved"]


async def test_asked_back_answered_and_approved(ready: Draft, admin: Person, client: AsyncClient) -> None:
    await ready.post("/submit")
    asked = await decide(admin, ready, "request-info", WHY)
    assert asked.json()["data"]["review"]["status"] == "info_requested"
    assert (await ready.verification()).decisions[-1].reason == WHY["reason"]
    again = await ready.post("/submit")
    assert again.json()["data"]["review"]["status"] == "waiting"
    assert (await decide(admin, ready, "approve")).status_code == 200
    assert await account_emails(ready) == [
        *("business_submitted", "business_info_requested", "business_submitted", "business_approved")
    ]


async def test_rejected_and_submitted_again(ready: Draft, admin: Person, client: AsyncClient) -> None:
    await ready.post("/submit")
    assert (await decide(admin, ready, "reject", WHY)).json()["data"]["status"] == "rejected"
    assert not await seen(client, ready)
    assert (await ready.post("/submit")).status_code == 200
    assert (await decide(admin, ready, "approve")).json()["data"]["status"] == "approved"
    assert await seen(client, ready)


async def test_approval_is_refused_for_what_went_missing_since(ready: Draft, admin: Person) -> None:
    await ready.post("/submit")
    await rows(ready.database, "UPDATE businesses SET phone = NULL WHERE id = $1", ready.id)
    refused = await decide(admin, ready, "approve")
    assert error_of(refused) == (422, "verification_incomplete")
    assert refused.json()["error"]["details"] == {"missing": ["phone"]}
    assert (await ready.verification()).status == "pending"


async def test_decisions_where_there_is_none_to_take(ready: Draft, admin: Person) -> None:
    assert error_of(await admin.post(f"/admin/businesses/{ready.id}/approve", json=NEVER_SEEN)) == (409, "wrong_state")
    assert error_of(await admin.post(f"/admin/businesses/{ready.id}/reinstate")) == (409, "wrong_state")
    assert error_of(await admin.post(f"/admin/businesses/{ready.id}/reject", json={})) == (422, "invalid_input")
    await ready.post("/submit")
    assert error_of(await ready.post("/submit")) == (409, "wrong_state")
    await decide(admin, ready, "approve")
    assert error_of(await decide(admin, ready, "approve")) == (409, "wrong_state")
    assert error_of(await admin.post(f"/admin/businesses/{uuid4()}/approve", json=NEVER_SEEN)) == (404, "not_found")


async def test_repeated_approval_is_answered_alike(ready: Draft, admin: Person) -> None:
    await ready.post("/submit")
    keyed = {"Idempotency-Key": "once"}
    first = await decide(admin, ready, "approve", headers=keyed)
    again = await decide(admin, ready, "approve", headers=keyed)
    assert (first.status_code, again.content) == (200, first.content)
    assert len(await account_emails(ready)) == 2


async def test_document_swapped_since_the_operator_looked_is_not_approved(ready: Draft, admin: Person) -> None:
    await ready.post("/submit")
    looked_at = {"version": await version_of(admin, ready)}
    old = next(each for each in (await ready.verification()).documents if each.kind == "permit")
    assert (await ready.owner.delete(f"/owner/businesses/{ready.id}/documents/{old.id}")).status_code == 200
    assert (await ready.upload("permit")).status_code == 200
    refused = await decide(admin, ready, "approve", looked_at)
    assert error_of(refused) == (409, "conflict")
    assert refused.json()["error"]["details"] == {"rule": "changed_since_seen"}
    await ready.owner.put(f"/owner/businesses/{ready.id}", json={"name": {"ja": "みらい銀行"}})
    second = {"version": await version_of(admin, ready)}
    await ready.owner.put(f"/owner/businesses/{ready.id}", json={"name": NAME})
    assert error_of(await decide(admin, ready, "approve", second)) == (409, "conflict")
    assert (await ready.verification()).status == "pending"
    judged = {"documents": [{"document_id": str((await ready.verification()).documents[0].id), "status": "accepted"}]}
    version = {"version": await version_of(admin, ready)}
    review = (await ready.verification()).review
    assert review is not None
    assert (await admin.put(f"/admin/verifications/{review.id}", json=judged)).status_code == 200
    assert (await decide(admin, ready, "approve", version)).status_code == 200, "the operator's own note is no change"


#: Every way in which an approved business may turn into another one.
OTHER_IDENTITY = {
    "email": "hello@mirai-bank.example",
    "name": {"ja": "みらい銀行", "en": "Mirai Bank"},
    "address": {"ja": "丸の内1丁目1-1"},
    "postal_code": "100-0005",
    "prefecture": "大阪府",
    "city": "千代田区",
    "phone": "03-5550-9999",
    "invoice_number": "T7123456789012",
    "legal_notice": {"ja": "販売業者 みらい銀行"},
    "vertical": "fitness",
}


def test_identity_columns_are_all_tried() -> None:
    assert set(OTHER_IDENTITY) == IDENTITY


async def test_approved_business_with_another_identity_is_reviewed_again(
    ready: Draft, admin: Person, client: AsyncClient
) -> None:
    await ready.post("/submit")
    await decide(admin, ready, "approve")
    path = f"/owner/businesses/{ready.id}"
    assert (await ready.owner.put(path, json={"description": {"ja": "駅から5分"}})).status_code == 200
    assert (await ready.owner.put(path, json={"name": NAME})).status_code == 200, "the same name is no change"
    assert (await ready.verification()).review.status == "approved"  # type: ignore[union-attr]
    for name, value in OTHER_IDENTITY.items():
        changed = await ready.owner.put(path, json={name: value})
        assert changed.status_code == 200, changed.text
        found = await ready.verification()
        assert found.review is not None
        assert (found.status, found.review.status) == ("approved", "waiting"), name
        assert await seen(client, ready), "it stays open meanwhile"
        done = await decide(admin, ready, "approve")
        assert done.json()["data"]["review"]["status"] == "approved", name
        assert (await ready.verification()).status == "approved"
    decisions = [each.decision for each in (await ready.verification()).decisions]
    assert decisions.count("identity_changed") == len(OTHER_IDENTITY)
    await ready.owner.put(path, json={"name": {"ja": "さくら銀行"}})
    await ready.owner.put(path, json={"phone": "03-5550-1111"})  # one review for both
    assert (await decide(admin, ready, "reject", WHY)).json()["data"]["status"] == "suspended"
    assert not await seen(client, ready)
    assert (await account_emails(ready))[-2:] == ["business_approved", "business_suspended"]


async def test_suspension_stops_new_bookings_and_lists_those_that_stand(
    ready: Draft, admin: Person, client: AsyncClient
) -> None:
    await ready.post("/submit")
    await decide(admin, ready, "approve")
    answer = await admin.post(f"/admin/businesses/{ready.id}/suspend", json=WHY)
    suspended = Envelope[SuspendedRead].model_validate_json(answer.content, extra="forbid").data
    assert (suspended.status, suspended.bookings) == ("suspended", [])
    assert not await seen(client, ready)
    assert error_of(await admin.post(f"/admin/businesses/{ready.id}/suspend", json=WHY)) == (409, "wrong_state")
    back = await admin.post(f"/admin/businesses/{ready.id}/reinstate")
    assert back.json()["data"]["status"] == "approved"
    assert await seen(client, ready)
    assert (await account_emails(ready))[-2:] == ["business_suspended", "business_reinstated"]


async def test_decisions_are_for_operators_alone(ready: Draft, owner: Person, customer: Person) -> None:
    base = f"/admin/businesses/{ready.id}"
    for path, body in (
        ("approve", NEVER_SEEN),
        ("reject", WHY),
        ("request-info", WHY),
        ("suspend", WHY),
        ("reinstate", None),
    ):
        assert error_of(await owner.post(f"{base}/{path}", json=body)) == (403, "forbidden")
        assert error_of(await customer.post(f"{base}/{path}", json=body)) == (404, "not_found")
    assert error_of(await owner.get("/admin/businesses")) == (403, "forbidden")
    assert error_of(await owner.get(base)) == (403, "forbidden")
    assert error_of(await customer.get(f"/owner/businesses/{ready.id}/verification")) == (404, "not_found")


async def test_operators_list(ready: Draft, admin: Person) -> None:
    assert (await admin.get("/admin/businesses", params={"review_status": "waiting"})).json()["data"] == []
    await ready.post("/submit")
    answer = await admin.get("/admin/businesses", params={"status": "pending", "review_status": "waiting"})
    (line,) = ListEnvelope[BusinessUnderReviewRead].model_validate_json(answer.content, extra="forbid").data
    assert (str(line.id), line.status, line.review_status) == (ready.id, "pending", "waiting")
