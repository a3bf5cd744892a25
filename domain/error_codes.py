"""All errors of the domain by code. Each area declares its own in ``domain/<area>/errors.py``; errors that any area may
raise are in ``domain/errors.py``."""

from collections.abc import Iterator, Mapping
from types import ModuleType

from domain import errors as shared
from domain.bookings import errors as bookings
from domain.catalogue import errors as catalogue
from domain.customers import errors as customers
from domain.errors import DomainError
from domain.identity import errors as identity
from domain.marketing import errors as marketing
from domain.onboarding import errors as onboarding
from domain.payments import errors as payments
from domain.privacy import errors as privacy
from domain.scheduling import errors as scheduling

AREAS = (shared, identity, payments, scheduling, catalogue, customers, onboarding, bookings, marketing, privacy)


def declared(module: ModuleType) -> Iterator[type[DomainError]]:
    """The errors that ``module`` declares. The API answers an error without its own code with the code of its
    parent."""
    for found in vars(module).values():
        own = isinstance(found, type) and found.__module__ == module.__name__
        if own and issubclass(found, DomainError) and found is not DomainError and "code" in vars(found):
            yield found


ERRORS: Mapping[str, type[DomainError]] = {error.code: error for area in AREAS for error in declared(area)}
