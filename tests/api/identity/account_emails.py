"""The e-mails that the API promises, written as a worker would write them."""

import re
from urllib.parse import unquote
from uuid import UUID

from activities.templates.account_email import compose_account_email
from api.access.callers import ApiServices
from db.engine.session import Database, Scope
from providers.email.interface import Email
from tests.support import data

SUPPORT = "support@omotenashi.example"
_IDS = "SELECT id FROM notification_outbox WHERE kind = :kind AND user_id = :user_id ORDER BY id"


async def account_emails(services: ApiServices, user_id: UUID, kind: str) -> list[Email]:
    """Every account e-mail of one kind that was promised to the login, oldest first."""
    database: Database = services.database
    found = await data.rows(database, _IDS, kind=kind, user_id=user_id)
    async with database.unit_of_work(Scope.platform()) as work:
        contents = [await work.messages.notices.read_account_email(row["id"]) for row in found]
    return [
        compose_account_email(content, services.links, services.settings.public_url, SUPPORT) for content in contents
    ]


def token_in(message: Email) -> str:
    """The token in the link of a message."""
    return unquote(link_in(message).rpartition("/")[2])


def link_in(message: Email) -> str:
    """The only link of a message, without the host."""
    [link] = re.findall(r"^https?://[^/\s]+(/\S+)$", message.text, re.MULTILINE)
    return str(link)


async def newest_token(services: ApiServices, user_id: UUID, kind: str) -> str:
    """The token of the newest e-mail of one kind."""
    return token_in((await account_emails(services, user_id, kind))[-1])
