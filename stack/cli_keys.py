"""``omotenashi keys``: the signing keys, and with ``--payloads`` the keys that encrypt what Temporal stores."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stack.cli_settings import DataDir, settings_of
from stack.folder import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.settings import Settings

keys = typer.Typer(name="keys", help="Keys that sign or encrypt: list them, make a new one, retire an old one.")

Payloads = Annotated[
    bool, typer.Option("--payloads", help="The keys that encrypt what Temporal stores, instead of the signing keys.")
]


def _change_keys(data_dir: Path, change: "Callable[[Settings], str]") -> None:
    from domain.errors import Unavailable
    from runtime.keyring import UnusableKeys

    try:
        typer.echo(change(settings_of(data_dir, "keys", "api")))
    except (UnusableKeys, Unavailable) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@keys.command("list")
def list_keys(payloads: Payloads = False, data_dir: DataDir = DEFAULT) -> None:
    """List the ids of the keys and their age; never the keys themselves."""
    from stack import keys as signing
    from stack import payload_keys

    _change_keys(data_dir, payload_keys.describe if payloads else signing.describe)


@keys.command("rotate")
def rotate_keys(payloads: Payloads = False, data_dir: DataDir = DEFAULT) -> None:
    """Make a new key that signs or encrypts from now on. What earlier keys did stays valid; retire them later."""
    from stack import keys as signing
    from stack import payload_keys

    _change_keys(data_dir, payload_keys.rotate if payloads else signing.rotate)


@keys.command("vapid")
def make_vapid_key(
    subject: Annotated[str, typer.Option("--subject", help="How a push service reaches you: mailto: or https:.")] = "",
) -> None:
    """Make a key for web push and print the settings. It is stored nowhere; a new one ends every
    browser's subscription."""
    from stack.push_keys import new_settings

    typer.echo(new_settings(subject))


@keys.command("retire")
def retire_key(
    kid: Annotated[str, typer.Argument(help="The key's id, of `keys list`.")],
    payloads: Payloads = False,
    data_dir: DataDir = DEFAULT,
) -> None:
    """Delete an earlier key. Tokens and links that it signed are refused from then on; a key of payloads can only be
    deleted when no run of its time is stored any more."""
    from stack import keys as signing
    from stack import payload_keys

    retire = payload_keys.retire if payloads else signing.retire
    _change_keys(data_dir, lambda settings: asyncio.run(retire(settings, kid)))
