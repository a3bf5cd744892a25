"""Characters that Postgres does not store are the caller's mistake, wherever they come in."""

from httpx import AsyncClient

from tests.api.conftest import PREFIX, Person, error_of

REGISTER = {"email": "a@example.jp", "password": "Sakura-2026", "family_name": "A", "given_name": "B"}


async def test_nul_in_an_address(client: AsyncClient, owner: Person) -> None:
    for path in (
        "/businesses?prefecture=%00",
        "/businesses?vertical=%00",
        "/businesses/slug/a%00b",
        "/businesses/%00",
        "/services?category=a%00",
        "/businesses?cursor=%00",
    ):
        status, code = error_of(await owner.get(path))
        assert (status, code) in {(400, "malformed"), (422, "invalid_input")}, path


async def test_nul_in_a_login(client: AsyncClient) -> None:
    login = {"email": "a\u0000@example.jp", "password": "x"}
    assert error_of(await client.post(f"{PREFIX}/auth/login", json=login))[0] in {400, 422}
    unknown = {"email": "a@example.jp", "password": "x\u0000y"}
    assert error_of(await client.post(f"{PREFIX}/auth/login", json=unknown)) == (401, "invalid_credentials")


async def test_password_may_hold_any_character(client: AsyncClient) -> None:
    for number, password in enumerate(("Sakura-2026\u0000a", "Sakura-2026\U0001f338", "Sakura-2026 \t")):
        body = {**REGISTER, "email": f"a{number}@example.jp", "password": password}
        assert (await client.post(f"{PREFIX}/auth/register", json=body)).status_code == 201, number
        login = {"email": body["email"], "password": password}
        assert (await client.post(f"{PREFIX}/auth/login", json=login)).status_code == 200, number
        wrong = {"email": body["email"], "password": password[:11]}
        assert error_of(await client.post(f"{PREFIX}/auth/login", json=wrong)) == (401, "invalid_credentials"), number


async def test_half_a_character(client: AsyncClient) -> None:
    content = b'{"email": "a@example.jp", "password": "\\ud800Aa1-aaaa", "family_name": "A", "given_name": "B"}'
    answer = await client.post(f"{PREFIX}/auth/register", content=content, headers={"Content-Type": "application/json"})
    assert error_of(answer) == (422, "invalid_input")


async def test_strange_headers(client: AsyncClient) -> None:
    headers = {b"User-Agent": b"\xff" * 1000, b"Accept-Language": b"\xff", b"Accept": b"\xff"}
    answer = await client.post(f"{PREFIX}/auth/register", json=REGISTER, headers=headers)
    assert answer.status_code == 201
    keyed = await client.post(f"{PREFIX}/auth/register", json=REGISTER, headers={b"Idempotency-Key": b"\xff"})
    assert error_of(keyed) == (400, "malformed")
