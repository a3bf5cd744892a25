"""What the commands of ``omotenashi`` share: the data folder, and the settings of one part."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stack.folder import DataFolder

if TYPE_CHECKING:
    from runtime.settings import Settings

DataDir = Annotated[
    Path, typer.Option("--data-dir", envvar="OMOTENASHI_DATA_DIR", help="The folder of a stack's files.")
]


def settings_of(data_dir: Path, process: str, role: str = "all") -> "Settings":
    """The settings of one part, with its logging set up; production demands what its ``role`` needs.

    They come from the environment. Where a stack runs on the data folder, its addresses are the defaults, so that
    parts that a person starts use that stack. From then on no other process reads the secrets in this one's memory.
    """
    from runtime.confinement import hide_memory
    from runtime.logging import configure

    hide_memory()
    settings = _read_settings(DataFolder.at(data_dir), role)
    configure(settings, process)
    return settings


def _read_settings(folder: DataFolder, role: str) -> "Settings":
    from pydantic import ValidationError

    from runtime.roles import ProcessRole
    from runtime.settings import Settings, UnsafeSettings

    try:
        addresses = folder.environment_file if folder.holder() is not None else None
        return Settings(_env_file=addresses, role=ProcessRole(role))
    except (UnsafeSettings, ValidationError) as error:
        typer.echo(f"The settings are not usable: {error}", err=True)
        raise typer.Exit(1) from None
