"""Every input of every operation is bounded: read off the OpenAPI document and the routes, so that a new field is found
by itself."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from fastapi.dependencies.models import Dependant
from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from api.app import openapi_document
from api.http.fields import Input, Phone, PhoneNumber
from api.http.times import Day, Moment
from domain.errors import DomainError
from tests.api.access.test_permissions import api_routes, name_of, the_app

#: Formats whose own syntax bounds them. What times and dates take is tested by reading some. A file has no length here:
#: it is cut off while it is read, at the limit of its operation.
BOUNDED_FORMATS = {"uuid", "date", "date-time", "duration"}


def unbounded(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], where: str, seen: tuple[str, ...] = ()
) -> list[str]:
    """The places in ``schema`` that take a text, a number or a list of any size."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return [] if name in seen else unbounded(schemas[name], schemas, where, (*seen, name))
    if "enum" in schema or "const" in schema:
        return []
    found: list[str] = []
    for one in (*schema.get("anyOf", ()), *schema.get("allOf", ()), *schema.get("oneOf", ())):
        found += unbounded(one, schemas, where, seen)
    kind = schema.get("type")
    bounded = schema.get("format") in BOUNDED_FORMATS or "contentMediaType" in schema
    if kind == "string" and not bounded and "maxLength" not in schema:
        found.append(f"{where}: text without maxLength")
    if kind in {"integer", "number"} and not _has_both_ends(schema):
        found.append(f"{where}: number without minimum or maximum")
    if kind == "array":
        found += [] if "maxItems" in schema else [f"{where}: list without maxItems"]
        found += unbounded(schema["items"], schemas, f"{where}[]", seen)
    if kind == "object":
        for name, inner in schema.get("properties", {}).items():
            found += unbounded(inner, schemas, f"{where}.{name}", seen)
        found += _unbounded_keys(schema, schemas, where, seen)
    return found


def _has_both_ends(schema: Mapping[str, Any]) -> bool:
    low = {"minimum", "exclusiveMinimum"} & schema.keys()
    high = {"maximum", "exclusiveMaximum"} & schema.keys()
    return bool(low and high)


def _unbounded_keys(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], where: str, seen: tuple[str, ...]
) -> list[str]:
    others = schema.get("additionalProperties", True)
    if others is False:
        return []
    if (
        others is not True
        and "maxProperties" in schema
        and "maxLength" in _resolved(schema.get("propertyNames", {}), schemas)
    ):
        return unbounded(others, schemas, f"{where}{{}}", seen)
    if others is True or "enum" not in _resolved(schema.get("propertyNames", {}), schemas):
        return [f"{where}: object with any keys"]
    return unbounded(others, schemas, f"{where}{{}}", seen)


def _resolved(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    return schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def inputs_of(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every parameter and every body of every operation, with its name."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            name = f"{method.upper()} {path}"
            for parameter in operation.get("parameters", ()):
                yield f"{name} {parameter['in']} {parameter['name']}", parameter["schema"]
            for media, content in operation.get("requestBody", {}).get("content", {}).items():
                yield f"{name} {media}", content["schema"]


def test_inputs_have_an_upper_bound() -> None:
    document = openapi_document()
    schemas = document["components"]["schemas"]
    inputs = list(inputs_of(document))
    assert len(inputs) > 100
    found = [place for name, schema in inputs for place in unbounded(schema, schemas, name)]
    assert not found, "\n".join(found)


class _Open(BaseModel):
    """The control: one field of each kind that must be found."""

    text: str
    number: int
    half: Annotated[int, Field(ge=0)]
    ratio: float
    listed: list[Annotated[int, Field(ge=0, le=1)]]
    keyed: dict[str, bool]


def test_open_input_is_found() -> None:
    found = unbounded(_Open.model_json_schema(), {}, "body")
    assert {place.partition(":")[0] for place in found} == {
        "body",
        "body.text",
        "body.number",
        "body.half",
        "body.ratio",
        "body.listed",
        "body.keyed",
    }


def dependants(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for one in dependant.dependencies:
        yield from dependants(one)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from _models(field.annotation)
    for one in get_args(annotation):
        yield from _models(one)


def _adapter(field: FieldInfo) -> TypeAdapter[Any]:
    annotation: Any = field.annotation
    return TypeAdapter(Annotated[annotation, *field.metadata] if field.metadata else annotation)


def leaves() -> Iterator[tuple[str, TypeAdapter[Any]]]:
    """Every parameter and every field of every body, each with what reads it."""
    for route in api_routes(the_app()):
        for dependant in dependants(route.dependant):
            for one in (*dependant.query_params, *dependant.path_params, *dependant.header_params):
                yield f"{name_of(route)} {one.alias}", _adapter(one.field_info)
            for body in dependant.body_params:
                for model in _models(body.field_info.annotation):
                    for name, field in model.model_fields.items():
                        yield f"{model.__name__}.{name}", _adapter(field)


def _read(adapter: TypeAdapter[Any], value: object) -> Any:
    try:
        return adapter.validate_python(value)
    except (ValidationError, DomainError):
        return None


TIME, DATE, LENGTH = "2026-11-24T10:00:00+09:00", "2026-11-24", "P1D"
#: What is no RFC 3339 time with an offset, or lies in a year that no business means.
NO_TIMES: tuple[object, ...] = (
    1796094000,
    1796094000.5,
    "1796094000",
    True,
    "2026-11-24",
    "2026-11-24 10:00:00+09:00",
    "2026-11-24_10:00:00+09:00",
    "2026-11-24T10:00:00",
    "2026-11-24T10:00:00+0900",
    "2026-11-24T10:00+09:00",
    "2026-11-24T10:00:00 09:00",
    "２０２６-11-24T10:00:00+09:00",
    " 2026-11-24T10:00:00+09:00",
    "2026-11-24T10:00:00+09:00\n",
    "9999-12-31T23:59:59Z",
    "1999-12-31T23:59:59Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
)
NO_DATES: tuple[object, ...] = (
    1796094000,
    "1796094000",
    0,
    "2026-11-24T00:00:00Z",
    "2026-11-24T00:00:00",
    "20261124",
    "2026-W48-2",
    "２０２６-11-24",
    " 2026-11-24",
    "2026-11-24\n",
    "9999-12-31",
    "1999-12-31",
    "0001-01-01",
)
NO_LENGTHS: tuple[object, ...] = ("P99999D", "-P99999D", 10**12, -(10**12))


def test_times_in_inputs_are_rfc_3339_in_a_sensible_year() -> None:
    kinds: dict[type, set[str]] = {datetime: set(), date: set(), timedelta: set()}
    taken: list[str] = []
    for name, adapter in leaves():
        for good, kind, bad in ((TIME, datetime, NO_TIMES), (DATE, date, NO_DATES), (LENGTH, timedelta, NO_LENGTHS)):
            if type(_read(adapter, good)) is kind:
                kinds[kind].add(name)
                # People were born before 2000.
                refused = bad if not name.endswith(".birthday") else tuple(one for one in bad if one != "1999-12-31")
                taken += [f"{name}: {value!r}" for value in refused if _read(adapter, value) is not None]
    assert not taken, "\n".join(sorted(set(taken)))
    assert "AcceptTimeCommand.start_at" in kinds[datetime]
    assert "ExceptionCreate.first_day" in kinds[date]
    assert "SettingsUpdate.lead_time" in kinds[timedelta]


def test_bodies_refuse_unknown_fields() -> None:
    models = {
        model
        for route in api_routes(the_app())
        for dependant in dependants(route.dependant)
        for body in dependant.body_params
        for model in _models(body.field_info.annotation)
    }
    assert len(models) > 40
    assert [model.__name__ for model in models if model.model_config.get("extra") != "forbid"] == []


@pytest.mark.parametrize("text", ["2026-11-24T10:00:00+09:00", "2026-11-24t01:00:00z", "2026-11-24T01:00:00.250Z"])
def test_moment_takes_every_form_of_rfc_3339(text: str) -> None:
    moment = TypeAdapter(Moment).validate_python(text)
    assert moment.replace(microsecond=0) == datetime(2026, 11, 24, 1, tzinfo=UTC)
    assert moment.tzinfo is UTC


def test_day_is_a_calendar_date() -> None:
    assert TypeAdapter(Day).validate_python("2028-02-29") == date(2028, 2, 29)
    with pytest.raises(ValidationError):
        TypeAdapter(Day).validate_python("2027-02-29")


def test_time_type_without_bounds_takes_a_number() -> None:
    """The control: what the walk would find."""
    assert _read(TypeAdapter(AwareDatetime), "1796094000") is not None


@pytest.mark.parametrize(
    ("typed", "e164"),
    [
        ("090-1234-5678", "+819012345678"),
        ("０９０－１２３４－５６７８", "+819012345678"),
        ("090ー1234ー5678", "+819012345678"),
        ("٠٩٠-١٢٣٤-٥٦٧٨", "+819012345678"),
        ("(03) 5550-0123", "+81355500123"),
        ("（03）5550-0123", "+81355500123"),
        ("+81 3 5550 0123", "+81355500123"),
        ("+1 (212) 555-0123", "+12125550123"),
    ],
)
def test_phone_takes_what_people_type(typed: str, e164: str) -> None:
    assert TypeAdapter(Phone).validate_python(f" {typed} ") == PhoneNumber(typed, e164)


@pytest.mark.parametrize("typed", ["00000", "0-----", "12345", "", " ", "03-5550", "phone", "0" * 41, 355500123, None])
def test_phone_refuses_what_nobody_can_dial(typed: object) -> None:
    assert _read(TypeAdapter(Phone), typed) is None


def test_phones_in_inputs_are_of_one_type() -> None:
    phones = {name: adapter for name, adapter in leaves() if "phone" in name.rpartition(".")[2].lower()}
    del phones["SettingsUpdate.phone_proof_within"]  # a length of time
    assert {"GuestWrite.phone", "BusinessCreate.phone", "BusinessUpdate.phone"} <= phones.keys()
    wrong = [name for name, adapter in phones.items() if not isinstance(_read(adapter, "03-5550-0123"), PhoneNumber)]
    assert not wrong, wrong


def _inputs(base: type[BaseModel] = Input) -> Iterator[type[BaseModel]]:
    for one in base.__subclasses__():
        yield one
        yield from _inputs(one)


def _takes(annotation: Any, kind: type) -> bool:
    """Whether a value of a field may be of this kind; the items of a list and the fields of a model are not asked."""
    if annotation is kind:
        return True
    origin = get_origin(annotation)
    parts = get_args(annotation)[:1] if origin is Annotated else get_args(annotation)
    return origin in {Annotated, Union, UnionType} and any(_takes(one, kind) for one in parts)


def test_fields_of_numbers_take_what_json_calls_a_number() -> None:
    """``true`` and ``"5"`` are refused, by every field of every body."""
    the_app()
    asked = 0
    for model in _inputs():
        for name, field in model.model_fields.items():
            for kind, values in ((int, (True, "5", 5.0)), (bool, (1, "true"))):
                if not _takes(field.annotation, kind) or (kind is int and _takes(field.annotation, bool)):
                    continue
                for value in values:
                    with pytest.raises(ValidationError) as refused:
                        model.model_validate({name: value})
                    found = {str(error["type"]) for error in refused.value.errors() if error["loc"][:1] == (name,)}
                    assert found & {"int_type", "bool_type"}, f"{model.__name__}.{name}: {value!r} {found}"
                    asked += 1
    assert asked > 100


def test_errors_of_bodies_name_fields_alone() -> None:
    """A union adds the names of its alternatives to the path: no client has such a field, and they show our code."""
    the_app()
    wrong, asked = [], 0
    for model in _inputs():
        for name in model.model_fields:
            for value in (object(), "a" * 100_000, "\x00"):
                try:
                    model.model_validate({name: value})
                except (ValidationError, DomainError) as refused:
                    errors = refused.errors() if isinstance(refused, ValidationError) else []
                    paths = [one["loc"] for one in errors if one["loc"][:1] == (name,)]
                    wrong += [f"{model.__name__}: {path}" for path in paths if len(path) > 1]
                    asked += len(paths)
    assert asked > 200
    assert not wrong, "\n".join(wrong)
