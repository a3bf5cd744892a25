"""The proof of a booking's e-mail address."""

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from api.http.fields import Input, examples


class ProofCommand(Input):
    """``token``: from the message that asked for the proof."""

    model_config = ConfigDict(json_schema_extra=examples({"token": "k1.AAAAAGkg…"}))

    token: Annotated[str, StringConstraints(min_length=1, max_length=500)] = Field(
        description="The token of the message that asked for the proof."
    )
