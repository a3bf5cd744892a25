"""The links of account e-mails, followed from the text of the message, and registering. No JavaScript."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import quote
from uuid import uuid4

import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient

from activities.identity.two_factor import TwoFactorActivities
from activities.templates.account_email import FORMS
from api.app import create_app
from db.engine.session import Database as Pool
from domain.platform.files import FILE_LASTS
from runtime.links import Purpose
from tests.api.business_setup import open_salon
from tests.api.conftest import PASSWORD, PREFIX, Clock, Login, Person, client_of
from tests.api.identity.account_emails import link_in
from tests.api.identity.test_two_factor import prove_address, setup
from tests.api.identity.test_two_factor_resets import has_factor, order, waiting
from tests.api.pages.visitor import Visitor
from tests.api.platform.audit.test_audit import make_admin
from tests.api.privacy.conftest import Hands
from tests.api.privacy.person import Shelf
from tests.api.scheduling.staff.test_assignments import invite
from tests.support.servers import Database

NEXT = "Momiji-2026"
#: The pages whose link an account e-mail has.
PATHS = ("/verify-email", "/reset-password", "/cancel-two-factor-reset", "/staff/invitation", "/data-export")


@pytest_asyncio.fixture
async def app(database: Database, pool: Pool, clock: Clock, shelf: Shelf) -> AsyncIterator[FastAPI]:
    """With a storage in memory, for exports."""
    settings = database.settings(temporal_address="127.0.0.1:1")
    app = create_app(settings, database=pool, password_rounds=4, now=clock.now, storage=shelf)  # type: ignore[arg-type]
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def log_in(log_in_over_http: Login) -> Login:
    """Registration sends the first of these links."""
    return log_in_over_http


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def hands(app: FastAPI, pool: Pool, clock: Clock, shelf: Shelf) -> Hands:
    return Hands(app, pool, clock, shelf)


async def mailed(hands: Hands, path: str) -> str:
    """The link in the only new message that leads to a page below ``path``."""
    [message] = [one for one in await hands.send_account_emails() if f"omotenashi.example{path}/" in one.text]
    return link_in(message)


async def enter(visitor: Visitor, address: str, email: str, password: str = PASSWORD) -> None:
    """Log in on the page at ``address``."""
    await visitor.open(address)
    page = await visitor.send("/console/login", email=email, password=password)
    assert page.status_code == 200, page.text


async def is_proven(person: Person) -> bool:
    answer = await person.get("/auth/me")
    assert answer.status_code == 200, answer.text
    proven: bool = answer.json()["data"]["email_verified"]
    return proven


async def test_address_is_confirmed_by_the_button_and_not_by_opening(
    visitor: Visitor, log_in: Login, hands: Hands
) -> None:
    person = await log_in()
    link = await mailed(hands, "/verify-email")
    for _ in range(2):
        assert (await visitor.open(link)).status_code == 200
    assert not await is_proven(person)
    page = await visitor.send(link)
    assert (page.url.path, visitor.heading()) == ("/verify-email", "Your e-mail address is confirmed")
    assert await is_proven(person)
    await visitor.open(link)
    page = await visitor.send(link)
    assert (page.status_code, visitor.alert()) == (410, "This link has already been used.")
    assert visitor.links("/verify-email")[-1] == "/verify-email"


async def test_verification_that_has_expired_is_sent_again(
    visitor: Visitor, log_in: Login, hands: Hands, clock: Clock
) -> None:
    person = await log_in()
    first = await mailed(hands, "/verify-email")
    clock.ahead = timedelta(hours=25)
    await visitor.open(first)
    page = await visitor.send(first)
    assert (page.status_code, visitor.alert()) == (410, "This link has expired. Please request a new one.")
    said = []
    for email in ("nobody@example.jp", person.email):
        await visitor.open("/verify-email")
        page = await visitor.send("/verify-email", email=email)
        said.append(page.text)
    assert said[0] == said[1]
    await visitor.open(await mailed(hands, "/verify-email"))
    await visitor.send(str(visitor.page and visitor.page.url.path))
    assert visitor.heading() == "Your e-mail address is confirmed"


async def test_forgotten_password_is_replaced_and_old_sessions_end(
    visitor: Visitor, log_in: Login, hands: Hands
) -> None:
    person = await log_in()
    await enter(visitor, "/console/login?next=/account", person.email)
    await visitor.open("/console/login")
    [forgotten] = visitor.links("/forgot-password")
    said = []
    for email in ("nobody@example.jp", person.email):
        await visitor.open(forgotten)
        said.append((await visitor.send(forgotten, email=email)).text)
    assert said[0] == said[1]
    link = await mailed(hands, "/reset-password")
    assert (await visitor.open(link)).status_code == 200
    page = await visitor.send(link, password="short")
    assert page.status_code == 422
    assert visitor.alert()
    assert (await person.get("/auth/me")).status_code == 200, "nothing has changed yet"
    page = await visitor.send(link, password=NEXT)
    assert (page.url.path, visitor.heading()) == ("/reset-password", "Your password is changed")
    assert (await person.get("/auth/me")).status_code == 401
    assert (await visitor.open("/account")).url.path == "/console/login"
    assert (await visitor.send("/console/login", email=person.email, password=PASSWORD)).status_code == 401
    page = await visitor.send("/console/login", email=person.email, password=NEXT)
    assert page.url.path == "/account", page.text
    await visitor.open(link)
    page = await visitor.send(link, password="Tsubaki-2027")
    assert page.status_code == 410
    assert visitor.links("/forgot-password")


async def test_reset_that_has_expired_leads_to_a_new_one(
    visitor: Visitor, log_in: Login, hands: Hands, clock: Clock
) -> None:
    person = await log_in()
    await visitor.open("/forgot-password")
    await visitor.send("/forgot-password", email=person.email)
    link = await mailed(hands, "/reset-password")
    clock.ahead = timedelta(hours=2)
    await visitor.open(link)
    page = await visitor.send(link, password=NEXT)
    assert page.status_code == 410
    await visitor.open(visitor.links("/forgot-password")[0])
    assert visitor.heading() == "Forgotten password"


async def test_invitation_is_accepted_by_the_invited_login_alone(
    visitor: Visitor, customer: Person, log_in: Login, pool: Pool, hands: Hands
) -> None:
    owner = await log_in()
    salon = await open_salon(pool, owner)
    await invite(owner, salon, customer.email)
    link, other = await mailed(hands, "/staff/invitation"), await log_in()
    await visitor.open(link)
    await enter(visitor, visitor.links("/console/login")[0], other.email)
    assert str(visitor.page and visitor.page.url.path) == link
    page = await visitor.send(link)
    assert (page.status_code, visitor.alert()) == (403, "Please log in with the e-mail address that was invited.")
    await enter(visitor, visitor.links("/console/login")[0], customer.email)
    page = await visitor.send(link)
    assert page.url.path == f"/console/{salon.id}/today", page.text
    await visitor.open(link)
    page = await visitor.send(link)
    assert (page.status_code, visitor.alert()) == (410, "This link has already been used.")


async def test_invitation_is_accepted_after_registering(
    visitor: Visitor, log_in: Login, pool: Pool, hands: Hands
) -> None:
    owner = await log_in()
    salon = await open_salon(pool, owner)
    await invite(owner, salon, "nagisa@example.jp")
    link = await mailed(hands, "/staff/invitation")
    await visitor.open(link)
    await visitor.open(visitor.links("/register")[0])
    typed = {"family_name": "海野", "given_name": "渚", "email": "nagisa@example.jp", "password": PASSWORD}
    page = await visitor.send("/register", **typed)
    assert visitor.heading() == "Please check your e-mail", page.text
    on = visitor.links("/console/login")[0]
    proof = await mailed(hands, "/verify-email")
    await visitor.open(proof)
    await visitor.send(proof)
    await enter(visitor, on, "nagisa@example.jp")
    page = await visitor.send(link)
    assert page.url.path == f"/console/{salon.id}/today", page.text


async def test_reset_of_the_second_factor_is_cancelled(
    visitor: Visitor,
    log_in: Login,
    client: AsyncClient,
    hands: Hands,
    pool: Pool,
    database: Database,
    clock: Clock,
) -> None:
    admin, person = await log_in(), await log_in()
    await make_admin(admin, database)
    await prove_address(database, person)
    code = (await setup(person)).at(clock.now())
    assert (await person.post("/auth/2fa/enable", json={"password": PASSWORD, "code": code})).status_code == 200
    await order(admin, person)
    about = await waiting(database, person)
    link = await mailed(hands, "/cancel-two-factor-reset")
    await visitor.open(link)
    await visitor.send(link)
    assert visitor.heading() == "The reset is cancelled"
    await visitor.open(link)
    page = await visitor.send(link)
    assert page.status_code == 410
    assert visitor.links("/account/profile")
    clock.ahead = timedelta(hours=25)
    assert await TwoFactorActivities(pool, lambda: clock.now()).reset(about) is False
    assert await has_factor(client, person)


async def test_export_is_fetched_by_the_button_until_its_end(
    visitor: Visitor, customer: Person, hands: Hands, clock: Clock
) -> None:
    assert (await customer.post("/auth/me/export")).status_code == 202
    await hands.exports.write(await hands.export_of(customer.id))
    link = await mailed(hands, "/data-export")
    page = await visitor.open(link)
    assert customer.email not in page.text
    for _ in range(2):
        await visitor.open(link)
        file = await visitor.send(link)
        assert file.headers["content-disposition"].startswith("attachment")
        assert "no-store" in file.headers["cache-control"]
        assert customer.email in json.dumps(json.loads(file.content))
    clock.ahead = FILE_LASTS + timedelta(minutes=1)
    await visitor.open(link)
    page = await visitor.send(link)
    assert page.status_code == 410
    assert visitor.links("/account/data")


@pytest.mark.parametrize("path", PATHS)
async def test_token_that_is_not_of_this_link_does_nothing(
    app: FastAPI, visitor: Visitor, log_in: Login, clock: Clock, path: str
) -> None:
    person = await log_in()
    await enter(visitor, "/console/login", person.email)
    other = Purpose.DATA_EXPORT if path != "/data-export" else Purpose.VERIFY_EMAIL
    foreign = app.state.services.links.issue(other, uuid4(), clock.now() + timedelta(days=1))
    hostile = ('"><script src=x>', "a\u0000b", "..", "あ" * 80, "x" * 5000, "?done#", "' OR 1=1 --")
    for token in (foreign, *hostile):
        address = f"{path}/{quote(token, safe='').replace('..', '%2E%2E')}"
        await visitor.open(address)
        page = await visitor.send(address, password=NEXT)
        assert page.status_code in {401, 422}, (token, page.status_code, page.text)
        assert visitor.heading() == "This link does not work", token
        assert visitor.alert() == "This link is not valid. Please open the link in the e-mail again.", token
        assert "<script src=x" not in page.text
        assert len(visitor.links("/")) > 1, "a way on"


@pytest.mark.parametrize("path", PATHS)
async def test_forms_from_elsewhere_use_no_link(app: FastAPI, visitor: Visitor, path: str) -> None:
    await visitor.open(f"{path}/x")
    page = await visitor.send(f"{path}/x", form_token="A" * 32)
    assert page.status_code == 403
    assert (await client_of(app).post(f"{path}/x", data={"password": NEXT})).status_code == 403


def test_links_of_account_emails_have_the_token_in_the_path() -> None:
    paths = {form.opens.path for form in FORMS.values() if form.opens is not None}
    assert paths == {f"{path}/{{token}}" for path in (*PATHS, "/waitlist")}


async def test_registering_says_what_is_wrong_and_keeps_what_was_typed(visitor: Visitor, log_in: Login) -> None:
    person = await log_in()
    await visitor.open("/console/login")
    await visitor.open(visitor.links("/register")[0])
    typed = {"family_name": "海野", "given_name": "渚", "email": person.email}
    page = await visitor.send("/register", **typed, password="short")
    assert page.status_code == 422
    assert 'value="海野"' in page.text
    assert "short" not in page.text
    page = await visitor.send("/register", **typed, password=PASSWORD)
    assert (page.status_code, visitor.alert()) == (409, "This e-mail address is already registered or invited.")
    assert visitor.links("/console/login")
    assert visitor.links("/forgot-password")


async def test_registering_twice_with_one_form_makes_one_login(
    visitor: Visitor, client: AsyncClient, hands: Hands
) -> None:
    typed = {"family_name": "海野", "given_name": "渚", "email": "nagisa@example.jp", "password": PASSWORD}
    page = await visitor.open("/register")
    form = page
    for _ in range(2):
        visitor.page = form
        page = await visitor.send("/register", **typed)
        assert visitor.heading() == "Please check your e-mail", page.text
    await mailed(hands, "/verify-email")
    login = {"email": typed["email"], "password": PASSWORD}
    assert (await client.post(f"{PREFIX}/auth/login", json=login)).status_code == 200


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/staff/invitation//evil.example", ""])
async def test_registering_goes_on_to_own_pages_alone(visitor: Visitor, back: str) -> None:
    await visitor.open("/register", next=back, sent="")
    assert visitor.links("/console/login") == ["/console/login?next=%2Fconsole"]
