"""Answering from the command line: searching mentions, and a twin for each of the desk's keys."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from desk.shown import clean_block, clean_line
from front.house import House
from storage.errors import StepRefused, StorageError
from storage.types import Case, CaseFile, Priority, Reply, ReplyState

LEASE = timedelta(hours=8)
"""A claim from the command line lasts a working day: no desk stays open to renew it."""

TABLE = ("id", "case_id", "priority", "sentiment", "intents", "status", "assignee", "published_at", "source", "author")
"""What a table of mentions shows, before the words themselves."""


def mentions(house: House, args: argparse.Namespace) -> int:
    """Prints the mentions that answer a query, newest first."""
    from desk.reports import show
    from desk.reports.record import FIELDS, record

    found = house.clerk.mentions(args.query, limit=None if args.all else args.limit)
    zone = house.policy.timezone
    if args.format == "table":
        rows = ({**record(each, zone), "text": f"{each.title}: {each.text}".removeprefix(": ")[:500]} for each in found)
        show.show(rows, (*TABLE, "text"), "table", sys.stdout)
    else:
        show.show((record(each, zone) for each in found), FIELDS, args.format, sys.stdout)
    return 0


def case(house: House, args: argparse.Namespace) -> int:
    """One step on one case, or what is to be seen of it."""
    return STEPS[args.step](house, args)


def _show(house: House, args: argparse.Namespace) -> int:
    file = house.clerk.open(args.id)
    if args.format != "table":
        from desk.reports import show
        from desk.reports.record import record

        row = {"case": _case_row(file.case), "thread": [record(each, house.policy.timezone) for each in file.thread]}
        row["replies"] = [_reply_row(reply) for reply in file.replies]
        row["trail"] = [_event_row(event) for event in file.trail]
        show.show([row], list(row), args.format, sys.stdout)
        return 0
    sys.stdout.write("\n".join(_picture(file, house)) + "\n")
    return 0


def _picture(file: CaseFile, house: House) -> list[str]:
    case, zone = file.case, house.policy.timezone
    held = f", held by {clean_line(case.assignee)}" if case.assignee else ""
    lines = [
        f"Case {case.id}: {case.status}{held}, priority {case.priority} ({case.priority_score})",
        clean_line(f"{case.source} · {file.conversation_title or case.title} · {case.url}"),
        f"tags: {', '.join(map(clean_line, case.tags)) or 'none'}",
    ]
    lines += _shared(case, house)
    for each in file.thread:
        at = (each.published_at or each.first_seen_at).astimezone(zone)
        mark = ">" if each.case_id == case.id else " "
        lines += ["", f"{mark} {clean_line(each.author or '(unknown)')}, {at:%Y-%m-%d %H:%M}"]
        lines += [f"    {line}" for line in clean_block(each.text).splitlines()]
    for reply in file.replies:
        fault = f", {reply.error}" if reply.error else ""
        lines += ["", clean_line(f"= {reply.agent} by {reply.channel}: {reply.state}{fault}")]
        lines += [f"    {line}" for line in clean_block(reply.text).splitlines()]
    notes = [event for event in file.trail if event.kind in ("noted", "handed_over", "refused")]
    return lines + ["\n" + clean_line(f"# {note.actor}: {_said(note.data)}") for note in notes]


def _said(data: Mapping[str, Any]) -> str:
    """What a note says, or what was said with a hand-over or its refusal."""
    handed = f"handed over to {data['to']}. " if "to" in data else f"{data['by']} refused. " if "by" in data else ""
    return handed + str(data.get("text") or data.get("said") or data.get("reason") or "")


def _shared(case: Case, house: House) -> list[str]:
    """Whose department it is, to whom it is on its way, and how far its playbook is."""
    lines = [f"department: {clean_line(case.department)}"] if case.department else []
    if case.handed_to:
        lines.append(f"handed over to {clean_line(case.handed_to)}, which did not answer yet")
    if case.playbook:
        playbook = house.policy.playbooks.get(case.playbook)
        replies = (
            f"; its replies: {', '.join(map(clean_line, playbook.replies))}" if playbook and playbook.replies else ""
        )
        lines += ["", f"playbook {clean_line(case.playbook)}{replies}"]
    for number, tick in enumerate(case.checklist, 1):
        at = (
            f" ({clean_line(tick.by)}, {tick.at.astimezone(house.policy.timezone):%Y-%m-%d %H:%M})"
            if tick.by and tick.at
            else ""
        )
        lines.append(f"  [{'x' if tick.by else ' '}] {number} {clean_line(tick.text)}{at}")
    return lines


def _why(house: House, args: argparse.Namespace) -> int:
    from desk.clocks import standing

    why = house.clerk.why(args.id)
    if args.format == "table":
        sys.stdout.writelines(f"{clean_line(line)}\n" for line in why.sentences())
        return 0
    from desk.reports import show

    reasons = [{"about": r.about, "label": r.label, "words": list(r.words), "share": r.share} for r in why.reasons]
    row: dict[str, Any] = {
        "queries": list(why.queries),
        "reasons": reasons,
        "clocks": [_clock_row(each) for each in why.clocks],
    }
    row["standing"] = str(standing(why.clocks) or "") or None
    row["trail"] = [_event_row(event) for event in why.trail]
    show.show([row], list(row), args.format, sys.stdout)
    return 0


def _reply(house: House, args: argparse.Namespace) -> int:
    """Sends a reply now, and says what became of it; only a reply that left makes the status 0."""
    from desk import clockwork

    clerk = house.clerk
    text, file = " ".join(args.text), clerk.open(args.id)
    for remark in clerk.remarks(file.case)(text):
        if not remark.blocks:
            print(f"At character {remark.start + 1}: {clean_line(str(remark))}", file=sys.stderr)  # noqa: T201
    clerk.claim(args.id, lease=LEASE)
    waiting: Reply = clerk.reply(args.id, text, hold=timedelta())
    if waiting.state is ReplyState.AWAITING_APPROVAL:
        print(f"Reply {waiting.id} waits for approval.")  # noqa: T201
        return 0
    clockwork.deliver(house.database, house.policy, clerk.channels, desk_of=house.agent)
    reply = clerk.reply_of(waiting.id)
    if reply.state is ReplyState.SENT:
        sent = next(event for event in reversed(clerk.open(args.id).trail) if event.reply_id == reply.id)
        print(f"Reply {reply.id} to case {args.id}: sent. {clean_line(str(sent.data.get('sentence', '')))}".rstrip())  # noqa: T201
        if reply.url:
            print(clean_line(reply.url))  # noqa: T201
        return 0
    raise StepRefused(f"Reply {reply.id} to case {args.id} is {reply.state}: {reply.error or 'it is on its way'}")


def _waiting(clerk: Any, case_id: int) -> Reply:
    """The reply of a case that waits for approval."""
    waiting = [each for each in clerk.open(case_id).replies if each.state is ReplyState.AWAITING_APPROVAL]
    if not waiting:
        raise StepRefused(f"Case {case_id} has no reply that waits for approval.")
    found: Reply = waiting[-1]
    return found


def _macro(house: House, args: argparse.Namespace) -> int:
    """Carries out a macro; where it replies, the reply leaves now."""
    from desk import clockwork

    clerk = house.clerk
    clerk.macro(args.name, args.id, hold=timedelta())
    clockwork.deliver(house.database, house.policy, clerk.channels, desk_of=house.agent)
    print(f"Case {args.id}: {clean_line(args.name)} is done.")  # noqa: T201
    state = clerk.cases([args.id])[0].reply_state
    if state in (ReplyState.FAILED, ReplyState.UNCERTAIN):
        raise StepRefused(f"Its reply is {state}: `webcare case {args.id} show` says why.")
    return 0


def _step(act: Callable[[Any, argparse.Namespace], Any], done: str) -> Callable[[House, argparse.Namespace], int]:
    def run(house: House, args: argparse.Namespace) -> int:
        act(house.clerk, args)
        print(f"Case {args.id}: {done.format(**vars(args))}.")  # noqa: T201
        return 0

    return run


def until(text: str, now: datetime) -> datetime:
    """`2h`, `3d`, a date or a time (in the zone of `now`) as a moment to come. Raises `StorageError`."""
    units = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
    if match := re.fullmatch(r"(\d{1,4})([mhdw])", text.strip()):
        return now + timedelta(**{units[match[2]]: int(match[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise StorageError(f"{text} is no time: write 2h, 3d, 2026-12-01 or 2026-12-01T09:00.") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=now.tzinfo)
    return moment


def crisis(house: House, args: argparse.Namespace) -> int:
    """Prints whether there is a crisis, until when, and what everybody may say."""
    found = house.clerk.crisis()
    if found is None:
        print("There is no crisis: replies leave as the roles say.")  # noqa: T201
        return 0
    end = found.until.astimezone(house.policy.timezone)
    print(f"Crisis until {end:%Y-%m-%d %H:%M}, begun by {clean_line(found.by)}. Replies wait for approval, but for:")  # noqa: T201
    print(clean_block(found.statement))  # noqa: T201
    return 0


def begin_crisis(house: House, args: argparse.Namespace) -> int:
    """Lets every reply wait for approval from now on, but for one statement."""
    from storage.crisis import Crises

    house.clerk.permit("crisis")
    end = until(args.until, house.database.now().astimezone(house.policy.timezone))
    stopped = Crises(house.database).begin(args.statement, end, house.agent)
    print(f"Crisis until {end:%Y-%m-%d %H:%M}: replies wait for approval; {stopped} on their way out wait now.")  # noqa: T201
    return 0


def end_crisis(house: House, args: argparse.Namespace) -> int:
    """Ends a crisis before its time; what waits for approval goes on waiting."""
    from storage.crisis import Crises

    house.clerk.permit("crisis")
    Crises(house.database).end(house.agent)
    print("The crisis is over: replies leave as the roles say.")  # noqa: T201
    return 0


def _snooze(clerk: Any, args: argparse.Namespace) -> None:
    clerk.snooze(args.id, until(args.until, clerk.database.now().astimezone(clerk.policy.timezone)))


def _follow(clerk: Any, args: argparse.Namespace) -> None:
    from desk import rule_runs

    rule_runs.follow(clerk, args.id, args.name)


STEPS: dict[str, Callable[[House, argparse.Namespace], int]] = {
    "show": _show,
    "why": _why,
    "claim": _step(lambda clerk, args: clerk.claim(args.id, lease=LEASE), "yours"),
    "release": _step(lambda clerk, args: clerk.release(args.id), "free again"),
    "take-over": _step(lambda clerk, args: clerk.take_over(args.id, " ".join(args.reason)), "yours"),
    "assign": _step(lambda clerk, args: clerk.assign(args.id, args.who), "assigned to {who}"),
    "tag": _step(lambda clerk, args: clerk.tag(args.id, *args.tags), "tagged"),
    "untag": _step(lambda clerk, args: clerk.untag(args.id, *args.tags), "untagged"),
    "note": _step(lambda clerk, args: clerk.note(args.id, " ".join(args.text)), "noted"),
    "snooze": _step(_snooze, "snoozed"),
    "reply": _reply,
    "approve": _step(
        lambda clerk, args: clerk.approve(_waiting(clerk, args.id).id, " ".join(args.text)), "its reply goes out"
    ),
    "reject": _step(
        lambda clerk, args: clerk.reject(_waiting(clerk, args.id).id, " ".join(args.why)), "its reply goes back"
    ),
    "macro": _macro,
    "pend": _step(lambda clerk, args: clerk.pend(args.id), "waits for the customer"),
    "resolve": _step(lambda clerk, args: clerk.resolve(args.id), "resolved"),
    "dismiss": _step(lambda clerk, args: clerk.dismiss(args.id), "dismissed"),
    "spam": _step(lambda clerk, args: clerk.spam(args.id), "spam"),
    "reopen": _step(lambda clerk, args: clerk.reopen(args.id), "open again"),
    "priority": _step(lambda clerk, args: clerk.prioritise(args.id, Priority(args.to)), "priority {to}"),
    "sentiment": _step(lambda clerk, args: clerk.judge(args.id, "sentiment", args.to), "it is {to}"),
    "intent": _step(lambda clerk, args: clerk.judge(args.id, "intent", args.to), "the writer wants {to}"),
    "relevance": _step(
        lambda clerk, args: clerk.judge(args.id, "relevance", float(args.to == "yes")), "it is about us: {to}"
    ),
    "hand-over": _step(
        lambda clerk, args: clerk.hand_over(args.id, args.department, args.note),
        "handed over to {department}; yours until they accept",
    ),
    "accept": _step(lambda clerk, args: clerk.accept(args.id, lease=LEASE), "yours"),
    "refuse": _step(lambda clerk, args: clerk.refuse(args.id, " ".join(args.reason)), "stays with who handed it over"),
    "playbook": _step(_follow, "follows {name}"),
    "tick": _step(lambda clerk, args: clerk.tick(args.id, args.number), "step {number} is ticked off"),
    "untick": _step(lambda clerk, args: clerk.tick(args.id, args.number, done=False), "step {number} is to be done"),
    "undo": _step(lambda clerk, args: clerk.undo(args.id), "your last step is taken back"),
}
"""Every step of the command line; a test holds them to the parser."""


def _case_row(case: Case) -> dict[str, Any]:
    row = {name: _plain(getattr(case, name)) for name in Case.__slots__}
    return row | {"checklist": [{"text": tick.text, "by": tick.by, "at": _plain(tick.at)} for tick in case.checklist]}


def _reply_row(reply: Reply) -> dict[str, Any]:
    return {name: _plain(getattr(reply, name)) for name in Reply.__slots__}


def _event_row(event: Any) -> dict[str, Any]:
    return {"at": event.at.isoformat(), "actor": event.actor, "kind": event.kind.value, **event.data}


def _clock_row(clock: Any) -> dict[str, Any]:
    reading = clock.reading
    return {
        "target": clock.target,
        "state": reading.state.value,
        "for": clock.promise.query,
        "hours": clock.promise.hours or None,
        "allowed_seconds": clock.allowed.total_seconds(),
        "used_seconds": reading.used.total_seconds(),
        "since": _plain(clock.since),
        "due_at": _plain(reading.due_at),
        "done_at": _plain(clock.done_at),
        "left_at": _plain(clock.left_at),
        "counted": [[_plain(start), _plain(end)] for start, end in reading.counted],
        "paused": [[_plain(start), _plain(end), reason.value] for start, end, reason in clock.pauses],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
