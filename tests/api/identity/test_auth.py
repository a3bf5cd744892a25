"""Registering, logging in, and tokens."""

import asyncio
import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import jwt
from fastapi import FastAPI
from httpx import AsyncClient

from runtime.settings import DEVELOPMENT_KEY
from tests.api.conftest import PASSWORD, PREFIX, Clock, Login, Person, client_of, error_of, rules_of
from tests.support import timing

BODY = {"email": "hanako@example.jp", "password": PASSWORD, "family_name": "山田", "given_name": "花子"}


async def test_register_log_in_me(client: AsyncClient, log_in: Login) -> None:
    person = await log_in("Hanako@Example.jp")
    me = await person.get("/auth/me")
    assert me.status_code == 200
    data = me.json()["data"]
    assert data["id"] == str(person.id)
    assert data["email"] == "Hanako@Example.jp"
    assert "password" not in me.text
    assert "hash" not in me.text


async def test_emails_compare_without_case(client: AsyncClient, log_in: Login) -> None:
    await log_in("hanako@example.jp")
    again = await client.post(f"{PREFIX}/auth/register", json={**BODY, "email": "HANAKO@example.jp"})
    assert error_of(again) == (409, "already_exists")
    assert again.json()["error"]["details"] == {"field": "email"}
    login = await client.post(f"{PREFIX}/auth/login", json={"email": "HANAKO@EXAMPLE.JP", "password": PASSWORD})
    assert login.status_code == 200


async def test_register_of_one_email_at_once_makes_one_login(client: AsyncClient) -> None:
    answers = await asyncio.gather(*(client.post(f"{PREFIX}/auth/register", json=BODY) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


WEAK = [
    ("Sak-202", "at_least_8_characters"),
    ("sakura-2026", "upper_case_letter"),
    ("SAKURA-2026", "lower_case_letter"),
    ("Sakura-Blossom", "digit"),
    ("Sakura2026", "symbol"),
    ("Hanako1@example.jp", "not_the_email"),
]


async def test_weak_passwords(client: AsyncClient) -> None:
    for password, rule in WEAK:
        body = {**BODY, "email": "hanako1@example.jp", "password": password}
        answer = await client.post(f"{PREFIX}/auth/register", json=body)
        assert rules_of(answer) == {("password", rule)}


WRONG: list[tuple[dict[str, object], str]] = [
    ({"email": "hanako"}, "email"),
    ({"email": "a b@example.jp"}, "email"),
    ({"email": "a@b@example.jp"}, "email"),
    ({"family_name": ""}, "family_name"),
    ({"family_name": "山\u0000田"}, "family_name"),
    ({"given_name": "x" * 201}, "given_name"),
    ({"language": "fr"}, "language"),
    ({"is_admin": True}, "is_admin"),
    ({"platform_role": "admin"}, "platform_role"),
]


async def test_wrong_fields(client: AsyncClient) -> None:
    for change, field in WRONG:
        answer = await client.post(f"{PREFIX}/auth/register", json={**BODY, **change})
        assert {name for name, _ in rules_of(answer)} == {field}, change
    assert (await client.post(f"{PREFIX}/auth/register", json=BODY)).status_code == 201


async def test_login_answers_alike_for_known_and_unknown(client: AsyncClient, log_in: Login) -> None:
    await log_in("hanako@example.jp")
    wrong = await client.post(f"{PREFIX}/auth/login", json={"email": "hanako@example.jp", "password": "Wrong-2026"})
    unknown = await client.post(f"{PREFIX}/auth/login", json={"email": "nobody@example.jp", "password": PASSWORD})
    assert error_of(wrong) == error_of(unknown) == (401, "invalid_credentials")
    assert wrong.json()["error"] == unknown.json()["error"]


async def test_unknown_email_costs_a_hash_too(app: FastAPI) -> None:
    passwords = app.state.services.passwords
    stored = await passwords.hash(PASSWORD)

    asked = {
        "known": partial(passwords.matches, "Wrong-2026", stored),
        "unknown": partial(passwords.matches, "Wrong-2026", None),
    }
    # Without a hash it would be a hundredth.
    await timing.holds(asked, 20, lambda found: 0.5 < found["unknown"] / found["known"] < 2)


async def test_password_longer_than_bcrypt_reads_matches_nothing(app: FastAPI) -> None:
    passwords = app.state.services.passwords
    long = "Aa1-" * 18
    stored = await passwords.hash(long)
    assert await passwords.matches(long, stored)
    assert not await passwords.matches(long + "x", stored)


def forged(person: Person, *, key: str = DEVELOPMENT_KEY, kid: str | None = "k1", **changed: object) -> str:
    now = datetime.now(UTC)
    claims = {"sub": str(person.id), "typ": "access", "iat": now, "exp": now + timedelta(minutes=5), **changed}
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key, "HS256", headers={"kid": kid} if kid else None)


async def me_with(app: FastAPI, token: str) -> tuple[int, str | None]:
    async with client_of(app, Authorization=f"Bearer {token}") as http:
        answer = await http.get(f"{PREFIX}/auth/me")
    if answer.status_code == 200:
        return 200, None
    assert answer.headers["www-authenticate"] == "Bearer"
    return error_of(answer)


async def test_our_own_kind_of_token_is_good(app: FastAPI, owner: Person) -> None:
    """The control: what the forgeries below change is what makes them bad."""
    assert await me_with(app, forged(owner)) == (200, None)


BAD_TOKENS: list[dict[str, Any]] = [
    {"key": "another-key-that-is-long-enough-to-sign"},
    {"kid": "k0"},
    {"kid": None},
    {"typ": "refresh"},
    {"typ": "two_factor"},
    {"typ": ["access"]},
    {"sid": "not-a-uuid"},
    {"sid": 7},
    {"sid": str(uuid4())},
    {"iat": datetime(2099, 1, 1, tzinfo=UTC), "exp": datetime(2099, 1, 2, tzinfo=UTC)},
    {"typ": None},
    {"sub": "not-a-uuid"},
    {"sub": None},
    {"exp": None},
    {"iat": None},
    {"exp": datetime(2020, 1, 1, tzinfo=UTC)},
]


async def test_bad_tokens(app: FastAPI, owner: Person) -> None:
    for changed in BAD_TOKENS:
        assert await me_with(app, forged(owner, **changed)) == (401, "unauthenticated"), changed


def session_of(person: Person) -> str:
    return str(jwt.decode(person.token, options={"verify_signature": False})["sid"])


async def test_tampered_claims_and_what_the_header_says(app: FastAPI, owner: Person, customer: Person) -> None:
    """Each a change of one thing; the header's word counts for nothing but which of our keys to try."""
    head, claims, signature = owner.token.split(".")
    other_claims = customer.token.split(".")[1]
    bad = [
        f"{head}.{other_claims}.{signature}",
        f"{head}.{claims}.",
        f"{head}.{claims}",
        f"{head}.{claims}.{signature}x",
    ]
    good = {"sub": str(owner.id), "typ": "access", "sid": session_of(owner), "adm": False}
    now = datetime.now(UTC)
    good |= {"iat": int(now.timestamp()), "exp": int((now + timedelta(minutes=5)).timestamp())}
    kids: list[object] = ["../../etc/passwd", "' OR '1'='1", "", [], ["k1"], {"k1": 1}, 1, None, True, "K1", "k1\0"]
    for kid in kids:
        bad.append(signed({"alg": "HS256", "typ": "JWT", "kid": kid}, good))
    for algorithm in ("none", "None", "NONE", "HS384", "HS512", "RS256", "ES256", "", None, 1):
        bad.append(signed({"alg": algorithm, "typ": "JWT", "kid": "k1"}, good))
        bad.append(signed({"alg": algorithm, "typ": "JWT", "kid": "k1"}, good, b""))
    bad.append(signed({"alg": "HS256", "typ": "JWT", "kid": "k1", "crit": ["exp"]}, good))
    bad.append(signed({"alg": "HS256", "kid": "k1", "jwk": {"kty": "oct", "k": "eA"}}, good, b"x"))
    for token in bad:
        assert await me_with(app, token) == (401, "unauthenticated"), token
    control = signed({"alg": "HS256", "typ": "JWT", "kid": "k1"}, good)
    assert await me_with(app, control) == (200, None)


def signed(header: object, claims: object, key: bytes = DEVELOPMENT_KEY.encode()) -> str:
    """By hand, so that a header can say anything; the signature is always HMAC with SHA-256."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    mac = hmac.digest(key, b".".join(parts), "sha256") if key else b""
    return b".".join([*parts, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()


async def test_unsigned_token(app: FastAPI, owner: Person) -> None:
    now = datetime.now(UTC)
    claims = {"sub": str(owner.id), "typ": "access", "iat": now, "exp": now + timedelta(minutes=5)}
    token = jwt.encode(claims, "", "none", headers={"kid": "k1"})
    assert await me_with(app, token) == (401, "unauthenticated")


async def test_token_of_nobody(app: FastAPI, owner: Person) -> None:
    assert await me_with(app, forged(owner, sub=str(uuid4()))) == (401, "unauthenticated")


async def test_tokens_end(app: FastAPI, owner: Person, clock: Clock) -> None:
    assert (await owner.get("/auth/me")).status_code == 200
    clock.ahead = timedelta(minutes=15, seconds=1)
    answer = await owner.get("/auth/me")
    assert error_of(answer) == (401, "unauthenticated")
    assert answer.json()["error"]["details"] == {"reason": "expired_token"}


async def test_authorization_of_another_scheme_is_refused(app: FastAPI) -> None:
    for header in ("Basic aGk6aGk=", "Bearer", "token"):
        async with client_of(app, Authorization=header) as http:
            assert error_of(await http.get(f"{PREFIX}/auth/me")) == (401, "unauthenticated"), header


async def test_request_without_a_token_is_refused(client: AsyncClient) -> None:
    assert error_of(await client.get(f"{PREFIX}/auth/me")) == (401, "unauthenticated")
