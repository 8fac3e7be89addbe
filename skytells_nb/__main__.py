"""The command `skytells-nb`: run the demo, the local Skytells for other clients, or the doctor."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status: 0, or 1 where something failed (argparse exits with 2)."""
    parser = argparse.ArgumentParser(
        prog="skytells-nb", description="The notebook toolkit for the Skytells AI platform."
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(dest="command")
    demo = commands.add_parser(
        "demo", help="run the quickstart notebook against the local Skytells: no key, no network"
    )
    notebooks = ("quickstart", "forms", "costs", "magics", "media")
    demo.add_argument("--notebook", default="quickstart", choices=notebooks, help="another notebook")
    demo.add_argument("--lab", action="store_true", help="open the notebook in JupyterLab instead of running it")
    demo.add_argument("--output", metavar="FOLDER", help="where the notebook and its page go (default: skytells-demo)")
    demo.add_argument("jupyter", nargs="*", metavar="-- OPTION", help="with --lab: options for JupyterLab, after --")
    sandbox = commands.add_parser("sandbox", help="run the local Skytells for any client, until Ctrl-C")
    sandbox.add_argument("--port", type=int, default=8765, help="the port to listen on (default: 8765; 0: a free one)")
    sandbox.add_argument(
        "--pace", type=float, default=1.0, help="how many times faster than normal jobs run (default: 1)"
    )
    sandbox.add_argument("--credits", type=float, default=None, help="the account's balance in USD (default: endless)")
    sandbox.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME[;key=value]",
        help="make requests go wrong, e.g. '429;retry-after=2;rate=0.2' or 'hang;times=3' (repeatable)",
    )
    sandbox.add_argument(
        "--dialect",
        action="append",
        default=[],
        metavar="NAME=WORD",
        help="write answers another way, e.g. status=sdk or list=array (repeatable)",
    )
    doctor = commands.add_parser("doctor", help="check the set-up, and look through notebooks for keys and dead links")
    doctor.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="a notebook, or a folder of them")
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON")
    doctor.add_argument("--online", action="store_true", help="ask the service, and whether links still lead anywhere")
    chosen = parser.parse_args(arguments)
    if chosen.version:
        from importlib.metadata import version

        print(version("skytells-nb"))
        return 0
    if chosen.command == "demo":
        if chosen.jupyter and not chosen.lab:
            demo.error(f"unknown: {' '.join(chosen.jupyter)} (options for JupyterLab go with --lab)")
        from . import demo as demonstration

        name = demonstration.NOTEBOOKS[chosen.notebook]
        return demonstration.run(lab=chosen.lab, folder=chosen.output, jupyter=chosen.jupyter, name=name)
    if chosen.command == "doctor":
        from . import doctor as examination

        return examination.run(chosen.notebooks, json=chosen.json, online=chosen.online)
    if chosen.command == "sandbox":
        from .local import Dialect, Options, dialect, faults, serve

        try:
            options = Options(
                pace=chosen.pace,
                credits=chosen.credits,
                dialect=Dialect().but(dialect.pairs(chosen.dialect)) if chosen.dialect else Dialect(),
                faults=tuple(map(faults.parse, chosen.fault)),
            )
        except ValueError as error:
            sandbox.error(str(error))
        serve(chosen.port, options=options)
        return 0
    parser.print_help()
    return 0


def run() -> None:
    """Run the command as a program: Ctrl-C ends it without a traceback."""
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    run()
