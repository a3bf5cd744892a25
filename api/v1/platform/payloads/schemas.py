"""Payloads as Temporal's UI and command line send them: protobuf's JSON of ``temporal.api.common.v1.Payload``."""

from base64 import b64decode, b64encode
from typing import Annotated, Self

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict
from temporalio.api.common.v1 import Payload

from api.http.fields import Input, Output

_BASE64 = r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
#: As protobuf's JSON writes bytes (RFC 4648, with padding).
Base64 = Annotated[str, StringConstraints(pattern=_BASE64, max_length=4_000_000)]
_KEY = Annotated[str, StringConstraints(max_length=200)]

_ENCRYPTED: JsonDict = {
    "metadata": {"encoding": "YmluYXJ5L2VuY3J5cHRlZA==", "encryption-key-id": "dDE="},
    "data": "5Y2nAQID",
}
_PLAIN: JsonDict = {"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "eyJib29raW5nX2lkIjoiNyJ9"}
_METADATA = "Metadata, values in base64. `encoding` says what the data is."
_DATA = "Data in base64; empty for none."


class PayloadWrite(Input):
    """One payload."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ENCRYPTED]})

    metadata: dict[_KEY, Base64] = Field(default_factory=dict, max_length=50, description=_METADATA)
    data: Base64 = Field(default="", description=_DATA)

    def payload(self) -> Payload:
        """As the SDK has it."""
        metadata = {name: b64decode(value) for name, value in self.metadata.items()}
        return Payload(metadata=metadata, data=b64decode(self.data))


class PayloadsCommand(Input):
    """Payloads to decrypt or encrypt."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"payloads": [_ENCRYPTED]}]})

    payloads: list[PayloadWrite] = Field(max_length=1000, description="Payloads, answered in the same order.")


class PayloadRead(Output):
    """One payload."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PLAIN]})

    metadata: dict[str, str] = Field(description=_METADATA)
    data: str = Field(description=_DATA)

    @classmethod
    def of(cls, payload: Payload) -> Self:
        """As protobuf's JSON writes it."""
        metadata = {name: b64encode(value).decode() for name, value in payload.metadata.items()}
        return cls(metadata=metadata, data=b64encode(payload.data).decode())


class PayloadsRead(Output):
    """The payloads, in the order of the request."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"payloads": [_PLAIN]}]})

    payloads: list[PayloadRead] = Field(description="Payloads, in the order of the request.")


class PayloadCookieRead(Output):
    """The cookie was set."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"path": "/api/v1/admin/temporal"}]})

    path: str = Field(description="The path that browsers send the cookie to: the codec endpoint of Temporal's UI.")
