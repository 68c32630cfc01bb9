"""``python -m energy_site.embedded``: ``up``, and ``run -- COMMAND``."""

import argparse
import ipaddress
import sys
from pathlib import Path

from energy_site.embedded.console import CannotContinueError
from energy_site.embedded.ports import LOOPBACK
from energy_site.embedded.stack import BROKERS
from energy_site.embedded.throwaway import run
from energy_site.embedded.up import Options, up


def main(words: list[str]) -> int:
    """Do what the command line says; return the exit status."""
    arguments = _parser().parse_args(words)
    try:
        if arguments.what == "run":
            return run(
                arguments.command,
                directory=arguments.dir,
                broker=arguments.broker,
                durable=arguments.durable,
            )
        options = Options(arguments.listen, arguments.empty, arguments.broker)
        return up(options)
    except CannotContinueError as error:
        sys.stderr.write(f"{error}\n")
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        sys.stderr.write(f"{error.strerror or error}{where}\n")
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bin/up", description=__doc__)
    every = parser.add_subparsers(dest="what", required=True)
    start = every.add_parser(
        "up",
        prog="bin/up",
        description="Start Energy Site on this machine; Ctrl-C stops it.",
    )
    start.add_argument(
        "--listen",
        metavar="ADDRESS",
        type=_address,
        default=LOOPBACK,
        help="open the site and the broker to others, e.g. 0.0.0.0 (all networks)",
    )
    start.add_argument(
        "--empty", action="store_true", help="no demonstration site, no simulator"
    )
    throwaway = every.add_parser("run", help="run a command on throw-away engines")
    throwaway.add_argument("--dir", type=Path, help="keep the engines' files here")
    throwaway.add_argument(
        "--durable", action="store_true", help="with fsync, as a portal has it"
    )
    throwaway.add_argument("command", nargs="+", metavar="COMMAND")
    for one in (start, throwaway):
        one.add_argument(
            "--broker", choices=BROKERS, help="default: mosquitto where it is installed"
        )
    return parser


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        message = f"{text!r} is not an IP address of this machine"
        raise argparse.ArgumentTypeError(message) from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
