"""The main job on sample sites: they start on loopback, are listened to for real over HTTP, and the desk opens."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from string import Template

from front import parser
from front.house import House
from front.samples import server
from front.samples.world import World
from storage.database import utc_now

REPORT = "demo-report.html"


def demo(house: House, args: argparse.Namespace) -> int:
    """Starts the sample sites and runs the main job; on a terminal with the desk, else one round with its results."""
    with (
        tempfile.TemporaryDirectory(prefix="webcare-demo-") as folder,
        server.running(World.begin(utc_now, utc_now()), args.port) as sites,
    ):
        config = Path(folder) / "sources.yaml"
        config.write_text(configuration(sites, house.agent), encoding="utf-8")
        for name, address in sites.items():
            print(f"{name}: {address}", file=sys.stderr)  # noqa: T201
        options = ["--config", str(config), "--database", f"sqlite:///{folder}/webcare.db"]
        options += ["--agent", house.agent]
        if args.headless or not (sys.stdin.isatty() and sys.stdout.isatty()):
            return _one_round(options)
        colleague = f"a colleague's desk, in another terminal: {sys.argv[0]} --config {config} --agent anna desk"
        print(colleague, file=sys.stderr)  # noqa: T201
        _command([*options, "listen", "--once", "--now"])
        with _listener(options, Path(folder) / "listen.log"):
            return _command([*options, "desk"])


def configuration(sites: Mapping[str, str], agent: str) -> str:
    """The demo's `sources.yaml`: the sites where they are now, and whoever started it as the lead of the team."""
    lines = (files("front.samples") / "sources.yaml").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith(f"  {agent}: {{role:"))
    access = {"user": server.USER, "password": server.PASSWORD}
    return Template(text).substitute(sites, agent=json.dumps(agent, ensure_ascii=False), **access)


def _one_round(options: list[str]) -> int:
    status = _command([*options, "listen", "--once", "--now"])
    status = status or _command([*options, "mentions", "is:open", "--all"])
    return status or _command([*options, "report", "brand:zonnebank", "-o", REPORT])


def _command(words: list[str]) -> int:
    """Another command of ours, with a house of its own."""
    return parser.run(parser.build().parse_args(words))


@contextmanager
def _listener(options: list[str], log: Path) -> Iterator[None]:
    """`webcare listen` in a process of its own, as in real life, for as long as the block lasts."""
    start = "import sys, webcare; sys.exit(webcare.main(sys.argv[1:]))"
    words = [sys.executable, "-P", "-c", start, *options, "listen"]
    here = os.pathsep.join(filter(None, [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"PYTHONPATH": here}
    with (
        log.open("wb") as out,
        subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment) as process,  # noqa: S603
    ):
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:  # a visit that does not let go must not keep the demo from ending
                process.kill()
