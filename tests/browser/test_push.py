"""The service worker in Chromium, under the policy that our pages have: what is pushed is shown. The page is made here,
because a push service is far away; `tests/api/messages/test_channels.py` has the real page and its forms."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser

from api.pages.rendering import OWN, policy
from api.pages.static_files import static_files

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGE = b'<!doctype html><script src="/push.js" type="module"></script><form hidden data-push-key="AA"><input name="endpoint"><input name="p256dh"><input name="auth"><p data-push-failed hidden>failed</p><button>go</button></form>'  # noqa: E501 - one page
SHOWN = """async () => {
    const worker = await navigator.serviceWorker.getRegistration("/account");
    return (await worker.getNotifications()).map((one) => [one.title, one.body, one.data]);
}"""


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """The scripts, or the page."""
        name = {"/push-worker.js": "push_worker.js", "/push.js": "push.js"}.get(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if name else "text/html")
        self.send_header("Content-Security-Policy", policy(OWN))
        self.end_headers()
        self.wfile.write(static_files()[name].content if name else PAGE)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def origin() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_push_worker_shows_what_is_pushed(browser: Browser, origin: str) -> None:
    """A private window has no push service: the form says so, and the worker is there."""
    context = browser.new_context()
    context.grant_permissions(["notifications"], origin=origin)
    page = context.new_page()
    tools = context.new_cdp_session(page)
    workers: list[dict[str, str]] = []
    tools.on("ServiceWorker.workerRegistrationUpdated", lambda event: workers.extend(event["registrations"]))
    tools.send("ServiceWorker.enable")
    page.goto(f"{origin}/account/messages")
    page.locator("button").click()
    page.locator("[data-push-failed]").wait_for()
    assert workers[0]["scopeURL"] == f"{origin}/account"
    pushed = {"title": "ご予約", "body": "明日10時", "url": f"{origin}/bookings/x", "tag": "t", "lang": "ja"}
    about = {"origin": origin, "registrationId": workers[0]["registrationId"]}
    tools.send("ServiceWorker.deliverPushMessage", {**about, "data": json.dumps(pushed)})
    page.wait_for_function(f"async () => (await ({SHOWN})()).length === 1")
    assert page.evaluate(SHOWN) == [["ご予約", "明日10時", pushed["url"]]]
    tools.send("ServiceWorker.deliverPushMessage", {**about, "data": "no JSON"})
    page.wait_for_function(f"async () => (await ({SHOWN})()).length === 2")
    context.close()
