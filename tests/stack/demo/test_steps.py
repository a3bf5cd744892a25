"""What the demo is made of: lines with times, expectations, waiting, and people at the API."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from stack.demo.expectations import Unexpected, expect, until
from stack.demo.main import run
from stack.demo.people import Person
from stack.demo.scenes.late_money import holds_are_over
from stack.demo.timeline import Timeline

Handler = Callable[[httpx.Request], httpx.Response]


def _written(write: Callable[[Timeline], None], *times: float) -> list[str]:
    """The lines of a timeline whose clock shows ``times``, the first at its beginning."""
    output = io.StringIO()
    clock = iter(times)
    write(Timeline(Console(file=output, width=200), lambda: next(clock)))
    return output.getvalue().splitlines()


def test_line_has_the_time_what_happened_and_ids() -> None:
    (line,) = _written(lambda timeline: timeline.say("Hanako [x] holds 10:00", "booking/1", "A2"), 100.0, 112.34)
    assert line.split("  ")[0].strip() == "+12.3s"
    assert "Hanako [x] holds 10:00" in line
    assert line.endswith("booking/1  A2")


def test_ids_stand_in_one_column_whatever_the_letters() -> None:
    latin, japanese = (
        _written(lambda timeline, name=name: timeline.say(name, "#"), 0.0, 1.0)[0] for name in ("Sakura", "さくら")
    )
    # Each of the three letters takes two columns.
    assert latin.index("#") == japanese.index("#") + 3


def test_ready_line_is_written_once_for_each_process() -> None:
    timeline = Timeline(Console(file=io.StringIO()))
    timeline.ready("redis", 0.1)
    timeline.ready("api", 0.2)
    assert timeline.take_ready() == ["redis", "api"]
    assert timeline.take_ready() == []


def test_expectation_says_what_was_expected_and_what_was_found() -> None:
    expect("status", "confirmed", "confirmed")
    with pytest.raises(Unexpected) as surprise:
        expect("status", "pending", "confirmed")
    assert (surprise.value.expected, surprise.value.found) == ("status: confirmed", "pending")


async def test_waiting_ends_with_the_first_good_look() -> None:
    looks = iter(["pending", "confirmed", "completed"])

    async def look() -> str:
        return next(looks)

    assert await until("it to be confirmed", look, lambda status: status == "confirmed") == "confirmed"
    assert next(looks) == "completed"


async def test_waiting_in_vain_ends_with_what_was_found_last() -> None:
    async def look() -> str:
        return "pending"

    with pytest.raises(Unexpected, match="pending"):
        await until("it to be confirmed", look, lambda status: status == "confirmed", within=0.01)


def _person(handler: Handler) -> Person:
    client = httpx.AsyncClient(transport=httpx.MockTransport(handler), base_url="http://api")
    return Person(client, "Ken", "en")


async def test_people_register_log_in_and_are_known_from_then_on() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"data": {"id": "7", "access_token": "t"}})

    ken = _person(handler)
    await ken.join("Sato", "Ken")
    await ken.get("/auth/me")
    assert [request.url.path for request in seen] == [
        "/api/v1/auth/register",
        "/api/v1/auth/login",
        "/api/v1/auth/me",
    ]
    assert json.loads(seen[0].content)["email"] == ken.email
    assert [request.headers.get("authorization") for request in seen] == [None, None, "Bearer t"]
    assert {request.headers["accept-language"] for request in seen} == {"en"}
    keys = [request.headers.get("idempotency-key") for request in seen]
    assert keys[0] != keys[1]
    assert keys[2] is None


async def test_refusal_is_an_answer_or_a_surprise() -> None:
    error = {"error": {"code": "slot_taken", "details": {"alternatives": ["10:00"]}}}
    ken = _person(lambda _: httpx.Response(409, json=error))
    answer = await ken.ask("POST", "/bookings", {})
    assert (answer.status, answer.code, answer.details) == (409, "slot_taken", {"alternatives": ["10:00"]})
    with pytest.raises(Unexpected, match="409 slot_taken"):
        await ken.post("/bookings", {})


async def test_api_that_is_away_is_a_surprise() -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(Unexpected, match="refused"):
        await _person(handler).get("/auth/me")


def test_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    output = io.StringIO()
    assert run(Console(file=output, width=300), tmp_path) == 1
    assert "is not empty" in output.getvalue()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


class _Ends:
    """Reads bookings as the API would: by id, the seconds until their holds end, or None for an expired one."""

    ken = None

    def __init__(self, **seconds: float | None) -> None:
        self.seconds = seconds

    async def read(self, _person: object, booking: dict[str, str]) -> dict[str, Any]:
        """The booking as it is now."""
        left = self.seconds[booking["id"]]
        end = None if left is None else (datetime.now(UTC) + timedelta(seconds=left)).isoformat()
        return {"hold_expires_at": end}


@pytest.mark.parametrize(
    ("first", "second", "over"),
    [(-1, -1, True), (-1, 60, False), (60, -1, False), (None, 60, False), (None, None, True)],
)
async def test_holds_are_over_waits_for_the_later_end_that_the_api_gives(
    first: float | None, second: float | None, over: bool
) -> None:
    """The ends in the bookings at hand are old: a payment under way extends a hold."""
    old = "2026-11-24T12:00:00+09:00"
    bookings = ({"id": "first", "hold_expires_at": old}, {"id": "second", "hold_expires_at": old})
    assert await holds_are_over(_Ends(first=first, second=second), bookings) is over  # type: ignore[arg-type]  # a double
