"""What is installed, against what is needed: this package's own requirements, and the pieces of Jupyter."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib import metadata

from .findings import Finding

_SELF = "skytells-nb"
_EXTRAS = ("lab", "plots", "postgres", "parquet", "video", "keyring")
_FRONTS = ("ipykernel", "jupyterlab", "notebook", "voila")


def findings() -> Iterator[Finding]:
    """Check Python, our requirements, and the widgets' pieces, which must fit each other to be drawn."""
    if _version(_SELF) is None:
        yield Finding("warn", "skytells-nb is imported without being installed.", "pip install skytells-nb")
    else:
        yield _python()
        yield from _requirements()
    if found := _here(_FRONTS):
        yield Finding("ok", f"Jupyter here: {', '.join(found)}.")
    else:
        yield Finding("ok", "No Jupyter here: only the IPython terminal.", "pip install 'skytells-nb[lab]' brings it.")
    yield from _widgets()


def _python() -> Finding:
    from packaging.specifiers import SpecifierSet

    wanted = str(metadata.metadata(_SELF).json.get("requires_python", ""))
    here = ".".join(map(str, sys.version_info[:3]))
    if SpecifierSet(wanted).contains(here, prereleases=True):
        return Finding("ok", f"Python {here}.")
    return Finding("error", f"Python {here} is not {wanted}.", "Make an environment with a newer Python.")


def _requirements() -> Iterator[Finding]:
    missing, unfit = unmet(_SELF), unmet(_SELF, _EXTRAS)
    for said in missing:
        yield Finding("error", said, "pip install --upgrade skytells-nb mends it.")
    for said in unfit:
        yield Finding("warn", said, "Install the version that is wanted.")
    if not missing and not unfit:
        yield Finding("ok", f"What skytells-nb {_version(_SELF)} needs is installed.")


def _widgets() -> Iterator[Finding]:
    """Check the front-end halves of ipywidgets: a form stays empty where their versions do not fit."""
    if not (pieces := _here(("ipywidgets", "jupyterlab_widgets"))):
        return
    if not (found := unmet("ipywidgets") if _version("ipywidgets") else ()):
        yield Finding("ok", f"Forms: {' and '.join(pieces)} fit each other.")
    for said in found:
        yield Finding("warn", f"Forms may stay empty: {said}", "pip install --upgrade ipywidgets, and reload the page.")


def unmet(name: str, extras: Sequence[str] = ()) -> tuple[str, ...]:
    """Say in sentences what a distribution requires and does not find.

    With `extras`, only what these want instead: an extra is a wish, so what is not installed for one is no fault.
    """
    from packaging.requirements import Requirement

    said: dict[str, None] = {}
    for wanted in map(Requirement, metadata.requires(name) or ()):
        marker, version = wanted.marker, _version(wanted.name)
        always = marker is None or marker.evaluate({"extra": ""})
        if extras and (always or marker is None or not any(marker.evaluate({"extra": each}) for each in extras)):
            continue
        if not extras and not always:
            continue
        if version is None and not extras:
            said[f"{wanted.name} is not installed."] = None
        elif version is not None and not wanted.specifier.contains(version, prereleases=True):
            said[f"{wanted.name} is {version}, wanted is {wanted.specifier}."] = None
    return tuple(said)


def _here(names: Sequence[str]) -> list[str]:
    return [f"{name} {version}" for name in names if (version := _version(name))]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
