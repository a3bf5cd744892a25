"""What Temporal stores is encrypted, readable with every key that is not retired, and replays."""

from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from runtime.keyring import KeyRing, Keys, write_keys
from runtime.payload_codec import ENCRYPTED, KEY_ID, EncryptingCodec, UnreadablePayload, data_converter
from runtime.settings import Settings
from tests.replay.outcomes import read
from tests.support.servers import CONVERTER
from tests.support.workflow_sandbox import workflow_runner
from tests.workflows.payments.test_refund import DONE, RefundStub, refunding
from workflows.payments.refund.workflow import RefundWorkflow

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
NOTE = "卵アレルギー"


async def _note() -> Payload:
    (payload,) = await CONVERTER.encode([NOTE])
    return payload


async def test_payload_is_unreadable_without_the_key_and_the_same_with_it() -> None:
    payload = await _note()
    assert payload.metadata["encoding"] == ENCRYPTED
    assert NOTE.encode() not in payload.SerializeToString()
    assert NOTE.encode("unicode_escape") not in payload.SerializeToString()
    assert await CONVERTER.decode([payload], [str]) == [NOTE]


async def test_same_value_is_never_encrypted_alike() -> None:
    assert (await _note()).data != (await _note()).data


async def test_plain_payload_passes() -> None:
    """Of a run that began before payloads were encrypted."""
    plain = await pydantic_data_converter.encode([NOTE])
    assert await CONVERTER.decode(plain, [str]) == [NOTE]


async def test_errors_are_encrypted_with_their_messages() -> None:
    failure = Failure()
    await CONVERTER.encode_failure(ApplicationError(NOTE, NOTE, type="rule_broken"), failure)
    assert NOTE.encode() not in failure.SerializeToString()
    assert failure.application_failure_info.type == "rule_broken"  # what workflows and callers decide by
    assert str(await CONVERTER.decode_failure(failure)) == f"rule_broken: {NOTE}"


@pytest.mark.parametrize("change", ["data", "key", "unknown_key"])
async def test_changed_payload_is_refused(change: str) -> None:
    keys = Keys("a", {"a": b"a" * 32, "b": b"b" * 32}, {})
    codec = EncryptingCodec(KeyRing(keys.current, keys.keys))
    (payload,) = await codec.encode([Payload(data=b"x")])
    if change == "data":
        payload.data = payload.data[:-1] + bytes([payload.data[-1] ^ 1])
    else:
        payload.metadata[KEY_ID] = b"b" if change == "key" else b"c"
    with pytest.raises(UnreadablePayload):
        await codec.decode([payload])


async def test_rotation_under_use(tmp_path: Path) -> None:
    """One process keeps its codec while the file gets a new key and loses the old one."""
    path = tmp_path / "payload-keys.json"
    first = Keys.fresh(NOW)
    write_keys(path, first)
    converter = data_converter(Settings(temporal_keys_file=path))
    (old,) = await converter.encode([NOTE])
    write_keys(path, second := first.rotated(NOW + timedelta(days=90)))
    (new,) = await converter.encode([NOTE])
    assert (old.metadata[KEY_ID], new.metadata[KEY_ID]) == (first.current.encode(), second.current.encode())
    assert await converter.decode([old], [str]) == await converter.decode([new], [str]) == [NOTE]
    write_keys(path, second.without(first.current))
    assert await converter.decode([new], [str]) == [NOTE]
    with pytest.raises(UnreadablePayload, match=first.current):
        await converter.decode([old])


async def test_history_holds_no_plain_payload_and_replays(temporal_time_skipping: WorkflowEnvironment) -> None:
    async with refunding(temporal_time_skipping, RefundStub(deque([DONE]))) as handle:
        await handle.result()
        history = await handle.fetch_history()
    before, now = (_bytes_of(one) for one in (read("refund", "succeeded"), history))
    assert b"refund/" in before  # control: the search finds what is not encrypted
    for written in (b"pi_1", b"movement_id"):
        assert written in before
        assert written not in now
    replayer = Replayer(workflows=[RefundWorkflow], data_converter=CONVERTER, workflow_runner=workflow_runner())
    await replayer.replay_workflow(history)


def _bytes_of(history: WorkflowHistory) -> bytes:
    return b"".join(event.SerializeToString() for event in history.events)
