"""What people call the device and browser of a session."""

#: What a ``User-Agent`` contains, the most particular first, because browsers name others for compatibility.
_BROWSERS = (
    *(("Line/", "LINE"), ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet")),
    *(("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari")),
)
_SYSTEMS = (
    *(("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "Mac")),
    *(("CrOS", "ChromeOS"), ("Linux", "Linux")),
)


def device_of(user_agent: str) -> str:
    """``Chrome (Windows)``: browser and system from a ``User-Agent`` (RFC 9110, 10.1.5); empty for none."""
    names = [next((name for mark, name in marks if mark in user_agent), "") for marks in (_BROWSERS, _SYSTEMS)]
    browser, system = names[0] or user_agent.partition("/")[0].strip()[:60], names[1]
    return f"{browser} ({system})" if browser and system else browser
