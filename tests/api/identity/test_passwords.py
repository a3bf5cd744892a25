"""One password, however a keyboard writes it: at registration, log-in, change and reset."""

from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from tests.api.conftest import PREFIX, client_of
from tests.api.identity.account_emails import newest_token

#: The same password as two keyboards send it.
WAYS = {
    "composed": ("Sakura-2026が", "Sakura-2026か\u3099"),
    "wide": ("Sakura-2026", "Ｓａｋｕｒａ－２０２６"),
    "long": ("Sakura-2026" + "が" * 40, "Sakura-2026" + "か\u3099" * 40),
}


async def logs_in(client: AsyncClient, email: str, password: str) -> bool:
    answer = await client.post(f"{PREFIX}/auth/login", json={"email": email, "password": password})
    assert answer.status_code in {200, 401}, answer.text
    return answer.status_code == 200


@pytest.mark.parametrize("way", WAYS)
async def test_password_is_the_same_in_every_form(client: AsyncClient, app: FastAPI, way: str) -> None:
    one, other = WAYS[way]
    body = {"email": "form@example.jp", "password": other, "family_name": "山田", "given_name": "花子"}
    registered = await client.post(f"{PREFIX}/auth/register", json=body)
    assert registered.status_code == 201
    answer = await client.post(f"{PREFIX}/auth/login", json={"email": "form@example.jp", "password": one})
    assert answer.status_code == 200
    token = answer.json()["data"]["access_token"]
    async with client_of(app, Authorization=f"Bearer {token}") as mine:
        change = {"current_password": one, "new_password": f"New-{other}"}
        changed = await mine.post(f"{PREFIX}/auth/change-password", json=change)
        assert changed.status_code == 200, changed.text
    assert await logs_in(client, "form@example.jp", f"New-{one}")
    assert not await logs_in(client, "form@example.jp", one)
    await client.post(f"{PREFIX}/auth/forgot-password", json={"email": "form@example.jp"})
    letter = await newest_token(app.state.services, UUID(registered.json()["data"]["id"]), "password_reset")
    reset = await client.post(f"{PREFIX}/auth/reset-password", json={"token": letter, "password": f"Other-{other}"})
    assert reset.status_code == 200, reset.text
    assert await logs_in(client, "form@example.jp", f"Other-{one}")


async def test_password_counts_to_its_last_byte(client: AsyncClient) -> None:
    password = "Sakura-2026" + "が" * 40
    body = {"email": "long@example.jp", "password": password, "family_name": "山田", "given_name": "花子"}
    assert (await client.post(f"{PREFIX}/auth/register", json=body)).status_code == 201
    assert not await logs_in(client, "long@example.jp", password[:-1] + "か")
    assert await logs_in(client, "long@example.jp", password)
