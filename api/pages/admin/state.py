"""``/admin/state``: what waits and what fails on the platform."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from api.pages.admin.attention import text_of
from api.pages.rendering import page
from api.pages.sessions import logged_in


async def show_state(request: Request) -> Response:
    """Dependencies, outbox, open attention by kind."""
    api = await logged_in(request)
    state, health = await asyncio.gather(api.get("/admin/state"), api.health())
    variables = {
        "state": state,
        "kinds": [(kind, number, text_of(kind)) for kind, number in sorted(state["attention"].items())],
        "health": health,
    }
    return page(request, "admin/state", variables)
