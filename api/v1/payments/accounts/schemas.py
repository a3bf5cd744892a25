"""Requests and answers of accounts at payment providers. No answer has a secret."""

from datetime import datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, SecretStr, StringConstraints
from pydantic_core import PydanticCustomError

from api.http.fields import ChangedRecordRead, Changes, Input, examples
from db.payments.accounts import AccountRow
from domain.payments.accounts import AccountSecrets
from domain.payments.providers import ProviderName
from providers.payments.registry import webhook_path

_BUSINESS = "019a0c5e-8c00-7b10-9e2d-4a6b1c8d0f01"
_GIVEN = {"api_key": "sk_live_example0001", "public_key": "pk_live_example0001", "webhook_secret": "whsec_example0001"}

#: As Stripe and PAY.JP write their keys: a prefix and letters, digits and underscores.
PublicKey = Annotated[str, StringConstraints(pattern=r"^pk_[A-Za-z0-9_]{8,250}$", max_length=255)]


def _can_be_sent(secret: SecretStr) -> SecretStr:
    """A header can carry it."""
    if not all("!" <= character <= "~" for character in secret.get_secret_value()):
        raise PydanticCustomError("secret_characters", "printable ASCII without blanks")
    return secret


#: Secrets: eight characters at least, no blanks. What was sent never appears in an answer or a log.
Secret = Annotated[SecretStr, Field(min_length=8, max_length=255), AfterValidator(_can_be_sent)]


class PaymentAccountCreate(Input):
    """The business's own account at a provider. `webhook_secret`: the signing secret of the endpoint at Stripe, the
    token of the account at PAY.JP."""

    model_config = ConfigDict(json_schema_extra=examples({"business_id": _BUSINESS, "provider": "stripe", **_GIVEN}))

    business_id: UUID = Field(description="Id of the business (UUID).")
    provider: ProviderName = Field(description="Where the account is.")
    api_key: Secret = Field(description="Secret key of the provider's API.")
    public_key: PublicKey = Field(description="Key for the provider's form in the browser.")
    webhook_secret: Secret = Field(description="What the provider's webhooks are verified with.")

    def secrets(self) -> AccountSecrets:
        """The secrets in plain text."""
        return AccountSecrets(self.api_key.get_secret_value(), self.public_key, self.webhook_secret.get_secret_value())


class PaymentAccountUpdate(Changes):
    """Other secrets of the same account. The webhook secret before stays accepted until the next exchange."""

    model_config = ConfigDict(json_schema_extra=examples({"webhook_secret": "whsec_example0002"}))
    erasable: ClassVar[frozenset[str]] = frozenset()

    api_key: Secret | None = Field(default=None, description="Secret key of the provider's API.")
    public_key: PublicKey | None = Field(default=None, description="Key for the provider's form in the browser.")
    webhook_secret: Secret | None = Field(default=None, description="What the provider's webhooks are verified with.")


class PaymentAccountRead(ChangedRecordRead):
    """An account, without its secrets."""

    model_config = ConfigDict(
        json_schema_extra=examples(
            {
                "id": "019a0c5e-ac32-7f60-9e33-205d9c704fb2",
                "business_id": _BUSINESS,
                "provider": "stripe",
                "public_key": "pk_live_example0001",
                "webhook_url": "https://example.jp/api/v1/payments/webhook/stripe/019a0c5e-ac32-7f60-9e33-205d9c704fb2",
                "replaced_at": None,
                "created_at": "2026-11-21T01:30:00Z",
                "updated_at": "2026-11-21T01:30:00Z",
            }
        )
    )

    business_id: UUID = Field(description="Id of the business (UUID).")
    provider: ProviderName = Field(description="Where the account is.")
    public_key: str = Field(description="Key for the provider's form in the browser.")
    webhook_url: str = Field(description="Where the provider sends its webhooks: enter it in the provider's dashboard.")
    replaced_at: datetime | None = Field(
        description="Since when no new payment is opened at it, RFC 3339; null for the account in use."
    )

    @classmethod
    def of(cls, row: AccountRow, public_url: str) -> Self:
        """A stored account; ``public_url`` is the platform's."""
        path = webhook_path(row.provider)
        return cls(
            id=row.id,
            business_id=row.business_id,
            provider=ProviderName(row.provider),
            public_key=row.public_key,
            webhook_url=f"{public_url.rstrip('/')}/api/v1/payments/webhook/{path}/{row.id}",
            replaced_at=row.replaced_at,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
