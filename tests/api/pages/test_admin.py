"""The operators' pages: who may enter, the queue with its decisions, attention, audit, flags."""

import re
from pathlib import Path

import pytest
import pytest_asyncio
from fastapi import FastAPI

from api.pages.admin.attention import MONEY, text_of
from api.pages.console.login import own_path
from db.engine.session import Database as Pool
from tests.api.conftest import Clock
from tests.api.pages.console import booked, entered
from tests.api.pages.visitor import Visitor
from tests.api.salon import StaffedSalon
from tests.support import data

PAGES = ("/admin", "/admin?all=1", "/admin/attention", "/admin/audit", "/admin/flags")


@pytest_asyncio.fixture
async def operator(app: FastAPI, pool: Pool, clock: Clock, salon: StaffedSalon) -> Visitor:
    """The browser of an operator, who is nobody's customer and works nowhere."""
    user = await data.add_user(pool, platform_role="admin")
    return await entered(app, pool, clock, user)


@pytest.mark.parametrize("address", PAGES)
async def test_admin_pages_are_for_operators(owner: Visitor, visitor: Visitor, operator: Visitor, address: str) -> None:
    assert (await visitor.open(address)).url.path == "/console/login"
    refused = await owner.open(address)
    # An owner may read the trail of an own business alone, and has to name it.
    assert refused.status_code == (422 if address == "/admin/audit" else 403)
    assert "<td>" not in refused.text
    page = await operator.open(address)
    assert page.status_code == 200, page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_login_goes_on_to_the_operators_pages() -> None:
    assert own_path("/admin/attention") == "/admin/attention"
    assert own_path("/admin") == "/admin"
    assert own_path("/administrator") == "/console"
    assert own_path("/admin/..//evil.example") == "/console"


async def test_business_page_suspends_with_a_reason_and_reinstates(
    operator: Visitor, salon: StaffedSalon, slug: str, visitor: Visitor
) -> None:
    address = f"/admin/businesses/{salon.ids.business_id}"
    page = await operator.open(address)
    assert "Suspend" in page.text, page.text
    page = await operator.send(f"{address}/suspend", reason="")
    assert page.status_code == 422
    assert operator.alert()
    page = await operator.send(f"{address}/suspend", reason="名義の確認が必要です")
    assert (page.status_code, page.url.path) == (200, address)
    assert "名義の確認が必要です" in page.text
    assert (await visitor.open(f"/{slug}")).status_code == 404
    page = await operator.send(f"{address}/reinstate")
    assert page.status_code == 200, page.text
    assert (await visitor.open(f"/{slug}")).status_code == 200
    assert (await operator.send(f"{address}/delete")).status_code == 404


async def test_owner_cannot_send_the_forms_of_operators(owner: Visitor, salon: StaffedSalon, slug: str) -> None:
    await owner.open(f"/console/{salon.ids.business_id}/new")
    for address in (f"/admin/businesses/{salon.ids.business_id}/suspend", "/admin/flags"):
        assert (await owner.send(address, reason="x", name="x")).status_code == 403
    assert (await owner.open(f"/{slug}")).status_code == 200


async def test_attention_lists_money_and_settles_with_a_note(
    operator: Visitor, salon: StaffedSalon, pool: Pool
) -> None:
    for kind in ("refund_failed", "visit_unattended"):
        await data.rows(
            pool,
            """INSERT INTO attention (business_id, kind, dedupe_key, details)
               VALUES (:business, :kind, :kind, '{"amount": 5500, "reason": "<script>"}')""",
            business=salon.ids.business_id,
            kind=kind,
        )
    page = await operator.open("/admin/attention")
    assert page.text.count("<article") == 2
    assert "<script>" not in page.text
    page = await operator.open("/admin/attention", show="money")
    assert page.text.count("<article") == 1
    found = re.search(r'action="(/admin/attention/[^"]+)"', page.text.split("<article")[1])
    assert found
    page = await operator.send(found[1], note="")
    assert page.status_code == 422
    page = await operator.send(found[1], note="Refunded by hand")
    assert page.text.count("<article") == 1
    settled = await operator.open("/admin/attention", show="settled")
    assert "Refunded by hand" in settled.text


def test_attention_kinds_of_the_manual_have_their_sentences() -> None:
    manual = Path("docs/operations.md").read_text(encoding="utf-8").partition("## The attention list")[2]
    rows = [line for line in manual.partition("\n## ")[0].splitlines() if line.startswith("| `")]
    kinds = {kind for line in rows for kind in re.findall(r"`([a-z_]+)`", line.split("|")[1])}
    assert len(kinds) > 10
    assert [kind for kind in sorted(kinds | MONEY) if text_of(kind) == "attention_other"] == []


async def test_audit_finds_the_changes_of_a_record(operator: Visitor, salon: StaffedSalon) -> None:
    booking = await booked(salon)
    page = await operator.open("/admin/audit", entity="bookings", entity_id=booking)
    assert page.text.count(booking) >= 2
    page = await operator.open("/admin/audit", business_id="nonsense")
    assert page.status_code == 422
    assert 'value="nonsense"' in page.text
    nothing = await operator.open("/admin/audit", **{"from": "2030-01-01T00:00"})
    assert "Nothing was found" in nothing.text


async def test_flags_are_made_switched_and_stopped(operator: Visitor, pool: Pool) -> None:
    await operator.open("/admin/flags")
    page = await operator.send("/admin/flags", name="Not A Name", subject="user")
    assert page.status_code == 422
    assert 'value="Not A Name"' in page.text
    page = await operator.send("/admin/flags", name="waitlist.offers", subject="user")
    assert page.status_code == 200, page.text
    found = re.search(r'action="(/admin/flags/[^"]+)"', page.text)
    assert found
    for change in ({"do": "enable"}, {"do": "share", "percentage": "12.5"}, {"do": "kill"}):
        page = await operator.send(found[1], **change)
        assert page.status_code == 200, page.text
    [row] = await data.rows(pool, "SELECT enabled, killed, share FROM feature_flags")
    assert tuple(row.values()) == (True, True, 1250)
    page = await operator.send(found[1], do="share", percentage="101")
    assert page.status_code == 422
    assert operator.alert()
