"""What the notebook's tests share: a file server that can misbehave, and pictures and predictions to keep."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from PIL import Image


def png(width: int = 64, height: int = 48, mode: str = "RGB", kind: str = "PNG", **options: Any) -> bytes:
    """Paint a small picture with some detail."""
    file = io.BytesIO()
    Image.effect_noise((width, height), 80).convert(mode).save(file, kind, **options)
    return file.getvalue()


@dataclass
class FileServer:
    """A real server on this machine: `files` maps a path to bytes or to a function that answers the request itself."""

    url: str
    files: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    most_at_once: int = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    server: Any

    def do_GET(self) -> None:
        files: FileServer = self.server.files
        files.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        with self.server.lock:
            self.server.now += 1
            files.most_at_once = max(files.most_at_once, self.server.now)
        try:
            answer = files.files.get(self.path)
            if callable(answer):
                answer(self)
            elif answer is None:
                self.send_error(404)
            else:
                self.send_response(200)
                self.send_header("content-length", str(len(answer)))
                self.send_header("set-cookie", "track=1; Path=/")
                self.end_headers()
                self.wfile.write(answer)
        except OSError:
            pass
        finally:
            with self.server.lock:
                self.server.now -= 1

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def file_server() -> Iterator[FileServer]:
    """Serve files of this test's own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    files = FileServer(f"http://127.0.0.1:{server.server_address[1]}")
    vars(server).update(files=files, lock=threading.Lock(), now=0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield files
    server.shutdown()
    thread.join()
    server.server_close()


def redirect(to: str) -> Any:
    """Answer with a redirect."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("location", to)
        handler.end_headers()

    return answer


def slowly(data: bytes, *, pause: float, pieces: int = 20) -> Any:
    """Answer piece by piece with pauses."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        step = max(1, len(data) // pieces)
        for start in range(0, len(data), step):
            handler.wfile.write(data[start : start + step])
            handler.wfile.flush()
            time.sleep(pause)

    return answer
