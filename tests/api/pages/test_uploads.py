"""Files that a page takes: nothing of them is read before login and token, and those of a telephone fit."""

from collections.abc import AsyncIterator

import pytest

from db.engine.session import Database as Pool
from tests.api.conftest import PASSWORD, Login
from tests.api.pages.test_account import log_in_page
from tests.api.pages.visitor import Visitor
from tests.api.salon import StaffedSalon

_LINE = "b0unda7y"
_CHUNK = b"x" * 64_000
_CHUNKS = 40


class Sent:
    """The body of an upload, which counts how much of it was read."""

    def __init__(self, token: str, first: str = "form_token") -> None:
        self.read = 0
        self.head = (
            f'--{_LINE}\r\nContent-Disposition: form-data; name="{first}"\r\n\r\n{token}\r\n'
            f'--{_LINE}\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n'
            "Content-Type: image/jpeg\r\n\r\n"
        ).encode()
        self.tail = f"\r\n--{_LINE}--\r\n".encode()

    @property
    def headers(self) -> dict[str, str]:
        length = len(self.head) + len(_CHUNK) * _CHUNKS + len(self.tail)
        kind = f"multipart/form-data; boundary={_LINE}"
        return {"Accept": "text/html", "Content-Type": kind, "Content-Length": str(length)}

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.head
        for _ in range(_CHUNKS):
            self.read += 1
            yield _CHUNK
        yield self.tail


def paths(salon: StaffedSalon) -> list[str]:
    return [f"/console/{salon.ids.business_id}/{one}" for one in ("media", "start/documents")]


async def test_upload_without_a_login_is_not_read(visitor: Visitor, salon: StaffedSalon) -> None:
    for path in paths(salon):
        sent = Sent("A" * 32)
        answer = await visitor.http.post(path, content=sent, headers=sent.headers)
        assert answer.status_code == 303, path
        assert sent.read == 0


@pytest.mark.parametrize(("token", "first"), [("A" * 32, "form_token"), ("", "form_token"), ("A" * 32, "caption")])
async def test_upload_with_a_wrong_token_is_not_read(
    owner: Visitor, salon: StaffedSalon, token: str, first: str
) -> None:
    for path in paths(salon):
        sent = Sent(token, first)
        answer = await owner.http.post(path, content=sent, headers=sent.headers)
        assert answer.status_code == 403, path
        assert sent.read <= 1


async def test_upload_without_a_token_before_the_file_is_not_read(owner: Visitor, salon: StaffedSalon) -> None:
    sent = Sent("")
    sent.head = sent.head[sent.head.index(b"--b0unda7y", 5) :]
    answer = await owner.http.post(paths(salon)[0], content=sent, headers=sent.headers)
    assert answer.status_code == 403
    assert sent.read <= 2


async def test_upload_of_three_megabytes_reaches_the_operation(owner: Visitor, salon: StaffedSalon) -> None:
    """It is refused for what it is, not for its size: a page takes what the API takes."""
    path = paths(salon)[0]
    page = await owner.open(path)
    token = page.text.partition('name="form_token" value="')[2].partition('"')[0]
    sent = Sent(token)
    answer = await owner.http.post(path, content=sent, headers=sent.headers)
    assert sent.read == _CHUNKS
    assert answer.status_code != 413, answer.text
    assert 'role="alert"' in answer.text


async def test_form_keeps_the_blanks_of_a_password(visitor: Visitor, log_in: Login, pool: Pool) -> None:
    person = await log_in()
    await log_in_page(visitor, person.email)
    await visitor.open("/account/profile")
    page = await visitor.send("/account/password", current_password=PASSWORD, new_password="  Tsubaki-2027 ")
    assert "Saved." in page.text, page.text
    for typed, status in (("Tsubaki-2027", 401), ("  Tsubaki-2027 ", 200)):
        body = {"email": person.email, "password": typed}
        assert (await visitor.http.post("/api/v1/auth/login", json=body)).status_code == status
