"""Permissions of messages."""

from collections.abc import Mapping
from datetime import timedelta

from domain.roles import CUSTOMERS, EVERYBODY, MANAGERS, TEAM, Action, Role, Rule


class MessageAction(Action):
    """Actions on sent messages."""

    READ = "notification.read"
    RETRY = "notification.retry"
    READ_UNDELIVERED = "notification.read_undelivered"
    SEND_AGAIN = "notification.send_again"
    COUNT_ALL = "notification.count_all"
    CHOOSE = "notification.choose"
    CONSENT = "notification.consent"
    DESIGN = "notification.design"
    SEE_LOGO = "notification.see_logo"
    PROVE = "notification.prove"


#: How long after a message its link opens the choices. Mail programs keep messages for years, and the law asks for a
#: way to opt out in every advertising e-mail (特定電子メール法4条), not for how long.
LINK_LASTS = timedelta(days=400)


PERMISSIONS: Mapping[Action, Rule] = {
    MessageAction.READ: Rule(TEAM | {Role.ADMIN, Role.ASSISTANT, Role.CUSTOMER}, after_closing=True),
    MessageAction.RETRY: Rule(MANAGERS | {Role.ADMIN}),
    MessageAction.READ_UNDELIVERED: Rule(frozenset({Role.ADMIN})),
    MessageAction.SEND_AGAIN: Rule(TEAM | {Role.ADMIN}),
    MessageAction.COUNT_ALL: Rule(frozenset({Role.ADMIN})),
    # Its recipient alone, with a login or with the link of the message.
    MessageAction.CHOOSE: Rule(CUSTOMERS, after_closing=True, link_lasts=LINK_LASTS),
    MessageAction.CONSENT: Rule(TEAM),
    MessageAction.DESIGN: Rule(MANAGERS | {Role.ADMIN}),
    MessageAction.SEE_LOGO: Rule(EVERYBODY),
    MessageAction.PROVE: Rule(TEAM | {Role.ADMIN, Role.ASSISTANT}, after_closing=True),
}
