"""Where a customer may return to after the bank's page."""

import pytest

from domain.errors import InvalidInput
from domain.payments.return_url import require_return_url
from tests.support.cases import for_each

PLATFORM = "https://book.example"
ALLOWED = (PLATFORM, "http://app.example:3000", "https://salon.example/about?lang=ja", "https://日本.example/予約")


def check(url: str, *, loopback: bool = False) -> None:
    require_return_url(url, ALLOWED, loopback=loopback)


def check_refused(url: str, *, loopback: bool = False) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(url, loopback=loopback)
    assert refused.value.details == {"fields": [{"field": "return_url", "rule": "return_url_origin"}]}


@pytest.mark.parametrize(
    "url",
    [
        "https://book.example",
        "https://book.example/paid?booking=1#done",
        "https://book.example?next=https://evil.example",
        "https://book.example:443/paid",
        "https://book.example:/paid",
        "HTTPS://BOOK.Example/paid",
        "http://app.example:3000/paid",
        "https://salon.example/another/page",
        "https://xn--wgv71a.example/paid",
        "https://日本.example/paid",
        "https://book.example/a@b",
    ],
)
def test_allowed_origin_may_be_returned_to(url: str) -> None:
    check(url)


@for_each(
    "url",
    [
        "",
        "/paid",
        "//book.example/paid",
        "book.example/paid",
        "https:",
        "https:///paid",
        "https:book.example",
        "javascript:alert(1)//book.example",
        "data:text/html,https://book.example",
        "ftp://book.example/paid",
        "https://evil.example/paid",
        "https://evil.example/https://book.example",
        "https://evil.example#https://book.example",
        "https://evil.example?book.example",
        "https://evil.example#@book.example",
        "https://evil.example/@book.example",
        "https://evil-book.example",
        "https://book.example.evil.example",
        "https://sub.book.example",
        "https://book.example.",
        "https://example",
        "https://book.example@evil.example",
        "https://book.example:443@evil.example",
        "https://evil.example@book.example",
        "https://@book.example",
        "https://:@book.example",
        "https://evil.example\\@book.example",
        "https:\\\\book.example",
        "https://book.example\\.evil.example",
        "https://book.example/\\evil.example",
        " https://book.example",
        "https://book.example ",
        "https://book.example\n",
        "https://book\t.example",
        "https://book.example\u3000/paid",
        "https://book.example\x00.evil.example",
        "https://book%2eexample",
        "https://book.example%2f@evil.example",
        "http://book.example",
        "http://book.example:443",
        "https://book.example:80",
        "https://book.example:0",
        "https://book.example:8443",
        "https://book.example:99999",
        "https://book.example:x",
        "http://app.example",
        "https://app.example:3000",
        "https://[book.example]",
        "https://[::1",
        "http://localhost/paid",
        "http://127.0.0.1:4000/paid",
        "http://[::1]:4000/paid",
    ],
)
def test_return_url_refuses_anything_else(url: str) -> None:
    check_refused(url)


@pytest.mark.parametrize(
    "url", ["http://localhost/paid", "https://LOCALHOST:8443", "http://127.0.0.1:4000/paid", "http://[::1]:4000/paid"]
)
def test_return_url_may_be_this_machine_where_loopback_is_allowed(url: str) -> None:
    check(url, loopback=True)
    check_refused(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://localhost@evil.example",
        "http://evil.example@localhost",
        "http://[::ffff:127.0.0.1]",
        "http://0.0.0.0",
        "ftp://localhost",
    ],
)
def test_loopback_allows_nothing_else(url: str) -> None:
    check_refused(url, loopback=True)


@pytest.mark.parametrize("broken", ["", "salon.example", "https://[", "https://salon.example:99999", "https://a..b"])
def test_broken_allowed_url_allows_nothing(broken: str) -> None:
    with pytest.raises(InvalidInput):
        require_return_url("https://salon.example", [broken], loopback=False)
    with pytest.raises(InvalidInput):
        require_return_url(broken, [broken], loopback=True)
