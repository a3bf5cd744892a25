"""Pages and odd input: no answer is a server error, and nothing that was typed or stored is lost."""

import re

import pytest
from fastapi import FastAPI

from db.engine.session import Database as Pool
from tests.api.conftest import Clock, Login
from tests.api.pages.console import entered
from tests.api.pages.test_account import log_in_page
from tests.api.pages.visitor import Visitor
from tests.api.salon import StaffedSalon, keyed
from tests.support import data

_LITERALS = (
    *("search", "notes", "new", "hours", "merge", "duplicates", "import", "imports", "export", "exports", "tags"),
    *("receipt", "intent", "reorder", "terminate", "invitations", "stats", "..", ".", "%00", "a%2Fb"),
)


def console(salon: StaffedSalon, path: str) -> str:
    return f"/console/{salon.ids.business_id}/{path}"


@pytest.mark.parametrize("uri", ["", "otpauth://totp/x?secret=" + "A" * 5000, "\x00"])
async def test_second_factor_with_an_odd_address_is_asked_for_again(
    visitor: Visitor, log_in: Login, pool: Pool, uri: str
) -> None:
    person = await log_in()
    await data.rows(pool, "UPDATE users SET email_verified_at = now() WHERE id = :id RETURNING id", id=person.id)
    await log_in_page(visitor, person.email)
    await visitor.open("/account/profile")
    await visitor.send("/account/second-factor/new")
    page = await visitor.send("/account/second-factor", password="x", code="000000", uri=uri)
    assert 400 <= page.status_code < 500, page.text
    assert visitor.alert()


@pytest.mark.parametrize("kind", ["services", "resources", "policies", "customers", "team", "time-off", "payments"])
async def test_record_of_an_odd_name_is_refused(owner: Visitor, salon: StaffedSalon, kind: str) -> None:
    for name in _LITERALS:
        page = await owner.open(console(salon, f"{kind}/{name}"))
        assert page.status_code < 500, (name, page.text)


async def test_policy_keeps_as_many_steps_as_the_api_allows(owner: Visitor, salon: StaffedSalon) -> None:
    tiers = [{"hours_before": 24 * n, "penalty_percent": 100 - 10 * n} for n in range(8, 0, -1)]
    body = {
        "business_id": str(salon.ids.business_id),
        "name": {"en": "Steps"},
        "tiers": tiers,
        "no_show_percent": 100,
    }
    answer = await salon.owner.post("/policies", json=body, headers=keyed())
    assert answer.status_code == 201, answer.text
    policy = answer.json()["data"]
    page = await owner.open(console(salon, f"policies/{policy['id']}"))
    inputs = dict(re.findall(r'<input id="(tiers[^"]+)"[^>]* value="([^"]*)"', page.text))
    page = await owner.send(
        console(salon, f"policies/{policy['id']}"), **inputs, **{"name.en": "Steps", "no_show_percent": "100"}
    )
    assert "Saved." in page.text, page.text
    again = (await salon.owner.get(f"/policies/{policy['id']}")).json()["data"]
    assert again["tiers"] == policy["tiers"]


async def test_note_that_is_refused_is_shown_again(owner: Visitor, salon: StaffedSalon, pool: Pool) -> None:
    await owner.open(console(salon, "customers/new"))
    await owner.send(console(salon, "customers/new"), family_name="佐藤", phone="090-1234-5678")
    [row] = await data.rows(pool, "SELECT id FROM customers WHERE phone = '+819012345678'")
    await owner.open(console(salon, f"customers/{row['id']}"))
    typed = "likes\u0007 short hair"
    page = await owner.send(console(salon, f"customers/{row['id']}/notes"), kind="general", body=typed)
    assert 400 <= page.status_code < 500, page.text
    assert "likes" in page.text
    assert "short hair" in page.text
    page = await owner.send(console(salon, f"customers/{row['id']}/notes"), kind="nonsense", body="likes tea")
    assert 400 <= page.status_code < 500, page.text
    assert "likes tea" in page.text


@pytest.mark.parametrize("number", ["nan", "inf", "1e999", "-", "", "９", "1" * 400])
async def test_rollout_with_an_odd_number_is_refused(
    app: FastAPI, pool: Pool, clock: Clock, salon: StaffedSalon, number: str
) -> None:
    operator = await entered(app, pool, clock, await data.add_user(pool, platform_role="admin"))
    await operator.open("/admin/flags")
    page = await operator.send("/admin/flags", name="waitlist.offers", subject="user")
    found = re.search(r'action="(/admin/flags/[^"]+)"', page.text)
    assert found is not None
    page = await operator.send(found[1], do="start", shares="5, 100", minutes=number, errors=number)
    assert page.status_code < 500, page.text
    page = await operator.send(found[1], do="start", shares=number, minutes="60")
    assert page.status_code < 500, page.text


async def test_page_that_is_not_found_links_to_no_other_site(visitor: Visitor) -> None:
    for address in ("//evil.example", "/%5Cevil.example", "///evil.example/a"):
        answer = await visitor.http.get(f"http://test{address}", headers={"Accept": "text/html"})
        assert answer.status_code == 404
        assert not re.findall(r'(?:href|action)="(/[/\\][^"]*)"', answer.text)
