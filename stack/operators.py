"""Makes a login an operator. There is no endpoint for this: a person who may run this command has access to the
database anyway."""

from db.engine.session import Scope, connect
from db.identity.tables import PlatformRole
from runtime.settings import Settings


async def set_operator(settings: Settings, email: str, *, operator: bool = True) -> None:
    """Make the login with this e-mail an admin, or an ordinary user again. It takes effect at the next
    login or refresh.

    Raises:
        NotFound: there is no such login.
    """
    database = connect(settings)
    try:
        async with database.unit_of_work(Scope.platform()) as work:
            await work.identity.users.set_role(email, PlatformRole.ADMIN if operator else PlatformRole.USER)
    finally:
        await database.close()
