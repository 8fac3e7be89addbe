"""Many calls at once: few connections, none shared, none lost, and those past the bound wait in their order."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from skytells_nb.api import connections, lines
from skytells_nb.api.client import AsyncClient, Client
from skytells_nb.errors import NetworkError, SetupError
from skytells_nb.local import Sandbox

KEY = "sk-test-4f9a1c77"


class Server:
    """A small HTTP/1.1 server that counts connections, and answers each request as `respond` says."""

    def __init__(self, respond: Callable[[Server, bytes], bytes], context: ssl.SSLContext | None = None) -> None:
        self.opened = self.closed = self.answered = self.at_once = self.most_at_once = 0
        self._respond = respond
        self._context = context
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()))

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    def release(self) -> None:
        """Answer what was held, and hold nothing any more."""
        self._loop.call_soon_threadsafe(self._released.set)

    @property
    def url(self) -> str:
        return f"{'http' if self._context is None else 'https'}://127.0.0.1:{self.port}/v1"

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._released = asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._serve(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        listening = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=self._context, backlog=512)
        self.port = listening.sockets[0].getsockname()[1]
        self._ready.set()
        await self._ended.wait()
        listening.close()
        for task in [*tasks]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b""
                )
                body = await reader.readexactly(int(length.partition(b":")[2] or 0))
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
                if b"/held" in body:
                    await self._released.wait()
                self.at_once -= 1
                self.answered += 1  # before the answer, after which its reader may look
                writer.write(self._respond(self, head + body))
                if b"/hang up" in body:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.closed += 1
            writer.close()


def chat_answer(server: Server, request: bytes) -> bytes:
    """Answer with the request's own prompt."""
    prompt = request.partition(b'"content":')[2].partition(b'"')[2].partition(b'"')[0]
    body = b'{"choices": [{"index": 0, "message": {"content": "%s"}}]}' % prompt
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


@pytest.fixture
def server() -> Iterator[Server]:
    """Run a server that answers with the prompt; a prompt with `/held` waits for `release`."""
    with Server(chat_answer) as running:
        yield running


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds that another thread brings about."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@contextmanager
def bound_of(number: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let clients open no more connections than this."""
    with monkeypatch.context() as patch:
        patch.setattr(lines, "MOST", number)
        yield


def test_a_lone_user_opens_one_connection(server: Server) -> None:
    """Call after call goes over the same."""
    with Client(api_key=KEY, base_url=server.url, observers=()) as client:
        for number in range(5):
            assert client.chat(f"{number}").text == f"{number}"
    assert (server.opened, server.answered) == (1, 5)


def test_a_lone_task_opens_one_connection(server: Server) -> None:
    """The same, awaited."""

    async def main() -> None:
        async with AsyncClient(api_key=KEY, base_url=server.url, observers=()) as client:
            for number in range(5):
                assert (await client.chat(f"{number}")).text == f"{number}"

    asyncio.run(main())
    assert (server.opened, server.answered) == (1, 5)


def test_a_client_that_sends_nothing_opens_nothing(server: Server) -> None:
    """Not even the certificates are read."""
    Client(api_key=KEY, base_url=server.url).close()
    assert server.opened == 0


def test_threads_at_once_have_a_connection_each(server: Server) -> None:
    """And each its own answer."""
    with (
        Client(api_key=KEY, base_url=server.url, observers=()) as client,
        concurrent.futures.ThreadPoolExecutor(20) as go,
    ):
        asked = [go.submit(client.chat, f"/held {number}") for number in range(20)]
        until(lambda: server.at_once == 20)
        server.release()
        assert [future.result().text for future in asked] == [f"/held {number}" for number in range(20)]
    assert server.opened == 20


def test_past_the_bound_threads_wait_for_a_connection(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is turned away, and no more are open than the bound says."""
    with (
        bound_of(3, monkeypatch),
        Client(api_key=KEY, base_url=server.url, observers=()) as client,
        concurrent.futures.ThreadPoolExecutor(12) as go,
    ):
        asked = [go.submit(client.chat, f"/held {number}") for number in range(12)]
        until(lambda: server.at_once == 3)
        server.release()
        assert [future.result().text for future in asked] == [f"/held {number}" for number in range(12)]
    assert (server.opened, server.most_at_once, server.answered) == (3, 3, 12)


def test_past_the_bound_tasks_are_served_in_the_order_they_came(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one connection, the answers come in the order of the questions."""
    done: list[int] = []

    async def main() -> None:
        async with AsyncClient(api_key=KEY, base_url=server.url, observers=()) as client, asyncio.TaskGroup() as group:

            async def ask(number: int) -> None:
                await client.chat(f"{number}")
                done.append(number)

            for number in range(10):
                group.create_task(ask(number))

    with bound_of(1, monkeypatch):
        asyncio.run(main())
    assert done == [*range(10)]
    assert server.opened == 1


def test_a_task_that_is_canceled_while_it_waits_takes_no_connection(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one behind it is served; the canceled one is never sent."""

    async def main() -> None:
        async with AsyncClient(api_key=KEY, base_url=server.url, observers=()) as client:
            first = asyncio.create_task(client.chat("/held"))
            await asyncio.to_thread(until, lambda: server.at_once == 1)
            second, third = asyncio.create_task(client.chat("second")), asyncio.create_task(client.chat("third"))
            await asyncio.sleep(0)
            second.cancel()
            server.release()
            assert (await first).text == "/held"
            assert (await third).text == "third"
            with pytest.raises(asyncio.CancelledError):
                await second

    with bound_of(1, monkeypatch):
        asyncio.run(main())
    assert server.answered == 2


def test_a_task_that_is_canceled_in_mid_call_leaves_a_usable_client(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connection is closed, its place is free again."""

    async def main() -> None:
        async with AsyncClient(api_key=KEY, base_url=server.url, observers=()) as client:
            for _ in range(3):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await client.chat("/held")
            assert (await client.chat("after")).text == "after"

    with bound_of(1, monkeypatch):
        asyncio.run(main())


def test_a_line_that_came_as_its_waiter_gave_up_goes_to_the_next() -> None:
    """It is neither lost nor lent twice."""
    lent: lines.Lines[str] = lines.Lines(lambda: lambda: "line", concurrent.futures.Future, closed=False)
    lent.check()
    line, _ = lent.take()
    lent._bound = 1
    _, first = lent.take()
    _, second = lent.take()
    assert lent.give(line) == []
    assert first.result() == "line"
    assert lent.withdraw(first) == []
    assert second.result() == "line"


def test_a_stream_keeps_its_connection_until_it_is_closed(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another call waits for it, and goes on when the reader breaks off."""
    with (
        bound_of(1, monkeypatch),
        Client(api_key=KEY, base_url=sandbox.url, observers=()) as client,
        concurrent.futures.ThreadPoolExecutor(1) as go,
    ):
        with client.chat_stream("Tell me much") as stream:
            next(stream)
            other = go.submit(client.chat, "Hi")
            with pytest.raises(TimeoutError):
                other.result(0.1)
        assert other.result(20).text


def test_idle_connections_are_closed_when_their_time_is_over(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next call that ends sweeps them up, but for its own."""
    with (
        Client(api_key=KEY, base_url=server.url, observers=()) as client,
        concurrent.futures.ThreadPoolExecutor(8) as go,
    ):
        asked = [go.submit(client.chat, "/held") for _ in range(8)]
        until(lambda: server.at_once == 8)
        server.release()
        concurrent.futures.wait(asked)
        assert server.closed == 0
        monkeypatch.setattr(lines, "IDLE", 0.0)
        client.chat("sweep")
        until(lambda: server.closed == 7)


def test_a_connection_that_the_server_closed_is_not_used_again(server: Server) -> None:
    """The call goes over a new one; nothing fails."""
    with Client(api_key=KEY, base_url=server.url, observers=()) as client:
        client.chat("/hang up")
        until(lambda: server.closed == 1)
        assert client.chat("again").text == "again"
    assert server.opened == 2


def test_an_async_connection_that_the_server_closed_is_not_used_again(server: Server) -> None:
    """The same, awaited."""

    async def main() -> None:
        async with AsyncClient(api_key=KEY, base_url=server.url, observers=()) as client:
            await client.chat("/hang up")
            await asyncio.to_thread(until, lambda: server.closed == 1)
            assert (await client.chat("again")).text == "again"

    asyncio.run(main())
    assert server.opened == 2


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # nothing can close a connection of a loop that ended
def test_an_async_client_serves_one_event_loop_after_another(server: Server) -> None:
    """Connections of a loop that has ended are not used in the next."""
    client = AsyncClient(api_key=KEY, base_url=server.url, observers=())

    async def ask(prompt: str, *, last: bool) -> str:
        text = (await client.chat(prompt)).text
        if last:
            await client.aclose()
        return text

    assert asyncio.run(ask("one", last=False)) == "one"
    assert asyncio.run(ask("two", last=True)) == "two"
    gc.collect()


def test_closing_ends_waiting_and_sending(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for a connection is told that the client is closed, and so is who comes later."""
    with bound_of(1, monkeypatch), concurrent.futures.ThreadPoolExecutor(2) as go:
        client = Client(api_key=KEY, base_url=server.url, observers=())
        first = go.submit(client.chat, "/held")
        until(lambda: server.at_once == 1)
        second = go.submit(client.chat, "waits")
        until(lambda: bool(client._pool.lines._waiting))
        client.close()
        with pytest.raises(SetupError, match=r"^This client is closed\."):
            second.result(20)
        with pytest.raises(SetupError, match=r"^This client is closed\."):
            client.chat("later")
        server.release()
        first.exception(20)


def test_a_given_transport_answers_all_itself() -> None:
    """The seam: no connection is opened, no bound holds, and closing closes it."""
    at_once, gate = [], threading.Event()

    class Given(httpx.BaseTransport):
        closed = False

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            at_once.append(request)
            gate.wait(20)
            return httpx.Response(200, json={"choices": []})

        def close(self) -> None:
            self.closed = True

    given = Given()
    with (
        Client(api_key=KEY, base_url="https://api.skytells.test/v1", transport=given, observers=()) as client,
        concurrent.futures.ThreadPoolExecutor(10) as go,
    ):
        asked = [go.submit(client.chat, "Hi") for _ in range(10)]
        until(lambda: len(at_once) == 10)
        gate.set()
        concurrent.futures.wait(asked)
    assert given.closed


def test_the_bound_leaves_half_of_the_files_to_others() -> None:
    """Where a process may open few files, as on macOS, a client opens fewer connections."""
    code = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({0}, {0})); "
    code += "from skytells_nb.api.lines import most; print(most())"
    found = [
        int(subprocess.run([sys.executable, "-c", code.format(files)], check=True, capture_output=True).stdout)
        for files in (100, 256, 1024)
    ]
    assert found == [50, 128, 256]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate of 127.0.0.1 that vouches for itself."""
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    )
    made = [*command.split(), "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(made, check=True, capture_output=True)
    return folder


@pytest.fixture
def secure(certificate: Path) -> Iterator[Server]:
    """Run the server behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with Server(chat_answer, context) as running:
        yield running


def trusting(monkeypatch: pytest.MonkeyPatch, certificate: Path) -> None:
    """Let clients trust the certificate; the environment is not asked on loopback, so the usual ones are replaced."""
    context = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    monkeypatch.setattr(httpx, "create_ssl_context", lambda **_: context)


def test_a_secure_connection_carries_calls(secure: Server, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both clients, twice over one connection, and an answer and a question of 2 MB."""
    trusting(monkeypatch, certificate)
    long = "x" * 2_000_000

    async def main() -> None:
        async with AsyncClient(api_key=KEY, base_url=secure.url, observers=()) as client:
            assert (await client.chat("one")).text == "one"
            assert (await client.chat(long)).text == long

    with Client(api_key=KEY, base_url=secure.url, observers=()) as client:
        assert client.chat("one").text == "one"
        assert client.chat(long).text == long
    asyncio.run(main())
    assert (secure.opened, secure.answered) == (2, 4)


def test_a_certificate_that_nobody_vouches_for_is_refused(secure: Server) -> None:
    """Before a byte of the request leaves, by both clients."""

    async def main() -> None:
        async with AsyncClient(api_key=KEY, base_url=secure.url, sleep=no_nap, observers=()) as client:
            await client.chat("Hi")

    async def no_nap(_: float) -> None:
        pass

    with (
        Client(api_key=KEY, base_url=secure.url, sleep=lambda _: None, observers=()) as client,
        pytest.raises(NetworkError, match="certificate verify failed"),
    ):
        client.chat("Hi")
    with pytest.raises(NetworkError, match="certificate verify failed"):
        asyncio.run(main())
    assert secure.answered == 0


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_used(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a transport of httpx's own; the service's name is asked of the proxy alone."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    asked: list[bytes] = []

    def refuse(_: Server, request: bytes) -> bytes:
        asked.append(request.partition(b"\r\n")[0])
        return b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"

    with Server(refuse) as proxy:
        monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        with (
            Client(api_key=KEY, base_url="https://api.skytells.test/v1", sleep=lambda _: None, observers=()) as client,
            pytest.raises(NetworkError),
        ):
            client.chat("Hi")
    assert set(asked) == {b"CONNECT api.skytells.test:443 HTTP/1.1"}


def test_no_proxy_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that NO_PROXY names is reached straight."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "skytells.test")
    monkeypatch.setenv("no_proxy", "skytells.test")
    make: Any = connections.maker("https://api.skytells.test/v1")
    assert isinstance(make(), connections.Line)
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    assert isinstance(connections.maker("https://api.skytells.test/v1")(), httpx.HTTPTransport)


def test_one_client_serves_the_loops_of_several_threads(shared_sandbox: Sandbox) -> None:
    """Each loop has lines of its own: no thread touches another's, which asyncio's debug mode would tell."""
    client = AsyncClient(api_key=KEY, base_url=shared_sandbox.url, observers=())

    async def ask() -> int:
        return len([await client.models(refresh=True) for _ in range(5)])

    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda _: asyncio.run(ask(), debug=True), range(8)))
    asyncio.run(client.aclose())
    assert done == [5] * 8
