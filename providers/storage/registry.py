"""The object storage of this process."""

from providers.storage.interface import Storage
from providers.storage.s3 import S3Storage
from runtime.settings import Settings


def storage_provider(settings: Settings) -> Storage:
    """The storage. Call ``aclose`` at the end of the process."""
    return S3Storage(settings)
