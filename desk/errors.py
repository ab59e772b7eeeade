"""What the desk refuses, and what a channel says when a reply did not, or perhaps did not, leave.

DeskError
├── NotAllowed          the agent's role does not allow it
├── NotReady            the reply is not fit to send: empty, too long, or with gaps from its template
└── ChannelError        a reply that was not handed over
    ├── SendError       it certainly did not arrive
    └── SendUncertain   it may have arrived
"""

from __future__ import annotations


class DeskError(Exception):
    """Something that a person can act on; its text is one sentence without secrets."""


class NotAllowed(DeskError):
    """The agent's role in the team does not allow this."""


class NotReady(DeskError):
    """A reply that should not leave as it is."""


class ChannelError(DeskError):
    """A channel could not say that the reply arrived."""


class SendError(ChannelError):
    """The reply certainly did not arrive; sending it again is safe."""


class SendUncertain(ChannelError):
    """The reply may have arrived; nobody sends it again before having looked."""
