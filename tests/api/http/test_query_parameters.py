"""Unknown query parameters are refused on every route, and every declared one is known."""

import re
from uuid import uuid4

import pytest
from httpx import AsyncClient

from api.http.query_parameters import check_query
from api.http.rate_limits import RateClass
from domain.errors import InvalidInput, Malformed
from tests.api.access.test_permissions import api_routes, name_of, the_app
from tests.api.conftest import PREFIX, rules_of
from tests.api.http.test_inputs import dependants

UNKNOWN = "unknwon"
#: Five requests of this class use up the limit of an address: the walk asks one of its routes, and looks at the others.
COUNTED = {RateClass.AUTH, RateClass.PAYMENT, RateClass.STRICT}


async def test_routes_refuse_an_unknown_parameter(client: AsyncClient) -> None:
    facts = the_app().state.route_facts
    asked: set[RateClass] = set()
    count = 0
    for route in api_routes(the_app()):
        rate = facts[route.endpoint].rate_class
        if rate in COUNTED and rate in asked:
            continue
        asked.add(rate)
        method, path = name_of(route).split()
        answer = await client.request(method, re.sub(r"\{[^}]*\}", str(uuid4()), path), params={UNKNOWN: "1"})
        assert (UNKNOWN, "extra_forbidden") in rules_of(answer), name_of(route)
        count += 1
    assert count > 80


def test_declared_parameters_are_accepted() -> None:
    facts = the_app().state.route_facts
    named = 0
    for route in api_routes(the_app()):
        declared = {one.alias for dependant in dependants(route.dependant) for one in dependant.query_params}
        assert facts[route.endpoint].query == declared, name_of(route)
        named += len(declared)
    assert named > 50


async def test_parameter_in_another_case_is_unknown(client: AsyncClient) -> None:
    answer = await client.get(f"{PREFIX}/businesses?Limit=1&q=a")
    assert rules_of(answer) == {("Limit", "extra_forbidden")}
    assert (await client.get(f"{PREFIX}/businesses?limit=1&q=a")).status_code == 200


@pytest.mark.parametrize("query", [b"a", b"a=", b"%61=1", b"a=1&a=2", b"&&"])
def test_check_query_takes_known_names(query: bytes) -> None:
    check_query(query, frozenset({"a"}))


@pytest.mark.parametrize("query", [b"b", b"a=1&b", b"a%00=1", b"\xff=1", b"a;b=1"])
def test_check_query_refuses_unknown_names(query: bytes) -> None:
    with pytest.raises(InvalidInput):
        check_query(query, frozenset({"a"}))


def test_check_query_refuses_too_many_names() -> None:
    with pytest.raises(Malformed):
        check_query(b"&".join(b"a=1" for _ in range(101)), frozenset({"a"}))
