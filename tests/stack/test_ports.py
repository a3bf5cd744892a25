"""Choice of ports."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack import ports
from stack.ports import DEFAULT_PORTS, GRPC_OFFSET, LOOPBACK, PortLocks, choose_ports, is_free


@pytest.fixture
def taken() -> Iterator[int]:
    """A port somebody listens on."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_wanted_port_is_taken_if_it_is_free() -> None:
    port = choose_ports(["api"], {})["api"]
    assert choose_ports(["api"], {"api": port}) == {"api": port}


def test_port_in_use_is_avoided(taken: int) -> None:
    assert not is_free(taken)
    assert choose_ports(["api"], {"api": taken})["api"] != taken


def test_ports_differ_and_stay_below_the_outgoing_range() -> None:
    chosen = choose_ports(DEFAULT_PORTS, {})
    assert set(chosen) == set(DEFAULT_PORTS)
    used = [*chosen.values(), *(port + GRPC_OFFSET for name, port in chosen.items() if name.startswith("storage"))]
    assert len(set(used)) == len(used)
    assert max(used) < ports._first_outgoing_port()


def test_ports_of_two_names_differ_when_both_want_one() -> None:
    port = choose_ports(["api"], {})["api"]
    chosen = choose_ports(["api", "redis"], {"api": port, "redis": port})
    assert chosen["api"] == port
    assert chosen["redis"] != port


def test_defaults_do_not_meet_each_other() -> None:
    used = [*DEFAULT_PORTS.values(), *(p + GRPC_OFFSET for n, p in DEFAULT_PORTS.items() if n.startswith("storage"))]
    assert len(set(used)) == len(used)


def test_port_that_another_stack_has_chosen_is_not_chosen(tmp_path: Path) -> None:
    wanted = choose_ports(DEFAULT_PORTS, {})
    with PortLocks(tmp_path / "locks") as ours, PortLocks(tmp_path / "locks") as theirs:
        assert choose_ports(DEFAULT_PORTS, wanted, ours.take) == wanted
        other = choose_ports(DEFAULT_PORTS, wanted, theirs.take)
        assert not set(other.values()) & set(wanted.values())
    with PortLocks(tmp_path / "locks") as later:
        assert choose_ports(DEFAULT_PORTS, wanted, later.take) == wanted


def test_locked_port_that_somebody_listens_on_is_not_taken(taken: int, tmp_path: Path) -> None:
    with PortLocks(tmp_path) as locks:
        assert not locks.take(taken)
