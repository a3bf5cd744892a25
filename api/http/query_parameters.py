"""Unknown query parameters are refused, like unknown fields of a body: otherwise a misspelled filter would be ignored,
and the answer would look right."""

from collections.abc import Iterator
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.dependencies.models import Dependant

from domain.errors import InvalidInput, Malformed


def parameters_of(dependant: Dependant | None) -> frozenset[str]:
    """The names of the query parameters that a route and its dependencies read."""
    return frozenset(_names(dependant)) if dependant is not None else frozenset()


def _names(dependant: Dependant) -> Iterator[str]:
    yield from (one.alias for one in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _names(inner)


def check_query(query: bytes, known: frozenset[str]) -> None:
    """Raises InvalidInput with every name in ``query`` that is not ``known``, and Malformed for more than 100 names."""
    try:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise Malformed({"field": "query", "rule": "at_most_100"}) from None
    unknown = sorted({name for name, _ in pairs} - known)
    if unknown:
        raise InvalidInput({"fields": [{"field": name[:100], "rule": "extra_forbidden"} for name in unknown[:20]]})


def refuse_unknown_query(request: Request) -> None:
    """Every route does this first. Raises InvalidInput for query parameters that the route does not read."""
    if query := request.scope["query_string"]:
        check_query(query, request.app.state.route_facts[request.scope["endpoint"]].query)
