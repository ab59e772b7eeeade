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


def tick(database: Database, policy: Policy, channels: Channels, *, desk_of: str = "") -> int:
    """One round of all of it; gives the number of things done. `desk_of` names the agent whose screen this is."""
    done = recover(database, channels) + wake(database)
    return done + len(deliver(database, policy, channels, desk_of=desk_of))


def wake(database: Database) -> int:
    """Opens the cases whose snooze is over; gives their number."""
    return Steps(database).wake_due()


def recover(database: Database, channels: Channels) -> int:
    """Takes up replies that a process left behind while sending; gives their number."""
    return len(Outbox(database).recover(lambda name: channels(name).tells_duplicates))


def deliver(
    database: Database, policy: Policy, channels: Channels, *, limit: int = 20, desk_of: str = ""
) -> list[Reply]:
    """Sends up to `limit` replies whose time has come, one by one; gives them as they ended.

    Those that need an agent's own screen are left alone, but for the agent `desk_of` whose screen this is.
    """
    outbox, done = Outbox(database), list[Reply]()

    def may(reply: Reply) -> bool:
        try:
            return reply.agent == desk_of or not channels(reply.channel).at_desk
        except LookupError:  # a channel that is gone fails in words, wherever it is met
            return True

    while len(done) < limit:
        reply = outbox.take_due(process_name(), may)
        if reply is None:
            break
        done.append(_deliver(reply, database, policy, channels) if reply.state is ReplyState.SENDING else reply)
    return done


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
