"""Confirming an e-mail and choosing a new password: what each link opens, once, and what it never does."""

from datetime import timedelta
from uuid import UUID

from fastapi import FastAPI

from db.engine.session import Database as Pool
from db.identity.single_use_links import RESET, VERIFICATION
from tests.api.conftest import (
    PASSWORD,
    PREFIX,
    Clock,
    client_of,
    error_of,
    rules_of,
)
from tests.api.identity.account_emails import account_emails, newest_token, token_in
from tests.api.identity.conftest import MINUTE, NEXT, THIRD, Account, gone
from tests.support import data


async def test_registering_sends_a_account_email_that_confirms_the_email(account: Account) -> None:
    assert (await account.person.get("/auth/me")).json()["data"]["email_verified"] is False
    [message] = await account_emails(account.services, account.person.id, "email_verification")
    assert message.to == account.person.email
    answer = await account.post("verify-email", token=token_in(message))
    assert answer.status_code == 200, answer.text
    data_ = answer.json()["data"]
    assert data_["email"] == account.person.email
    assert (await account.person.get("/auth/me")).json()["data"]["email_verified"] is True
    assert gone(await account.post("verify-email", token=token_in(message))) == "link_used"


async def test_verification_lasts_a_day_and_a_newer_one_replaces_it(account: Account, clock: Clock) -> None:
    first = await newest_token(account.services, account.person.id, "email_verification")
    second = await account.resent()
    assert gone(await account.post("verify-email", token=first)) == "link_replaced"
    clock.ahead = timedelta(hours=24) + MINUTE
    assert gone(await account.post("verify-email", token=second)) == "link_expired"
    third = await account.resent()
    clock.ahead += timedelta(hours=24) - MINUTE
    assert (await account.post("verify-email", token=third)).status_code == 200


async def test_reset_password_takes_an_older_link_after_others_were_asked_for(account: Account) -> None:
    """Repeated requests by another person do not void the link that the owner is reading."""
    first = await account.forgot()
    others = [await account.forgot() for _ in range(3)]
    assert (await account.reset(first)).status_code == 200
    for other in others:
        assert gone(await account.reset(other, THIRD)) == "link_used"


async def test_reset_password_link_lasts_an_hour(account: Account, clock: Clock) -> None:
    second = await account.forgot()
    clock.ahead = timedelta(hours=1) + MINUTE
    assert gone(await account.reset(second)) == "link_expired"
    assert await account.logs_in_with(PASSWORD)
    third = await account.forgot()
    clock.ahead += timedelta(hours=1) - MINUTE
    assert (await account.reset(third)).status_code == 200
    assert await account.logs_in_with(NEXT)
    assert not await account.logs_in_with(PASSWORD)


async def test_reset_works_once_notifies_and_confirms_the_email(account: Account) -> None:
    token = await account.forgot()
    assert (await account.reset(token)).status_code == 200
    assert gone(await account.reset(token, THIRD)) == "link_used"
    assert await account.logs_in_with(NEXT)
    assert len(await account_emails(account.services, account.person.id, "password_changed")) == 1
    [row] = await data.rows(account.services.database, "SELECT email_verified_at FROM users")
    assert row["email_verified_at"] is not None


async def test_reset_ends_every_session_and_lifts_a_lock(account: Account) -> None:
    token = await account.forgot()
    for _ in range(5):
        assert not await account.logs_in_with("Wrong-2026")
    assert not await account.logs_in_with(PASSWORD)  # locked
    assert (await account.person.get("/auth/me")).status_code == 200
    assert (await account.reset(token)).status_code == 200
    assert error_of(await account.person.get("/auth/me")) == (401, "unauthenticated")
    assert await account.logs_in_with(NEXT)
    ended = await data.rows(
        account.services.database, "SELECT end_reason FROM user_sessions WHERE ended_at IS NOT NULL"
    )
    assert {row["end_reason"] for row in ended} == {"password_reset"}


async def test_change_ends_every_session_but_the_one_it_comes_from(account: Account, app: FastAPI) -> None:
    other = await account.post("login", email=account.person.email, password=PASSWORD)
    tokens = other.json()["data"]
    assert (await account.change(PASSWORD, NEXT)).status_code == 200
    assert (await account.person.get("/auth/me")).status_code == 200
    async with client_of(app, Authorization=f"Bearer {tokens['access_token']}") as http:
        assert error_of(await http.get(f"{PREFIX}/auth/me")) == (401, "unauthenticated")
    again = await account.post("refresh", refresh_token=tokens["refresh_token"])
    assert error_of(again) == (401, "unauthenticated")


async def test_guessing_the_present_password_from_an_open_session_locks(account: Account) -> None:
    for _ in range(5):
        assert rules_of(await account.change("Wrong-2026", NEXT)) == {("current_password", "wrong_password")}
    assert error_of(await account.change(PASSWORD, NEXT)) == (429, "account_locked")
    assert len(await account_emails(account.services, account.person.id, "login_locked")) == 1


async def test_changing_the_password_voids_the_links_that_were_out(account: Account) -> None:
    token = await account.forgot()
    assert (await account.change(PASSWORD, NEXT)).status_code == 200
    assert gone(await account.reset(token, THIRD)) == "link_used"
    assert await account.logs_in_with(NEXT)
    assert not await account.logs_in_with(PASSWORD)
    assert len(await account_emails(account.services, account.person.id, "password_changed")) == 1


async def test_changing_needs_the_present_password_and_a_good_other_one(account: Account) -> None:
    assert rules_of(await account.change("Wrong-2026", NEXT)) == {("current_password", "wrong_password")}
    assert rules_of(await account.change(PASSWORD, PASSWORD)) == {("new_password", "not_the_current_password")}
    assert ("new_password", "digit") in rules_of(await account.change(PASSWORD, "Momiji-Leaf"))
    assert error_of(await account.post("change-password", current_password=PASSWORD, new_password=NEXT))[0] == 401
    assert await account.logs_in_with(PASSWORD)
    assert await account_emails(account.services, account.person.id, "password_changed") == []


async def test_reset_refuses_a_weak_password_and_stays_good(account: Account) -> None:
    token = await account.forgot()
    email = account.person.email.capitalize()  # with every kind of character that a password needs
    assert rules_of(await account.reset(token, email)) == {("password", "not_the_email")}
    assert rules_of(await account.reset(token, "momiji-2026")) == {("password", "upper_case_letter")}
    assert (await account.reset(token)).status_code == 200


async def test_repeat_with_the_same_key_gives_the_same_answer(account: Account) -> None:
    """Though the link is used by then, and the present password is the present one no longer."""
    token = await newest_token(account.services, account.person.id, "email_verification")
    for path, body in (
        ("verify-email", {"token": token}),
        ("reset-password", {"token": await account.forgot(), "password": NEXT}),
    ):
        url, headers = f"{PREFIX}/auth/{path}", {"Idempotency-Key": path}
        first, second = [await account.client.post(url, json=body, headers=headers) for _ in range(2)]
        assert (first.status_code, first.content) == (200, second.content), path
        assert second.headers["Idempotent-Replayed"] == "true"
    await account.enter(NEXT)
    first, second = [await account.change(NEXT, THIRD, headers={"Idempotency-Key": "c"}) for _ in range(2)]
    assert (first.status_code, first.content) == (200, second.content)
    assert len(await account_emails(account.services, account.person.id, "password_changed")) == 2


async def test_language_is_that_of_the_request_unless_the_body_has_one(app: FastAPI) -> None:
    for number, (asked, chosen, stored) in enumerate(
        [("en-GB,en;q=0.9", None, "en"), ("ja", None, "ja"), ("en", "ja", "ja"), ("fr", None, "ja")]
    ):
        body = {"email": f"l{number}@example.jp", "password": PASSWORD, "family_name": "山田", "given_name": "花子"}
        async with client_of(app, **{"Accept-Language": asked}) as http:
            answer = await http.post(f"{PREFIX}/auth/register", json=body | ({"language": chosen} if chosen else {}))
        assert answer.json()["data"]["language"] == stored
        user_id = UUID(answer.json()["data"]["id"])
        [message] = await account_emails(app.state.services, user_id, "email_verification")
        assert message.language == stored


async def test_token_is_stored_nowhere(account: Account, pool: Pool) -> None:
    token = await account.forgot()
    body, mac = token.rpartition(".")[2], token[-20:]
    tables = await data.rows(
        pool,
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relkind = 'r' AND has_table_privilege(c.oid, 'SELECT')",
    )
    assert len(tables) > 20
    for table in tables:
        for row in await data.rows(pool, f"SELECT to_jsonb(t)::text AS row FROM {table['relname']} t"):
            assert body not in row["row"], table
            assert mac not in row["row"], table
    listed = (await account.person.get("/notifications")).text
    assert body not in listed
    assert "password_reset" in listed


async def test_lifetimes_are_those_of_the_product() -> None:
    assert (VERIFICATION.lifetime, RESET.lifetime) == (timedelta(hours=24), timedelta(hours=1))
