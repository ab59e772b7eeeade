"""What the desk does by itself, as plain functions of a batch: safe to run twice, and on many machines at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from desk.errors import SendError, SendUncertain
from desk.policy import Policy
from storage.database import Database, process_name
from storage.errors import NotFound
from storage.inbox import Inbox
from storage.outbox import Outbox
from storage.steps import Steps
from storage.types import Reply, ReplyState

if TYPE_CHECKING:
    from desk.channels import Channel

Channels = Callable[[str], "Channel"]


def tick(database: Database, policy: Policy, channels: Channels, *, desk_of: str | None = None) -> int:
    """One round of all of it; gives the number of things done. `desk_of` is who sits here, if anybody does."""
    return recover(database, channels) + wake(database) + len(deliver(database, policy, channels, desk_of=desk_of))


def wake(database: Database) -> int:
    """Opens the cases whose snooze is over; gives their number."""
    return Steps(database).wake_due()


def recover(database: Database, channels: Channels) -> int:
    """Takes up replies that a process left behind while sending; gives their number."""

    def tells_duplicates(name: str) -> bool:
        channel = _found(channels, name)
        return channel is not None and channel.tells_duplicates

    return len(Outbox(database).recover(tells_duplicates))


def deliver(
    database: Database, policy: Policy, channels: Channels, *, desk_of: str | None = None, limit: int = 20
) -> list[Reply]:
    """Sends up to `limit` replies whose time has come, one by one; gives them as they ended.

    A reply that needs its writer's own screen leaves only where they sit: `desk_of`.
    """

    def accepts(reply: Reply) -> bool:
        channel = _found(channels, reply.channel)
        return channel is None or not channel.at_desk or reply.agent == desk_of

    outbox, done = Outbox(database), list[Reply]()
    while len(done) < limit:
        reply = outbox.take_due(process_name(), accepts)
        if reply is None:
            break
        done.append(_deliver(reply, database, policy, channels) if reply.state is ReplyState.SENDING else reply)
    return done


def _found(channels: Channels, name: str) -> Channel | None:
    try:
        return channels(name)
    except LookupError:
        return None


def _deliver(reply: Reply, database: Database, policy: Policy, channels: Channels) -> Reply:
    """Hands one reply to its channel, and writes down what became of it.

    What a channel does not explain counts as uncertain: better a person looks once too often than an author is
    answered twice.
    """
    outbox = Outbox(database)
    try:
        mention = Inbox(database).mention(reply.post_id)
        channel = channels(reply.channel)
    except (NotFound, LookupError) as error:
        return outbox.failed(reply.id, str(error))
    if why := policy.silence(mention.source, mention.brand):
        return outbox.failed(reply.id, why)
    spec = policy.channel_for(mention.source)
    try:
        receipt = channel.send(reply, mention, spec.options if spec.name == reply.channel else {})
    except SendError as error:
        return outbox.failed(reply.id, str(error))
    except SendUncertain as error:
        return outbox.uncertain(reply.id, str(error))
    except Exception as error:
        why = f"The channel {reply.channel} broke off ({type(error).__name__}); look whether the reply arrived."
        return outbox.uncertain(reply.id, why)
    return outbox.sent(reply.id, receipt)
