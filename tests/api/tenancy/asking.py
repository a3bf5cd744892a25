"""Every operation of the API with every id that it takes, read off the routes themselves."""

import copy
import functools
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext
from pydantic import BaseModel

from tests.api.access.test_permissions import LINKED, PUBLIC, SIGNED, api_routes, name_of, the_app

#: An id by the name that paths, queries and bodies have for it -> the table that it is of.
TABLES: dict[str, str] = {
    "business_id": "businesses",
    "service_id": "services",
    "resource_id": "resources",
    "resource_ids": "resources",
    "policy_id": "cancellation_policies",
    "default_policy_id": "cancellation_policies",
    "booking_id": "bookings",
    "entry_id": "waitlist",
    "review_id": "reviews",
    "payment_id": "booking_payments",
    "venue_payment_id": "venue_payments",
    "account_id": "payment_accounts",
    "payout_id": "payment_payouts",
    "dispute_id": "payment_disputes",
    "refund_id": "refunds",
    "notification_id": "notification_outbox",
    "address_id": "channel_addresses",
    "customer_id": "customers",
    "duplicate_id": "customers",
    "note_id": "customer_notes",
    "import_id": "customer_imports",
    "archive_id": "business_archives",
    "export_id": "analytics_exports",
    "campaign_id": "campaigns",
    "automation_id": "automations",
    "analytics_id": "analytics_daily",
    "audit_id": "audit_logs",
    "entity_id": "bookings",
    "actor_id": "users",
    "attention_id": "attention",
    "session_id": "user_sessions",
    "service_ids": "services",
    "document_id": "business_documents",
    "verification_id": "business_verifications",
    "media_id": "business_media",
    "logo_media_id": "business_media",
    "ids": "business_media",
    "assignment_id": "staff_assignments",
    "exception_id": "staff_exceptions",
    "block_id": "blocks",
    "series_id": "booking_series",
    "feed_id": "calendar_feeds",
    "invitation_id": "staff_invitations",
    "businesses": "businesses",
    "users": "users",
}
#: What in paths is no tenant's, and what stands there: words, and what belongs to the platform. Slugs are public names:
#: see test_hidden_slugs_are_not_there.
WORDS: dict[str, str] = {
    "picture": "revenue",
    "variant": "thumbnail",
    "provider": "stripe",
    "kind": "booking_confirmed",
    "language": "ja",
    "slug": "sakura",
    "entity": "bookings",
    "name": "new-calendar",
    "flag_id": "019a0c5e-0000-7000-8000-000000000001",
    "erasure_id": "019a0c5e-0000-7000-8000-000000000002",
    "command": "pause",
    "token": "k1.AAAA",
    "postal_code": "1500001",
    "code": "AAAAAAAAAA",
}
#: In a query beside another id: whose list it is.
WHOSE = frozenset({"business_id"})
#: What a booking names when it has no ``items``.
INSTEAD_OF_ITEMS = ("service_id", "resource_ids")
#: What stands in a list of a body whose example leaves it out.
ITEMS: dict[str, dict[str, Any]] = {
    "requirements": {"group": 0, "resource_ids": []},
    "items": {"service_id": "019a0c5e-0000-7000-8000-000000000003"},
    "table_joins": {"resource_ids": [None, None], "seats": 4},
}

#: What a body leaves out where it has the field that is named first.
REPLACED: dict[str, tuple[str, ...]] = {"items": ("service_id", "resource_ids")}


@dataclass(frozen=True)
class Place:
    """Where an operation takes an id. ``path``: the way to it in a body, ``[]`` for each list on it."""

    where: str
    name: str
    path: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """The table of what is named here."""
        return TABLES[self.name]


@dataclass(frozen=True)
class Operation:
    """One route. ``places``: every id that it takes; ``needed``: those in its query that it does not do without."""

    method: str
    path: str
    places: tuple[Place, ...]
    needed: frozenset[str]
    example: Mapping[str, Any] | None

    @property
    def name(self) -> str:
        """As the permission tests write it."""
        return f"{self.method} {self.path}"

    @property
    def is_public(self) -> bool:
        """It answers without a login."""
        return self.name in PUBLIC

    @property
    def is_linked(self) -> bool:
        """It answers to the link of a booking."""
        return self.name in LINKED

    def ask(self, own: Mapping[str, Any], place: Place | None, target: object) -> dict[str, Any]:
        """Arguments of ``AsyncClient.request``: every id is the caller's own (``own``, by table), ``target`` instead
        at ``place``. Ids that may be left out are, unless the place is one of them or they say whose list it is."""
        beside = place is not None and place.where == "query"
        path, query, body = self.path, {}, copy.deepcopy(dict(self.example)) if self.example is not None else None
        if place is not None and body is not None and place.path[:1] == ("items",):
            # A booking names one service, or items in its place.
            body = {name: value for name, value in body.items() if name not in INSTEAD_OF_ITEMS}
            body["items"] = [{"service_id": str(own["services"])}]
        for one in self.places:
            chosen = str(target if one == place and target is not None else own[one.table])
            if one.where == "path":
                path = path.replace(f"{{{one.name}}}", chosen)
            elif one.where == "query" and (one == place or one.name in self.needed or (beside and one.name in WHOSE)):
                query[one.name] = chosen
            elif one.where == "body" and body is not None:
                _put(body, one.path, chosen, everywhere=one == place)
        for name in REPLACED.get(place.path[0], ()) if place is not None and place.path and body is not None else ():
            body.pop(name, None)
        for name, word in WORDS.items():
            path = path.replace(f"{{{name}}}", word)
        asked: dict[str, Any] = {"method": self.method, "url": path, "params": query}
        return asked if body is None else {**asked, "json": body}


def _put(body: dict[str, Any], path: tuple[str, ...], value: str, *, everywhere: bool) -> None:
    """Write ``value`` where ``path`` leads; only over something unless ``everywhere``."""
    name, *rest = path
    if name not in body or body[name] is None:
        if not everywhere:
            return
        body[name] = ([] if rest == ["[]"] else [copy.deepcopy(ITEMS[name])]) if rest[:1] == ["[]"] else {}
    if not rest:
        body[name] = value
    elif rest == ["[]"]:
        # As many as an item of ITEMS leaves open.
        body[name] = [value] * (list(body.get(name) or ()).count(None) or 1)
    elif rest[0] == "[]":
        for item in body[name]:
            _put(item, tuple(rest[1:]), value, everywhere=everywhere)
    else:
        _put(body[name], tuple(rest), value, everywhere=everywhere)


def _dependants(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for one in dependant.dependencies:
        yield from _dependants(one)


def _holds_id(annotation: Any) -> bool:
    return annotation is UUID or any(_holds_id(one) for one in typing.get_args(annotation))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for one in typing.get_args(annotation):
        yield from _models(one)


def _is_list(annotation: Any) -> bool:
    origin = typing.get_origin(annotation)
    return origin in {list, tuple, set, frozenset} or (
        origin is not None and any(_is_list(one) for one in typing.get_args(annotation))
    )


def _in_body(model: type[BaseModel], before: tuple[str, ...] = ()) -> Iterator[Place]:
    for name, field in model.model_fields.items():
        path = (*before, field.alias or name, *(("[]",) if _is_list(field.annotation) else ()))
        if _holds_id(field.annotation):
            yield Place("body", name, path)
        for inner in _models(field.annotation):
            yield from _in_body(inner, path)


def _operation(route: RouteContext) -> Operation:
    method, path = name_of(route).split()
    places = [Place("path", one.alias) for one in route.dependant.path_params]
    needed: set[str] = set()
    for dependant in _dependants(route.dependant):
        for parameter in dependant.query_params:
            place = Place("query", parameter.alias)
            if _holds_id(parameter.field_info.annotation) and place not in places:
                places.append(place)
                needed |= {parameter.alias} if parameter.field_info.is_required() else set()
    example: Mapping[str, Any] | None = None
    body = route.body_field.field_info.annotation if route.body_field else None
    for model in _models(body):
        places += _in_body(model)
        extra: Any = model.model_config.get("json_schema_extra") or {}
        example = (extra.get("examples") or [{}])[0]
    kept = tuple(place for place in places if place.name not in WORDS)
    return Operation(method, path, kept, frozenset(needed), example)


@functools.cache
def operations() -> tuple[Operation, ...]:
    """Every operation under the prefix, but for what providers sign."""
    found = [_operation(route) for route in api_routes(the_app())]
    return tuple(one for one in found if one.path.startswith("/api/") and one.name not in SIGNED)
