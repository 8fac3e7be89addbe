"""Measure what showing pictures takes beside what cannot be done without: fetching them in parallel and decoding them.

    python tests/benchmarks/media.py         half a minute; part of what run.py prints

20 pictures of 4 megapixels, as JPEG and as PNG, from a small server of another process on loopback. Ours fetches them,
writes them and their sidecars to disk, makes thumbnails and the bundle that the notebook keeps; bare httpx fetches, in
as many threads, and Pillow decodes what came. As one result of 20 pictures, and as 20 results, one after the other, the
bare ones too. Rounds alternate; figures are medians, in wall time.
"""

from __future__ import annotations

import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

COUNT, SIDE, ROUNDS = 20, 2_000, 5
TARGET = 1.5

Step = Callable[[], None]


def photograph(kind: str) -> bytes:
    """Paint a picture of 4 megapixels with the detail of a photograph."""
    from PIL import Image

    light = Image.linear_gradient("L").resize((SIDE, SIDE))
    bands = [Image.blend(light.rotate(90 * turn), Image.effect_noise((SIDE, SIDE), 60), 0.4) for turn in range(3)]
    file = io.BytesIO()
    Image.merge("RGB", bands).save(file, kind, **({"quality": 90} if kind == "JPEG" else {"compress_level": 1}))
    return file.getvalue()


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder from another process; yields its address."""
    code = f"""
import functools, http.server
class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory={str(folder)!r}))
print(server.server_address[1], flush=True)
server.serve_forever()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def bare(links: list[str], threads: int) -> Step:
    """Fetch and decode in some threads."""
    import httpx
    from PIL import Image

    def step() -> None:
        with httpx.Client() as http, ThreadPoolExecutor(threads) as pool:

            def one(link: str) -> None:
                with Image.open(io.BytesIO(http.get(link).content)) as image:
                    image.load()

            list(pool.map(one, links))

    return step


def ours(links: list[str], place: Path, *, together: bool) -> Step:
    """Fetch, keep, make small and draw, into a new folder each time."""
    from skytells_nb.api.values import Prediction, Status
    from skytells_nb.notebook.media.gallery import gallery
    from skytells_nb.notebook.media.keeper import Keeper

    outputs = [tuple(links)] if together else [(link,) for link in links]
    jobs = [
        Prediction(
            f"p{number}", Status.SUCCEEDED, "truefusion-pro", input={"prompt": "a fox"}, output=output, sandbox=True
        )
        for number, output in enumerate(outputs)
    ]

    def step() -> None:
        with tempfile.TemporaryDirectory(dir=place) as folder:
            keeper = Keeper(Path(folder))
            drawn = [gallery(job, keeper.keep(job))[0] for job in jobs]
        if sum(html.count("<img") for html in drawn) != COUNT:
            raise RuntimeError("not all pictures were drawn")

    return step


def medians(steps: dict[str, Step]) -> dict[str, float]:
    """Time the steps in turn, after one round that warms up."""
    took: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(ROUNDS + 1):
        for name, step in steps.items():
            begun = time.perf_counter()
            step()
            if number:
                took[name].append(time.perf_counter() - begun)
    return {name: statistics.median(each) for name, each in took.items()}


def report() -> str:
    """Measure, and write the table."""
    from skytells_nb.notebook.media.together import THREADS

    lines = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for kind in ("JPEG", "PNG"):
            data = photograph(kind)
            names = [f"{number}.{kind.lower()}" for number in range(COUNT)]
            for name in names:
                (place / name).write_bytes(data)
            with serving(place) as address:
                links = [f"{address}/{name}" for name in names]
                took = medians(
                    {
                        "at once, bare": bare(links, THREADS),
                        "at once": ours(links, place, together=True),
                        "one by one, bare": bare(links, 1),
                        "one by one": ours(links, place, together=False),
                    }
                )
            lines.append(f"{COUNT} {kind} files of {SIDE**2 / 1e6:.0f} megapixels and {len(data) / 1e6:.1f} MB")
            lines += [_line(how, took[how], took[f"{how}, bare"]) for how in ("at once", "one by one")]
    return "\n".join(lines)


def _line(how: str, shown: float, decoded: float) -> str:
    verdict = "PASS" if shown / decoded <= TARGET else "short of it"
    figures = f"fetched and shown {shown:5.2f} s   fetched and decoded {decoded:5.2f} s"
    return f"    {how:<12}{figures}   ratio {shown / decoded:.2f}, at most {TARGET}: {verdict}"


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    print(report())
