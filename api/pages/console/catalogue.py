"""``/console/{business}/services``, ``…/resources`` and ``…/policies``: what can be booked, with whom, the terms."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.pages.forms import Form
from api.pages.records.fields import Field, Option, fields_of, hinted, nested
from api.pages.records.pages import MOST, Desk, Filter, Kind, Row
from api.v1.catalogue.policies.schemas import MoveRulesWrite, PolicyCreate, PolicyUpdate
from api.v1.catalogue.resources.schemas import ResourceCreate, ResourceUpdate
from api.v1.catalogue.services.schemas import ServiceCreate, ServiceUpdate

_SERVICE = (
    *("name", "category", "price", "tax_percent", "duration_minutes", "description", "payment_mode"),
    *("deposit_percent", "deposit_amount", "policy_id", "approval_mode", "buffer_before_minutes"),
    *("buffer_after_minutes", "max_wait_minutes", "party_min", "party_max", "capacity", "is_active"),
)
_KINDS = ("staff", "room", "equipment")
_MOVES = ("max_moves", "hours_before", "in_paid_tier", "penalty_kept_days")


async def _services(desk: Desk) -> list[Row]:
    asked = {"q": desk.query["q"]} if desk.query.get("q") else {}
    active = desk.query.get("show") != "inactive"
    found = await desk.api.rows(f"/businesses/{desk.business['id']}/services", MOST, active=active, **asked)
    return [
        Row(
            desk.f.text(one["name"]),
            f"{desk.path}/services/{one['id']}",
            (
                "・".join(
                    part
                    for part in (
                        desk.f.text(one["category"]),
                        desk.f.duration(one["duration_minutes"]),
                        desk.f.money(one["price"]),
                    )
                    if part
                ),
            ),
            "" if one["is_active"] else "inactive",
        )
        for one in found
    ]


def _service_filters(desk: Desk) -> list[Filter]:
    shown = desk.query.get("show", "")
    return [Filter("active", "?", shown != "inactive"), Filter("inactive", "?show=inactive", shown == "inactive")]


async def _options(desk: Desk, path: str, **asked: Any) -> list[Option]:
    found = await desk.api.rows(path, MOST, business_id=desk.business["id"], **asked)
    return [Option(one["id"], text=desk.f.text(one["name"])) for one in found]


async def _service_fields(desk: Desk) -> list[Field]:
    return [*await _terms(desk, ServiceCreate), *await _needs(desk)]


async def _service_changes(desk: Desk) -> list[Field]:
    """Needs that this form cannot show, such as two people at once, are left as they are."""
    fields = await _terms(desk, ServiceUpdate)
    service = await desk.api.get(f"/services/{desk.request.path_params['record_id']}")
    needs = await _needs(desk)
    kind_of = {option.value: field.name for field in needs for option in field.options}
    kinds = [{kind_of.get(one, "") for one in group["resource_ids"]} for group in service["requirements"]]
    simple = all(len(one) == 1 and "" not in one for one in kinds) and len({min(one) for one in kinds}) == len(kinds)
    return [*fields, *needs] if simple else fields


async def _terms(desk: Desk, schema: type[ServiceCreate] | type[ServiceUpdate]) -> list[Field]:
    return fields_of(schema, _SERVICE, {"policy_id": await _options(desk, "/policies")})


async def _needs(desk: Desk) -> list[Field]:
    marker = Field("needs", "hidden", "field_need_staff")
    picks = [
        Field(f"need_{kind}", "choices", f"field_need_{kind}", options=await _options(desk, "/resources", kind=kind))
        for kind in _KINDS
    ]
    return [marker, *(one for one in picks if one.options)]


def _requirements(form: Form, _change: bool) -> Mapping[str, Any]:
    if not form.get("needs"):
        return {}
    picked = [form.all(f"need_{kind}") for kind in _KINDS]
    groups = [{"group": at, "resource_ids": ids} for at, ids in enumerate(one for one in picked if one)]
    return {"requirements": groups}


def _needed(service: Mapping[str, Any]) -> Mapping[str, Any]:
    """All of them under each name: a list of choices shows those that it has."""
    ids = [one for group in service["requirements"] for one in group["resource_ids"]]
    return {f"need_{kind}": ids for kind in _KINDS}


async def _resources(desk: Desk) -> list[Row]:
    kind = desk.query.get("show", "")
    asked = {"kind": kind} if kind in _KINDS else {}
    found = await desk.api.rows("/resources", MOST, business_id=desk.business["id"], **asked)
    return [
        Row(
            desk.f.text(one["name"]),
            f"{desk.path}/resources/{one['id']}",
            (),
            f"kind_{one['kind']}" if one["is_active"] else "inactive",
        )
        for one in found
    ]


def _resource_filters(desk: Desk) -> list[Filter]:
    shown = desk.query.get("show", "")
    every = Filter("every_kind", "?", shown not in _KINDS)
    return [every, *(Filter(f"kind_{one}", f"?show={one}", one == shown) for one in _KINDS)]


async def _resource_fields(_: Desk) -> list[Field]:
    return hinted(
        fields_of(ResourceCreate, ("kind", "name", "capacity", "seats")), "capacity", "hint_capacity_resource"
    )


async def _resource_changes(_: Desk) -> list[Field]:
    fields = fields_of(ResourceUpdate, ("name", "capacity", "seats", "is_active"))
    return hinted(fields, "capacity", "hint_capacity_resource")


async def _hours_link(desk: Desk, resource: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "hours_address": f"{desk.path}/resources/{resource['id']}/hours",
        "off_address": f"{desk.path}/time-off/new?resource_id={resource['id']}",
    }


def _step(desk: Desk, tier: Mapping[str, Any]) -> str:
    """``2日前まで 0%``, and for the last step ``それ以降 100%``."""
    hours, percent = tier["hours_before"], tier["penalty_percent"]
    if not hours:
        return desk.t("tier_after", percent=percent)
    return desk.t("tier_until", before=desk.f.hours(hours), percent=percent)


async def _policies(desk: Desk) -> list[Row]:
    found = await desk.api.rows("/policies", MOST, business_id=desk.business["id"])
    return [
        Row(
            desk.f.text(one["name"]),
            f"{desk.path}/policies/{one['id']}",
            ("・".join(_step(desk, tier) for tier in one["tiers"]),),
            "is_default" if one["is_default"] else "",
        )
        for one in found
    ]


def _policy_fields(schema: type[PolicyCreate] | type[PolicyUpdate]) -> list[Field]:
    tiers = [Option("hours_before", "tier_hours"), Option("penalty_percent", "tier_percent")]
    fields = fields_of(schema, ("name", "tiers", "no_show_percent", "is_default"), {"tiers": tiers}, {"tiers": "rows"})
    return [*fields, *nested("moves", fields_of(MoveRulesWrite, _MOVES))]


async def _new_policy(_: Desk) -> Sequence[Field]:
    return _policy_fields(PolicyCreate)


async def _policy_changes(_: Desk) -> Sequence[Field]:
    return _policy_fields(PolicyUpdate)


SERVICES = Kind(
    "services",
    _services,
    _service_fields,
    _service_changes,
    read="/services/{id}",
    create="/owner/services",
    update="/owner/services/{id}",
    remove="/owner/services/{id}",
    search=True,
    filters=_service_filters,
    more=_requirements,
    inputs=_needed,
    initial={"is_active": True, "tax_percent": 10},
)
RESOURCES = Kind(
    "resources",
    _resources,
    _resource_fields,
    _resource_changes,
    read="/resources/{id}",
    create="/owner/resources",
    update="/owner/resources/{id}",
    remove="/owner/resources/{id}",
    filters=_resource_filters,
    template="console/resource",
    beside=_hours_link,
)
POLICIES = Kind(
    "policies",
    _policies,
    _new_policy,
    _policy_changes,
    read="/policies/{id}",
    create="/policies",
    update="/policies/{id}",
    remove="/policies/{id}",
)
