"""Pages of one kind of record in the console: the list with its search, the form of a new one, the form of one.

A kind says where the API has it and which fields its form shows; the shape is here. A change that would strand bookings
is asked for again with the list of them (`would_break_bookings`).
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.http.request_info import request_info
from api.pages.api_client import ApiClient, ApiError
from api.pages.console.today import own_business
from api.pages.formats import Formats
from api.pages.forms import Form, read_form
from api.pages.handling import route
from api.pages.records.fields import Field, body_of, sentences, shown, typed
from api.pages.rendering import page, see_other
from api.pages.sessions import logged_in
from api.pages.texts.words import WORDS, word

#: Rows of a list.
MOST = 100


@dataclass(frozen=True, slots=True)
class Desk:
    """Who looks at which business. ``f`` writes for the page's language."""

    request: Request
    api: ApiClient
    business: Mapping[str, Any]
    f: Formats

    @property
    def path(self) -> str:
        """The console of the business."""
        return f"/console/{self.business['id']}"

    def t(self, key: str, **values: Any) -> str:
        """A sentence in the page's language."""
        return word(key, request_info().language, values)

    def named(self, prefix: str, value: object) -> str:
        """What a value is called, or ``…other`` for one that the texts do not know yet."""
        return self.t(f"{prefix}{value}" if f"{prefix}{value}" in WORDS else f"{prefix}other")

    @property
    def query(self) -> Mapping[str, str]:
        """What the address asks for."""
        return self.request.query_params


@dataclass(frozen=True, slots=True)
class Action:
    """A button of a row: the address of its form and the key of its text."""

    address: str
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list. ``badge`` is a key of the texts."""

    title: str
    address: str = ""
    facts: Sequence[str] = ()
    badge: str = ""
    actions: Sequence[Action] = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """A link above a list. ``label`` is a key of the texts."""

    label: str
    address: str
    current: bool


Fields = Callable[[Desk], Awaitable[Sequence[Field]]]


@dataclass(frozen=True, slots=True)
class Kind:
    """``name`` is in addresses and in the keys of the texts. ``rows`` reads the list; ``fields`` and ``changes`` are
    those of a new record and of one that exists (None: it cannot be changed). ``read``, ``create``, ``update`` and
    ``remove`` are paths of the API; None: there is no such page. ``more`` adds to the body, ``inputs`` to the
    values."""

    name: str
    rows: Callable[[Desk], Awaitable[Sequence[Row]]]
    fields: Fields | None = None
    changes: Fields | None = None
    read: str | None = None
    create: str | None = None
    update: str | None = None
    remove: str | None = None
    search: bool = False
    filters: Callable[[Desk], Sequence[Filter]] = lambda _: ()
    more: Callable[[Form, bool], Mapping[str, Any]] = lambda _form, _change: {}
    inputs: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda _: {}
    heading: Callable[[Desk, Mapping[str, Any]], str] = lambda desk, one: desk.f.text(one["name"])
    template: str = "records/form"
    beside: Callable[[Desk, Mapping[str, Any]], Awaitable[Mapping[str, Any]]] | None = None
    #: What names the business of a new record by itself, in place of ``business_id``.
    foreign: Sequence[str] = ()
    #: Other pages about these records: key of the text, and path below the console of the business.
    links: Sequence[tuple[str, str]] = ()
    #: What the form of a new record begins with.
    initial: Mapping[str, Any] = field(default_factory=dict)


async def desk_of(request: Request) -> Desk:
    """The business of the address for the login of the browser. Raises LoginNeeded and ApiError."""
    api = await logged_in(request)
    business = await own_business(api, request.path_params["business_id"])
    return Desk(request, api, business, Formats(request_info().language.value))


def routes_of(kind: Kind) -> tuple[Route, ...]:
    """The pages of a kind."""
    base = f"/console/{{business_id}}/{kind.name}"
    pages = _Pages(kind)
    made = [route(base, pages.show_list)]
    if kind.create:
        made += [route(f"{base}/new", pages.show_new), route(f"{base}/new", pages.create, "POST")]
    if kind.read:
        made.append(route(f"{base}/{{record_id}}", pages.show_one))
    if kind.update:
        made.append(route(f"{base}/{{record_id}}", pages.update, "POST"))
    if kind.remove:
        made.append(route(f"{base}/{{record_id}}/remove", pages.remove, "POST"))
    return tuple(made)


class _Pages:
    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    async def show_list(self, request: Request) -> Response:
        """The list; ``?q`` searches."""
        desk = await desk_of(request)
        error: ApiError | None = None
        rows: Sequence[Row] = ()
        try:
            rows = await self.kind.rows(desk)
        except ApiError as refused:
            if refused.status not in {400, 422}:
                raise
            error = refused
        variables = {
            "business": desk.business,
            "kind": self.kind.name,
            "rows": rows,
            "full": len(rows) >= MOST,
            "search": self.kind.search,
            "q": desk.query.get("q", ""),
            "filters": self.kind.filters(desk),
            "add": f"{desk.path}/{self.kind.name}/new" if self.kind.create else "",
            "links": [(label, f"{desk.path}/{path}") for label, path in self.kind.links],
            "error": error,
            "saved": "saved" in desk.query,
            "key": secrets.token_urlsafe(24),
        }
        return page(request, "records/list", variables, status=error.status if error else 200)

    async def show_new(self, request: Request) -> Response:
        """The form of a new record."""
        desk = await desk_of(request)
        fields = await self._fields(desk, self.kind.fields)
        return self._form(desk, fields, shown(fields, self.kind.initial) | dict(desk.query))

    async def create(self, request: Request) -> Response:
        """Make it."""
        form, desk, fields = await self._sent(request, self.kind.fields)
        body = {**body_of(fields, form, desk.business["currency"]), **self.kind.more(form, False)}
        if not self.kind.foreign:
            body["business_id"] = desk.business["id"]
        try:
            await desk.api.post(str(self.kind.create), body, form.get("key"), self._query(form))
        except ApiError as error:
            return self._form(desk, fields, typed(fields, form), error)
        return see_other(request, f"{desk.path}/{self.kind.name}?saved")

    async def show_one(self, request: Request) -> Response:
        """The form of one record."""
        desk = await desk_of(request)
        record = await self._record(desk)
        fields = await self._fields(desk, self.kind.changes)
        return await self._one(desk, record, fields, shown(fields, record) | dict(self.kind.inputs(record)))

    async def update(self, request: Request) -> Response:
        """Save it."""
        form, desk, fields = await self._sent(request, self.kind.changes)
        record = await self._record(desk)
        body = {**body_of(fields, form, desk.business["currency"], change=True), **self.kind.more(form, True)}
        try:
            await desk.api.put(self._path(desk, self.kind.update), body, self._query(form))
        except ApiError as error:
            return await self._one(desk, record, fields, typed(fields, form), error)
        return see_other(request, f"{desk.path}/{self.kind.name}?saved")

    async def remove(self, request: Request) -> Response:
        """Remove it."""
        form, desk, fields = await self._sent(request, self.kind.changes)
        record = await self._record(desk)
        try:
            await desk.api.delete(self._path(desk, self.kind.remove), **self._query(form))
        except ApiError as error:
            inputs = shown(fields, record) | dict(self.kind.inputs(record))
            return await self._one(desk, record, fields, inputs, error, removing=True)
        return see_other(request, f"{desk.path}/{self.kind.name}?saved")

    async def _sent(self, request: Request, fields: Fields | None) -> tuple[Form, Desk, Sequence[Field]]:
        request.scope["omotenashi.page_path"] = request.url.path.removesuffix("/remove")
        form = await read_form(request)
        desk = await desk_of(request)
        return form, desk, await self._fields(desk, fields)

    async def _fields(self, desk: Desk, fields: Fields | None) -> Sequence[Field]:
        return await fields(desk) if fields else ()

    async def _record(self, desk: Desk) -> Mapping[str, Any]:
        record: Mapping[str, Any] = await desk.api.get(self._path(desk, self.kind.read))
        if record.get("business_id", desk.business["id"]) != desk.business["id"]:
            raise ApiError(404, "not_found", "", {})
        return record

    def _path(self, desk: Desk, template: str | None) -> str:
        return str(template).replace("{id}", str(desk.request.path_params["record_id"]))

    def _query(self, form: Form) -> dict[str, Any]:
        confirmed = {"confirm": True} if form.get("confirm") else {}
        return confirmed

    def _form(
        self, desk: Desk, fields: Sequence[Field], values: Mapping[str, Any], error: ApiError | None = None
    ) -> Response:
        return page(
            desk.request,
            "records/form",
            form_variables(desk, self.kind.name, fields, values, error) | {"heading": "", "removable": False},
            status=error.status if error else 200,
        )

    async def _one(
        self,
        desk: Desk,
        record: Mapping[str, Any],
        fields: Sequence[Field],
        values: Mapping[str, Any],
        error: ApiError | None = None,
        removing: bool = False,
    ) -> Response:
        variables = form_variables(desk, self.kind.name, fields, values, error)
        beside = await self.kind.beside(desk, record) if self.kind.beside else {}
        variables |= {
            "heading": self.kind.heading(desk, record),
            "record": record,
            "removable": bool(self.kind.remove),
            "changeable": bool(self.kind.update),
            "removing": removing,
            **beside,
        }
        return page(desk.request, self.kind.template, variables, status=error.status if error else 200)


def form_variables(
    desk: Desk, kind: str, fields: Sequence[Field], values: Mapping[str, Any], error: ApiError | None = None
) -> dict[str, Any]:
    """The variables of ``records/form``. A sentence that belongs to no field of the form stands above it."""
    errors = sentences(fields, error.fields) if error else {}
    rest = [said for name, said in error.fields.items() if name.partition(".")[0] not in errors] if error else []
    return {
        "business": desk.business,
        "kind": kind,
        "fields": fields,
        "values": values,
        "errors": errors,
        "error": error,
        "rest": rest,
        "stranded": error.details.get("bookings", ()) if error and error.code == "would_break_bookings" else (),
        "action": desk.request.url.path.removesuffix("/remove"),
        "back": f"{desk.path}/{kind}",
        "key": secrets.token_urlsafe(24),
        "removing": False,
        "changeable": True,
    }
