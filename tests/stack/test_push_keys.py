"""A key for web push: the settings that it prints are those that a process takes."""

import base64

from pydantic import SecretStr

from providers.push.web_push import WebPush
from runtime.settings import Environment, Settings
from stack.push_keys import new_settings


def read(printed: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in printed.splitlines())


async def test_new_settings_switch_web_push_on() -> None:
    printed = read(new_settings("mailto:push@example.jp"))
    assert printed["OMOTENASHI_VAPID_SUBJECT"] == "mailto:push@example.jp"
    settings = Settings(
        environment=Environment.TEST, vapid_private_key=SecretStr(printed["OMOTENASHI_VAPID_PRIVATE_KEY"])
    )
    assert settings.push_is_set
    push = WebPush(settings)
    assert len(base64.urlsafe_b64decode(push.public_key + "=")) == 65
    await push.aclose()


def test_new_settings_are_another_key_each_time() -> None:
    assert new_settings("") != new_settings("")
    assert "SUBJECT" not in new_settings("")
