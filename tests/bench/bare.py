"""The reference of figures over HTTP: FastAPI with one route. ``python -m tests.bench.bare PORT N``."""

import sys

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.get("/x")
async def get_number() -> dict[str, int]:
    """A short answer."""
    return {"a": 1}


if __name__ == "__main__":
    uvicorn.run(
        "tests.bench.bare:app", port=int(sys.argv[1]), workers=int(sys.argv[2]), access_log=False, log_level="error"
    )
