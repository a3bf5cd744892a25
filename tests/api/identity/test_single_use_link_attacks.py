"""What links and their forms never do: reveal a login, open anything twice, or accept hostile text."""

import asyncio
import json
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from db.engine.session import Database as Pool
from domain.identity.names import is_number, looks_empty
from runtime.links import Purpose
from tests.api.conftest import (
    PASSWORD,
    PREFIX,
    Clock,
    Login,
    Statements,
    client_of,
    error_of,
    rules_of,
)
from tests.api.identity.account_emails import account_emails, newest_token, token_in
from tests.api.identity.conftest import NEXT, THIRD, Account, gone
from tests.support import data, timing

#: Headers that say when and how often somebody asked.
OF_THE_REQUEST = frozenset({"x-request-id", "date", "x-ratelimit-remaining", "x-ratelimit-reset"})


async def asked_about(client: AsyncClient, path: str, email: str) -> dict[str, Any]:
    answer = await client.post(f"{PREFIX}/auth/{path}", json={"email": email})
    headers = {name: value for name, value in answer.headers.items() if name not in OF_THE_REQUEST}
    return {"status": answer.status_code, "body": answer.content, "headers": headers}


@pytest.mark.parametrize("path", ["forgot-password", "resend-verification"])
async def test_forgot_password_reveals_no_login(account: Account, statements: Statements, path: str) -> None:
    verified = await newest_token(account.services, account.person.id, "email_verification")
    counts, answers = [], []
    for email in (account.person.email, account.person.email.upper(), "nobody@example.jp"):
        statements.clear()
        answers.append(await asked_about(account.client, path, email))
        counts.append(len(statements))
    await account.post("verify-email", token=verified)
    statements.clear()
    answers.append(await asked_about(account.client, path, account.person.email))
    counts.append(len(statements))
    assert len({json.dumps(answer, default=str, sort_keys=True) for answer in answers}) == 1
    assert len(set(counts)) == 1, counts


@pytest.mark.parametrize("path", ["forgot-password", "resend-verification"])
async def test_unknown_email_costs_the_same_work(account: Account, path: str) -> None:
    """Without the work that is rolled back it takes 0.4 to 0.75 of the time. The control: what does nothing is found
    apart by the same measure."""
    asked = {
        name: partial(asked_about, account.client, path, email)
        for name, email in (("known", account.person.email), ("unknown", "nobody@example.jp"), ("none", "no e-mail"))
    }
    await timing.holds(
        asked, 20, lambda found: found["none"] < found["known"] * 0.6 and 0.8 < found["unknown"] / found["known"] < 1.25
    )


async def test_unknown_email_leaves_no_row(account: Account, pool: Pool) -> None:
    before = await data.rows(pool, "SELECT count(*) FROM notification_outbox")
    for path in ("forgot-password", "resend-verification"):
        await account.post(path, email="nobody@example.jp")
    assert await data.rows(pool, "SELECT count(*) FROM notification_outbox") == before
    assert await data.rows(pool, "SELECT 1 FROM password_resets") == []
    promised = await data.rows(pool, "SELECT payload FROM outbox")
    assert len(promised) == 1  # the verification e-mail of registering


def tampered(token: str) -> list[str]:
    kid, _, rest = token.partition(".")
    flipped = [rest[:at] + ("A" if rest[at] != "A" else "B") + rest[at + 1 :] for at in (0, 5, 12, 30, len(rest) - 2)]
    return [
        *(f"{kid}.{text}" for text in flipped),
        f"k0.{rest}",
        f".{rest}",
        rest,
        token[:-1],
        token + "A",
        token + "=",
        kid,
        "x",
        "' OR 1=1 --",
        "a\u0000b",
        "あ" * 80,
        str(uuid4()),
    ]


@pytest.mark.parametrize("path", ["verify-email", "reset-password"])
async def test_guessed_and_tampered_tokens_open_nothing(account: Account, path: str) -> None:
    token = await account.forgot() if path == "reset-password" else await account.resent()
    more = {"password": NEXT} if path == "reset-password" else {}
    for guess in tampered(token):
        answer = await account.post(path, token=guess, **more)
        assert error_of(answer) == (422, "invalid_link"), guess
    assert (await account.post(path, token=token, **more)).status_code == 200


async def test_link_is_for_one_purpose_alone(account: Account, app: FastAPI) -> None:
    verification, reset = await account.resent(), await account.forgot()
    assert error_of(await account.reset(verification)) == (422, "invalid_link")
    assert error_of(await account.post("verify-email", token=reset)) == (422, "invalid_link")
    async with client_of(app, Authorization=f"Bearer {reset}") as http:
        assert (await http.get(f"{PREFIX}/auth/me")).status_code == 401


async def test_well_signed_link_to_nothing_opens_nothing(account: Account, clock: Clock) -> None:
    """Also one whose row is there, but which was not the one that was sent: its digest is another."""
    links, until = account.services.links, clock.now() + timedelta(hours=1)
    nothing = links.issue(Purpose.RESET_PASSWORD, uuid4(), until)
    assert error_of(await account.reset(nothing)) == (422, "invalid_link")
    await account.forgot()
    [row] = await data.rows(account.services.database, "SELECT id FROM password_resets")
    longer = links.issue(Purpose.RESET_PASSWORD, row["id"], until + timedelta(days=365))
    assert error_of(await account.reset(longer)) == (422, "invalid_link")


async def test_link_works_for_its_own_login_alone(account: Account, log_in: Login) -> None:
    other = Account(await log_in(), account.client, account.services)
    mine, theirs = await account.forgot(), await other.forgot()
    assert mine != theirs
    assert (await account.reset(mine)).status_code == 200
    assert await other.logs_in_with(PASSWORD)
    assert (await other.reset(theirs, THIRD)).status_code == 200
    assert await account.logs_in_with(NEXT)


async def test_link_to_a_former_address_is_good_no_longer(account: Account, pool: Pool) -> None:
    token = await account.forgot()
    await data.rows(pool, "UPDATE users SET email = 'moved@example.jp' WHERE id = :id", id=account.person.id)
    assert gone(await account.reset(token)) == "link_replaced"


async def test_deleted_login_cannot_come_back_by_a_link(account: Account, pool: Pool) -> None:
    token = await account.forgot()
    await data.rows(pool, "UPDATE users SET deleted_at = now() WHERE id = :id", id=account.person.id)
    assert error_of(await account.reset(token)) == (422, "invalid_link")


async def test_reset_used_by_two_at_once_works_for_one(account: Account) -> None:
    for round_ in range(5):
        token = await account.forgot()
        passwords = [f"Momiji-{round_}{number}" for number in range(4)]
        answers = await asyncio.gather(*(account.reset(token, password) for password in passwords))
        assert sorted(answer.status_code for answer in answers) == [200, 410, 410, 410]
        winner = next(index for index, answer in enumerate(answers) if answer.status_code == 200)
        assert await account.logs_in_with(passwords[winner])
        for index, answer in enumerate(answers):
            if index != winner:
                assert gone(answer) == "link_used"


async def test_reset_and_a_change_at_once_one_wins_and_is_the_password(account: Account) -> None:
    present = PASSWORD
    for round_ in range(8):
        await account.enter(present)
        token = await account.forgot()
        by_link, by_change = f"Link-{round_}-aA", f"Change-{round_}-aA"
        reset, changed = await asyncio.gather(account.reset(token, by_link), account.change(present, by_change))
        assert sorted([reset.is_success, changed.is_success]) == [False, True], (reset.text, changed.text)
        present = by_link if reset.is_success else by_change
        assert await account.logs_in_with(present)
        if not reset.is_success:
            assert gone(reset) == "link_used"
        elif changed.status_code != 401:  # before it looked at the password, its session had ended
            assert rules_of(changed) == {("current_password", "wrong_password")}
    assert len(await account_emails(account.services, account.person.id, "password_changed")) == 8


async def test_asking_many_times_at_once_leaves_one_good_link(account: Account) -> None:
    answers = await asyncio.gather(*(account.post("forgot-password", email=account.person.email) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {200}
    sent = await account_emails(account.services, account.person.id, "password_reset")
    tokens = [token_in(message) for message in sent]
    assert len(set(tokens)) == 6
    assert [(await account.reset(token)).status_code for token in tokens].count(200) == 1


EXTRA: list[tuple[str, dict[str, Any]]] = [
    ("verify-email", {"token": "x"}),
    ("resend-verification", {"email": "a@example.jp"}),
    ("forgot-password", {"email": "a@example.jp"}),
    ("reset-password", {"token": "x", "password": NEXT}),
    ("change-password", {"current_password": PASSWORD, "new_password": NEXT}),
    (
        "register",
        {"email": "mass@example.jp", "password": PASSWORD, "family_name": "山田", "given_name": "花子"},
    ),
]


@pytest.mark.parametrize(("path", "body"), EXTRA)
async def test_bodies_set_no_field_that_is_not_declared(account: Account, path: str, body: dict[str, Any]) -> None:
    for field, value in {
        "platform_role": "admin",
        "role": "admin",
        "email_verified_at": "2026-01-01T00:00:00Z",
        "id": str(uuid4()),
        "user_id": str(uuid4()),
        "password_hash": "x",
        "deleted_at": None,
        "__proto__": {},
    }.items():
        answer = await account.person.post(f"/auth/{path}", json={**body, field: value})
        assert (field, "extra_forbidden") in rules_of(answer), (path, field)


HOSTILE = [
    "'; DROP TABLE users; --",
    '" OR ""="',
    "$$; SELECT pg_sleep(5); $$",
    "%' OR '1'='1",
    "{{ 7 * 7 }}",
    "<script>alert(1)</script>",
    "\u202e\u2066",
    "x\\",
    ":email",
]

CONTROL = ["a\u0000b", "a\u0007b", "a\u001bb", "a\rb", "a\nb", "a\u0085b"]


@pytest.mark.parametrize("path", ["forgot-password", "resend-verification", "register", "login"])
async def test_hostile_text_where_an_email_belongs(account: Account, path: str) -> None:
    rest = {
        "register": {"password": PASSWORD, "family_name": "山田", "given_name": "花子"},
        "login": {"password": PASSWORD},
    }.get(path, {})
    for text in [*HOSTILE, *CONTROL, "a@example.jp\u0000", "a@example.jp'--", "a@example.jp\r\nBcc: b@example.jp"]:
        answer = await account.post(path, email=text, **rest)
        status, code = error_of(answer)
        assert (status, code) in {(422, "invalid_input"), (401, "invalid_credentials"), (400, "malformed")}, text
    [row] = await data.rows(account.services.database, "SELECT count(*) AS n FROM users")
    assert row["n"] == 1


@pytest.mark.parametrize("field", ["family_name", "given_name"])
async def test_hostile_text_in_a_name_is_stored_as_it_is_or_refused(account: Account, field: str) -> None:
    for number, hostile in enumerate(HOSTILE):
        # Signs that nobody can see are no name by themselves.
        text = f"山{hostile}" if looks_empty(hostile) else hostile
        body = {"email": f"h{number}@example.jp", "password": PASSWORD, "family_name": "山", "given_name": "花"}
        answer = await account.post("register", **{**body, field: text})
        if is_number(text):
            assert {name for name, _ in rules_of(answer)} == {field}, text
            continue
        assert answer.status_code == 201, text
        data_ = answer.json()["data"]
        assert data_[field] == text
        [message] = await account_emails(account.services, UUID(data_["id"]), "email_verification")
        assert "<script>" not in message.html
    for text in CONTROL:
        body = {"email": "c@example.jp", "password": PASSWORD, "family_name": "山", "given_name": "花"}
        assert {name for name, _ in rules_of(await account.post("register", **{**body, field: text}))} == {field}


async def test_hostile_text_in_a_password_is_a_password(account: Account) -> None:
    for text in ("Aa1-'; DROP TABLE users; --", "Aa1-aaa\u0000\u0007", "Aa1-{{ 7 * 7 }}", "Aa1-aaa\u202e花"):
        assert (await account.reset(await account.forgot(), text)).status_code == 200
        assert await account.logs_in_with(text)
