"""One login, and what its owner does with links and passwords."""

from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient, Response

from api.access.callers import ApiServices
from tests.api.conftest import (
    PREFIX,
    Login,
    Person,
    error_of,
)
from tests.api.identity.account_emails import newest_token

NEXT = "Momiji-2026"
THIRD = "Tsubaki-2027"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def log_in(log_in_over_http: Login) -> Login:
    """What these tests are about."""
    return log_in_over_http


@pytest.fixture
def services(app: FastAPI) -> ApiServices:
    found: ApiServices = app.state.services
    return found


class Account:
    """One login and what its owner does with links, from a client that is logged in nowhere."""

    def __init__(self, person: Person, client: AsyncClient, services: ApiServices) -> None:
        self.person, self.client, self.services = person, client, services

    async def post(self, path: str, **body: Any) -> Response:
        return await self.client.post(f"{PREFIX}/auth/{path}", json=body)

    async def forgot(self) -> str:
        """Asks for a reset; gives its token."""
        answer = await self.post("forgot-password", email=self.person.email)
        assert answer.status_code == 200, answer.text
        return await newest_token(self.services, self.person.id, "password_reset")

    async def resent(self) -> str:
        """Asks for the verification e-mail again; gives its token."""
        answer = await self.post("resend-verification", email=self.person.email)
        assert answer.status_code == 200, answer.text
        return await newest_token(self.services, self.person.id, "email_verification")

    async def reset(self, token: str, password: str = NEXT) -> Response:
        return await self.post("reset-password", token=token, password=password)

    async def change(self, current: str, new: str, **more: Any) -> Response:
        body = {"current_password": current, "new_password": new}
        return await self.person.post("/auth/change-password", json=body, **more)

    async def logs_in_with(self, password: str) -> bool:
        """Opens another session, if it is the password."""
        return (await self.post("login", email=self.person.email, password=password)).status_code == 200

    async def enter(self, password: str) -> None:
        """Logs in again where a reset has ended the session."""
        answer = await self.post("login", email=self.person.email, password=password)
        self.person.http.headers["Authorization"] = f"Bearer {answer.json()['data']['access_token']}"


@pytest_asyncio.fixture
async def account(customer: Person, client: AsyncClient, services: ApiServices) -> Account:
    return Account(customer, client, services)


def gone(answer: Response) -> str:
    """Why a link is good no longer."""
    assert error_of(answer) == (410, "gone"), answer.text
    return str(answer.json()["error"]["details"]["reason"])
