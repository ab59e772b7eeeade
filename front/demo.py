"""The main job on sample sites: they start on loopback, are listened to for real over HTTP, and the desk opens."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from front import parser
from front.house import House
from front.samples import server
from front.samples.world import World
from storage.database import utc_now

REPORT = "demo-report.html"

SOURCES = """\
allow_private: true
timezone: Europe/Amsterdam
brands:
  zonnebank:
    query: 'zonnebank* OR "zonne bank"'
    own_accounts: ["Zonnebank"]
    context: [bank, app, pas, rekening, rente, overboeking, account, card]
  maanbank: {{query: maanbank, competitor: true}}
sources:
  - {{name: praatpaal, url: "{forum}", every: 3, pause: 0}}
  - name: geldblog
    kind: wordpress
    url: "{blog}"
    every: 3
    pause: 0
    reply: {{user: {user}, password: "{password}"}}
  - {{name: nieuws, url: "{nieuws}", every: 3, pause: 0}}
  - {{name: news, url: "{news}", every: 3, pause: 0}}
replies:
  uitzoeken:
    nl: "Dag {{author}}, wat vervelend. We zoeken het nu uit en laten het je hier weten. ^{{agent}}"
    en: "Hi {{author}}, sorry about that. We are looking into it and will tell you here. ^{{agent}}"
  dank:
    nl: "Dank je wel, {{author}}! ^{{agent}}"
    en: "Thank you, {{author}}! ^{{agent}}"
"""


def demo(house: House, args: argparse.Namespace) -> int:
    """Starts the sample sites and runs the main job; on a terminal with the desk, else one round with its results."""
    with (
        tempfile.TemporaryDirectory(prefix="webcare-demo-") as folder,
        server.running(World.begin(utc_now, utc_now()), args.port) as sites,
    ):
        config = Path(folder) / "sources.yaml"
        config.write_text(SOURCES.format(**sites, user=server.USER, password=server.PASSWORD), encoding="utf-8")
        for name, address in sites.items():
            print(f"{name}: {address}", file=sys.stderr)  # noqa: T201
        options = ["--config", str(config), "--database", f"sqlite:///{folder}/webcare.db"]
        options += ["--agent", house.agent]
        if args.headless or not (sys.stdin.isatty() and sys.stdout.isatty()):
            return _one_round(options)
        _command([*options, "listen", "--once", "--now"])
        with _listener(options, Path(folder) / "listen.log"):
            return _command([*options, "desk"])


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
