"""The documentation page at ``/docs``: Swagger UI served by this process, so that it works without a network.

The files are those of the package ``fastapi-offline`` (Swagger UI, Apache 2.0). The page starts the interface from a
file of its own, so its Content-Security-Policy allows no inline script and no other host.
"""

from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from domain.errors import NotFound

PATH = "/docs"

_FILES = Path(str(files("fastapi_offline"))) / "static"
_TYPES = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css", "favicon.png": "image/png"}
_START = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
});
"""
_PAGE = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Omotenashi Connect API</title>
<link rel="stylesheet" href="{PATH}/swagger-ui.css">
<link rel="icon" href="{PATH}/favicon.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{PATH}/swagger-ui-bundle.js"></script>
<script src="{PATH}/start.js"></script>
</body>
</html>
"""


async def _page(_: Request) -> Response:
    return HTMLResponse(_PAGE)


async def _file(request: Request) -> Response:
    name = request.path_params["name"]
    if name == "start.js":
        return Response(_START, media_type="text/javascript")
    if name not in _TYPES:
        raise NotFound
    return FileResponse(_FILES / name, media_type=_TYPES[name])


ROUTES = (Route(PATH, _page, include_in_schema=False), Route(PATH + "/{name}", _file, include_in_schema=False))
