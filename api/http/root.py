"""The root of the server: the paths of API, documentation and health."""

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.http import routing
from api.http.envelope import Envelope, ok

router = routing.router(tags=["health"], version="")


class RootRead(BaseModel):
    """Paths on this server."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "name": "Omotenashi Connect",
                    "api": "/api/v1",
                    "documentation": "/docs",
                    "openapi": "/openapi.json",
                    "health": "/health",
                }
            ]
        },
    )

    name: str = Field(description="Name of the product.")
    api: str = Field(description="Path of the REST API.")
    documentation: str = Field(description="Path of the documentation for people.")
    openapi: str = Field(description="Path of the OpenAPI document.")
    health: str = Field(description="Path of the health check.")


@router.get("/", summary="Get the entry points of the API", response_model=Envelope[RootRead])
async def get_root() -> Response:
    """The paths of API, documentation and health."""
    return ok(
        RootRead(
            name="Omotenashi Connect",
            api="/api/v1",
            documentation="/docs",
            openapi="/openapi.json",
            health="/health",
        )
    )
