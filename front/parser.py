"""The command line: what can be asked, and where each command is. Imports nothing heavy, so that help comes at once."""

from __future__ import annotations

import argparse
import os
import pkgutil
import sys
from collections.abc import Callable, Collection, Mapping
from typing import Any

from front import __version__

FORMATS = ("table", "json", "jsonl", "csv")
HELP = {"-h", "--help"}


def build(words: Collection[str] = ()) -> argparse.ArgumentParser:
    """The command line: the groups of which `words` name a command, or all of it where they name none."""
    parser = argparse.ArgumentParser(
        prog="webcare",
        description="Listen to what people write about a brand, and answer it.",
        epilog="`webcare demo` shows it on sample sites; `webcare init` begins your own. COMMAND --help tells more.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"webcare {__version__}")
    _common(parser, top=True)
    verbs = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    named = {} if HELP & {*words} else {names: add for names, add in GROUPS.items() if {*names.split()} & {*words}}
    for add in (named or GROUPS).values():
        add(verbs)
    return parser


def run(args: argparse.Namespace) -> int:
    """Runs the command that was asked for; what a person can mend becomes a sentence on stderr, never a traceback."""
    from desk.errors import DeskError
    from front.house import House
    from listener.errors import ListenerError
    from storage.errors import ConfigError, QueryError, StorageError

    house = House(args)
    try:
        return pkgutil.resolve_name(args.run)(house, args) or 0
    except QueryError as error:
        return _say(error.picture(), 2)
    except ConfigError as error:
        return _say(str(error), 2)
    except (StorageError, ListenerError, DeskError) as error:
        return _say(str(error), 1)
    except BrokenPipeError:  # the reader (`head`) had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a file, a folder or a port that is not to be had
        return _say(f"{f'{error.filename}: ' if error.filename else ''}{error.strerror or error}.", 1)
    except KeyboardInterrupt:
        return 130
    finally:
        house.close()


def _say(sentence: str, status: int) -> int:
    from desk.shown import clean_block

    print(clean_block(sentence), file=sys.stderr)  # noqa: T201
    return status


def _common(parser: argparse.ArgumentParser, *, top: bool = False) -> None:
    missing: Any = None if top else argparse.SUPPRESS
    parser.add_argument("--config", metavar="FILE", default=missing, help="else $WEBCARE_CONFIG, else ./sources.yaml")
    parser.add_argument(
        "--database", metavar="URL", default=missing, help="else $WEBCARE_DATABASE, else the config's, else webcare.db"
    )
    parser.add_argument("--agent", metavar="NAME", default=missing, help="else $WEBCARE_AGENT, else the login name")


def _verb(
    verbs: Any, name: str, run: str, text: str, *, prints: bool = False, part: bool = False
) -> argparse.ArgumentParser:
    """A command; a `part` of one that prints leaves the format to it, unless told otherwise after the part's name."""
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text, allow_abbrev=False)
    parser.set_defaults(run=run)
    _common(parser)
    if prints:
        default = argparse.SUPPRESS if part else "table"
        parser.add_argument("--format", choices=FORMATS, default=default, help="how to print (default: table)")
    return parser


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65_530:
        raise argparse.ArgumentTypeError("must be 0 to 65530")
    return number


def _setting_up(verbs: Any) -> None:
    demo = _verb(verbs, "demo", "front.demo:demo", "start sample sites, listen to them for real, and open the desk")
    demo.add_argument("--port", type=_port, default=0, help="of the first sample site (default: any free one)")
    demo.add_argument("--headless", action="store_true", help="one round, print the inbox, write a report, and end")
    init = _verb(verbs, "init", "front.setting_up:init", "write a commented sources.yaml that works")
    init.add_argument("folder", metavar="DIR", nargs="?", default=".", help="where (default: here)")
    _verb(verbs, "check", "front.setting_up:check", "check the configuration: every complaint at once, with its place")


def _listening(verbs: Any) -> None:
    listen = _verb(verbs, "listen", "front.listening:listen", "collect by schedule until stopped")
    listen.add_argument("--once", action="store_true", help="visit each source that is due, then end")
    listen.add_argument("--now", action="store_true", help="due or not")
    listen.add_argument("--source", metavar="NAME", action="append", default=[], help="only this one; may be repeated")
    listen.add_argument("--workers", metavar="N", type=_count, default=16, help="visits at once (default: 16)")
    look = _verb(verbs, "try", "front.listening:look", "what an address would yield; stores nothing", prints=True)
    look.add_argument("address", metavar="URL-OR-NAME", help="an address, or the name of a source")
    sources = _verb(verbs, "sources", "front.listening:sources", "the sources and how they do", prints=True)
    parts = sources.add_subparsers(dest="what", metavar="WHAT")
    sources.set_defaults(what="health")
    _verb(parts, "list", "front.listening:sources", "the sources of the configuration", prints=True, part=True)
    _verb(parts, "health", "front.listening:sources", "how visiting each of them goes", prints=True, part=True)
    found = _verb(
        parts, "discover", "front.listening:discover", "the kind and the feeds of an address", prints=True, part=True
    )
    found.add_argument("address", metavar="URL")
    for verb, text in (
        ("accept", "take what now stands at the address of a source on hold for that source"),
        ("pause", "leave a source alone until it is retried"),
        ("retry", "make a source due now, paused or failing or not"),
    ):
        _verb(parts, verb, "front.listening:decide", text).add_argument("name", metavar="NAME")
    said = _verb(parts, "answer", "front.listening:answer", "how the last answer of a source began, as it was")
    said.add_argument("name", metavar="NAME")
    add = _verb(parts, "add", "front.subscribing:add", "find out what an address is and write it into sources.yaml")
    add.add_argument("address", metavar="URL")
    add.add_argument("--name", metavar="NAME", help="else the site's")
    _verb(parts, "export", "front.subscribing:export", "print the sources as OPML")
    opml = _verb(parts, "import", "front.listening:import_opml", "print OPML subscriptions as entries for sources.yaml")
    opml.add_argument("file", metavar="FILE.opml")
    query = _verb(verbs, "query", "front.querying:check_query", "a query's meaning, and what it would catch")
    parts = query.add_subparsers(dest="what", metavar="WHAT", required=True)
    check = _verb(parts, "check", "front.querying:check_query", "how a query is understood")
    check.add_argument("query", metavar="QUERY")
    test = _verb(parts, "test", "front.querying:test_query", "what a query would catch among stored posts")
    test.add_argument("query", metavar="QUERY")
    diff = _verb(parts, "diff", "front.querying:diff_queries", "what a new query gains and loses", prints=True)
    diff.add_argument("old", metavar="OLD")
    diff.add_argument("new", metavar="NEW")


def _understanding(verbs: Any) -> None:
    _verb(
        verbs,
        "classify",
        "front.learning:classify",
        'read JSON lines {"text": …} on stdin, write them with language, sentiment, intent, priority and reasons',
    )

    learn = _verb(verbs, "learn", "front.learning:status", "what the understanding learns from agents", prints=True)
    parts = learn.add_subparsers(dest="what", metavar="WHAT")
    _verb(parts, "status", "front.learning:status", "how good it is, before and after", prints=True, part=True)
    _verb(parts, "train", "front.learning:train", "learn from all corrections, now", prints=True, part=True)
    _verb(parts, "rollback", "front.learning:rollback", "go back to the training before")


def _opening(verbs: Any) -> None:
    desk = _verb(verbs, "desk", "front.opening:desk", "the desk, in this terminal")
    desk.add_argument("--lang", choices=("nl", "en"), help="of the screen (default: the system's)")
    web = _verb(verbs, "web", "front.browsing:serve", "the same desk in a browser, behind a log-in")
    web.add_argument("--host", metavar="ADDRESS", default="127.0.0.1", help="to listen on (default: 127.0.0.1)")
    web.add_argument("--port", metavar="N", type=_port, default=8070, help="to listen on; 0: any (default: 8070)")
    web.add_argument("--unencrypted", action="store_true", help="let other machines in without TLS: all can be read")
    web.add_argument("--lang", choices=("nl", "en"), help="of the screen (default: the system's)")


def _answering(verbs: Any) -> None:
    mentions = _verb(verbs, "mentions", "front.answering:mentions", "search the mentions", prints=True)
    mentions.add_argument("query", metavar="QUERY", nargs="?", default="*", help="which (default: all)")
    mentions.add_argument("--limit", metavar="N", type=_count, default=50, help="rows at most (default: 50)")
    mentions.add_argument("--all", action="store_true", help="every row")
    case = _verb(
        verbs, "case", "front.answering:case", "one case: every key of the desk has its twin here", prints=True
    )
    case.add_argument("id", metavar="ID", type=int, help="its number: case_id in `webcare mentions`")
    _steps(case.add_subparsers(dest="step", metavar="STEP"))
    case.set_defaults(step="show")


def _steps(parts: Any) -> None:
    def step(name: str, text: str, *, prints: bool = False) -> argparse.ArgumentParser:
        return _verb(parts, name, "front.answering:case", text, prints=prints, part=True)

    step("show", "the conversation, its notes and replies", prints=True)
    step("why", "why it is understood as it is, and what happened", prints=True)
    step("claim", "take it")
    step("release", "give it back")
    take = step("take-over", "take it from who has it")
    take.add_argument("reason", metavar="REASON", nargs="+")
    step("assign", "give it to somebody").add_argument("who", metavar="WHO")
    step("tag", "label it").add_argument("tags", metavar="TAG", nargs="+")
    step("untag", "take labels off").add_argument("tags", metavar="TAG", nargs="+")
    step("note", "write an internal note").add_argument("text", metavar="TEXT", nargs="+")
    step("snooze", "put it aside until a time (2h, 3d, 2026-12-01, 2026-12-01T09:00)").add_argument(
        "until", metavar="TIME"
    )
    reply = step("reply", "answer it, now")
    reply.add_argument("text", metavar="TEXT", nargs="+")
    approve = step("approve", "let the reply of a colleague go, in other words if you say them")
    approve.add_argument("text", metavar="TEXT", nargs="*")
    step("reject", "give it back, with the reason").add_argument("why", metavar="WHY", nargs="+")
    step("macro", "take all steps of a macro, or none").add_argument("name", metavar="NAME")
    step("pend", "wait for the customer")
    step("resolve", "it is handled")
    step("dismiss", "it is not about us")
    step("spam", "it is spam")
    step("reopen", "work on it again")
    step("priority", "set how urgent it is").add_argument("to", choices=("low", "normal", "high", "urgent"))
    feel = step("sentiment", "say how the writer feels; the classifier learns from it")
    feel.add_argument("to", choices=("negative", "neutral", "positive", "unrated"))
    wants = step("intent", "say what the writer wants: question,complaint; the classifier learns from it")
    wants.add_argument("to", metavar="INTENT[,INTENT…]")
    about = step("relevance", "say whether it is about us; the classifier learns from it")
    about.add_argument("to", choices=("yes", "no"))
    hand = step("hand-over", "offer it to another department, which has to accept")
    hand.add_argument("department", metavar="DEPARTMENT")
    hand.add_argument("--note", metavar="TEXT", default="", help="what they should know")
    step("accept", "take what was handed over to your department")
    step("refuse", "leave it with who handed it over").add_argument("reason", metavar="REASON", nargs="+")
    step("playbook", "follow a playbook: its checklist, its routing, its replies").add_argument("name", metavar="NAME")
    for name, text in (("tick", "tick off a step of the checklist"), ("untick", "take a tick away")):
        step(name, text).add_argument("number", metavar="N", type=_count)
    step("undo", "take back your last step")


def _ruling(verbs: Any) -> None:
    crisis = _verb(verbs, "crisis", "front.answering:crisis", "for a while, let every reply wait for approval")
    parts = crisis.add_subparsers(dest="what", metavar="WHAT")
    begin = _verb(parts, "on", "front.answering:begin_crisis", "from now on, but for one approved statement")
    begin.add_argument("--until", metavar="TIME", required=True, help="when it ends by itself: 4h, 2026-12-01T18:00")
    begin.add_argument("--statement", metavar="TEXT", required=True, help="what everybody may say")
    _verb(parts, "off", "front.answering:end_crisis", "end it now")
    _verb(parts, "show", "front.answering:crisis", "whether there is one, and what may be said")
    team = _verb(verbs, "team", "front.ruling:team", "who is in the team", prints=True)
    parts = team.add_subparsers(dest="what", metavar="WHAT")
    _verb(parts, "may", "front.ruling:may", "who may do what", prints=True, part=True)
    _alerting(verbs)
    rules = _verb(verbs, "rules", "front.ruling:rules", "what is done by itself, and why", prints=True)
    parts = rules.add_subparsers(dest="what", metavar="WHAT")

    def part(name: str, text: str, *, prints: bool = False) -> argparse.ArgumentParser:
        run = "attempt" if name == "try" else name
        return _verb(parts, name, f"front.ruling:{run}", text, prints=prints, part=True)

    _verb(parts, "list", "front.ruling:rules", "the rules of the configuration", prints=True, part=True)
    explain = part("explain", "which rules are for a case, what they did and why not", prints=True)
    explain.add_argument("id", metavar="CASE", type=int)
    attempt = part("try", "what a rule would have been for among stored mentions; changes nothing")
    attempt.add_argument("name", metavar="NAME")
    part("apply", "apply a rule to the stored open cases, once each").add_argument("name", metavar="NAME")
    undo = part("undo", "take back what a rule did to a case, or the whole of what was applied last")
    undo.add_argument("name", metavar="NAME")
    undo.add_argument("id", metavar="CASE", type=int, nargs="?")


def _alerting(verbs: Any) -> None:
    alerts = _verb(
        verbs, "alerts", "front.alerting:alerts", "what is told to whom, and what would have been", prints=True
    )
    parts = alerts.add_subparsers(dest="what", metavar="WHAT")
    _verb(parts, "list", "front.alerting:alerts", "the alerts of the configuration", prints=True, part=True)
    text = "what an alert would have told in the past; tells nobody"
    attempt = _verb(parts, "try", "front.alerting:attempt", text, prints=True, part=True)
    attempt.add_argument("name", metavar="NAME-OR-NUMBER")
    attempt.add_argument("--from", dest="start", metavar="DATE", help="first day (default: 30 days back)")
    attempt.add_argument("--to", dest="end", metavar="DATE", help="last day (default: today)")


def _reporting(verbs: Any) -> None:
    report = _verb(verbs, "report", "front.reporting:report", "a mention report, written to a file", prints=True)
    report.add_argument(
        "query", metavar="QUERY", nargs="?", default="*", help="which mentions, or a planned report (default: all)"
    )
    report.add_argument("--from", dest="start", metavar="DATE", help="first day (default: 30 days back)")
    report.add_argument("--to", dest="end", metavar="DATE", help="last day (default: today)")
    report.add_argument("--as-of", metavar="TIME", help="as things stood then")
    report.add_argument("--lang", choices=("nl", "en"), default="en", help="of the report (default: en)")
    report.add_argument("--pseudonymise", action="store_true", help="no names of people")
    report.add_argument("-o", "--output", metavar="FILE", help="html, pdf, xlsx, csv, json, jsonl, md or txt")
    report.add_argument(
        "--explain", metavar="FIGURE", nargs="?", const="", help="the mentions behind a figure; without a name, a list"
    )
    helpers = _verb(verbs, "helpers", "front.helping:helpers", "customers who help customers; ambassadors", prints=True)
    helpers.add_argument("query", metavar="QUERY", nargs="?", default="*", help="which questions and mentions count")
    helpers.add_argument("--from", dest="start", metavar="DATE", help="first day (default: 30 days back)")
    helpers.add_argument("--to", dest="end", metavar="DATE", help="last day (default: today)")
    helpers.add_argument("--ambassadors", action="store_true", help="who is positive again and again, and why")
    helpers.add_argument("--pseudonymise", action="store_true", help="no names of people")
    helpers.add_argument("--explain", metavar="NAME", help="the mentions behind somebody")
    events = _verb(verbs, "events", "front.reporting:events", "the log that every figure is counted from", prints=True)
    events.add_argument("query", metavar="QUERY", nargs="?", default="*", help="of cases with a mention that answers")
    events.add_argument("--from", dest="start", metavar="DATE", help="first day (default: from the beginning)")
    events.add_argument("--to", dest="end", metavar="DATE", help="last day (default: to the end)")


def _people(verbs: Any) -> None:
    person = _verb(verbs, "person", "front.people:show_person", "who is who, and what is held of somebody", prints=True)
    parts = person.add_subparsers(dest="what", metavar="WHAT", required=True)

    def part(name: str, run: str, text: str, *, prints: bool = False) -> argparse.ArgumentParser:
        parser = _verb(parts, name, f"front.people:{run}", text, prints=prints, part=True)
        parser.add_argument("who", metavar="WHO", help="an author's name, SOURCE/NAME, or person:NUMBER")
        return parser

    part("show", "show_person", "the accounts, groups and mentions of a person", prints=True)
    part("merge", "merge", "two accounts are one person").add_argument("other", metavar="WHO")
    part("split", "split", "take an account out of its person again")
    group = part("group", "group", "put a person in groups: what `group:` finds")
    group.add_argument("groups", metavar="GROUP", nargs="+")
    group.add_argument("--remove", action="store_true", help="take them out instead")
    part("link", "link", "how your own records know a person").add_argument(
        "customer", metavar="CUSTOMER", help="a customer number or an e-mail address"
    )
    part("export", "export", "all that is held of a person, as JSON")
    part("forget", "forget", "erase all of a person").add_argument("--yes", action="store_true", help="do it, for good")
    listed = _verb(verbs, "suppression", "front.people:suppression", "who should get no marketing now", prints=True)
    parts = listed.add_subparsers(dest="what", metavar="WHAT", required=True)
    _verb(parts, "list", "front.people:suppression", "with names, for the desk", prints=True, part=True)
    _verb(parts, "export", "front.people:suppression", "with hashes, to hand out", prints=True, part=True)
    check = _verb(parts, "check", "front.people:check_list", "a mailing list without those who get no mail now")
    check.add_argument("file", metavar="FILE", help="an address or customer number a line")


def _copying(verbs: Any) -> None:
    about = "copies of one text, on whatever site"
    copies = _verb(verbs, "duplicates", "front.copying:show_copies", about, prints=True)
    parts = copies.add_subparsers(dest="what", metavar="WHAT", required=True)
    for name, run, text in (
        ("show", "show_copies", "a mention and its copies"),
        ("part", "part", "take a mention out of its copies, for good"),
        ("join", "join", "put a mention with another and its copies"),
    ):
        verb = _verb(parts, name, f"front.copying:{run}", text, prints=name == "show", part=True)
        verb.add_argument("mention", metavar="MENTION", type=int, help="its number, as `webcare mentions` shows it")
        if name == "join":
            verb.add_argument("other", metavar="OTHER", type=int, help="the number of the other")


def _keeping(verbs: Any) -> None:
    db = _verb(verbs, "db", "front.keeping:check", "the database")
    parts = db.add_subparsers(dest="what", metavar="WHAT", required=True)
    _verb(parts, "upgrade", "front.keeping:upgrade", "bring it to the schema of this program")
    _verb(parts, "check", "front.keeping:check", "is it whole, and at which step")
    move = _verb(parts, "move", "front.keeping:move", "copy everything to another, empty database")
    move.add_argument("url", metavar="URL", help="postgresql://USER@HOST/NAME or sqlite:///FILE")
    backup = _verb(parts, "backup", "front.keeping:backup", "copy it to a file while others work (SQLite)")
    backup.add_argument("file", metavar="FILE", help="must not be there yet")
    forget = _verb(parts, "forget", "front.people:forget_old", "erase what is older than may be kept")
    forget.add_argument("--older-than", metavar="AGE", required=True, help="400d, 52w")
    forget.add_argument("--dry-run", action="store_true", help="only say how much")


GROUPS: Mapping[str, Callable[[Any], None]] = {
    "demo init check": _setting_up,
    "listen try sources query": _listening,
    "classify learn": _understanding,
    "desk web": _opening,
    "mentions case": _answering,
    "crisis team alerts rules": _ruling,
    "report helpers events": _reporting,
    "person suppression": _people,
    "duplicates": _copying,
    "db": _keeping,
}
"""The commands, by what adds them: only what is asked for is made, for making all takes longer than most commands."""
