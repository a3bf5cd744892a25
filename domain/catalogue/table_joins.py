"""Tables that the owner lets be joined for larger parties. Pure rules."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from domain.errors import InvalidInput


def check_joins(joins: Sequence[Sequence[str]], tables: Mapping[UUID, int]) -> None:
    """Raise InvalidInput at ``table_joins`` unless every join is of tables of the business, and of no more units of one
    than there are. ``joins``: the resources of each, one for each unit; ``tables``: the units of each table."""
    for join in joins:
        for resource_id, units in Counter(join).items():
            if UUID(resource_id) not in tables:
                raise InvalidInput.at("table_joins", "not_a_table")
            if units > tables[UUID(resource_id)]:
                raise InvalidInput.at("table_joins", "more_tables_than_there_are")
