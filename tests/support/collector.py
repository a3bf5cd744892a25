"""A collector of traces in this process: takes what is sent by OTLP over HTTP, as any real one."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class SeenSpan:
    """One span, ids in hexadecimal digits; ``links`` are ids of traces."""

    process: str
    name: str
    trace: str
    id: str
    parent: str
    attributes: dict[str, str]
    links: tuple[str, ...]
    failed: bool
    started: int


@dataclass
class Collector:
    """``bodies`` are the requests as they came, uncompressed."""

    url: str
    bodies: list[bytes] = field(default_factory=list)

    @property
    def spans(self) -> list[SeenSpan]:
        """All spans, in the order of their start."""
        found = [span for body in self.bodies for span in _spans(body)]
        return sorted(found, key=lambda span: span.started)

    def trace(self, trace: str) -> list[SeenSpan]:
        """The spans of one trace."""
        return [span for span in self.spans if span.trace == trace]

    def drawn(self, trace: str) -> str:
        """One trace as text: each step below the one that caused it."""
        spans = self.trace(trace)
        known = {span.id for span in spans}

        def lines(parent: str | None, depth: int) -> Iterator[str]:
            for span in spans:
                if span.parent == parent or (parent is None and span.parent not in known):
                    about = " ".join(f"{key}={value}" for key, value in sorted(span.attributes.items()))
                    yield f"{'  ' * depth}{span.name}  [{span.process}]  {about}".rstrip()
                    yield from lines(span.id, depth + 1)

        return "\n".join(lines(None, 0))


def _spans(body: bytes) -> Iterator[SeenSpan]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        about = {each.key: each.value.string_value for each in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield SeenSpan(
                    process=about["service.name"],
                    name=span.name,
                    trace=span.trace_id.hex(),
                    id=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    attributes={
                        each.key: each.value.string_value or str(each.value.int_value) for each in span.attributes
                    },
                    links=tuple(link.trace_id.hex() for link in span.links),
                    failed=span.status.code == span.status.STATUS_CODE_ERROR,
                    started=span.start_time_unix_nano,
                )


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a free port."""
    collector = Collector("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.bodies.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        collector.url = f"http://127.0.0.1:{server.server_port}/v1/traces"
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
