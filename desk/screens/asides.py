"""The keys of the screens beside the hot loop, gathered for the help, the documentation and the key map."""

from __future__ import annotations

from textual.binding import Binding

from desk.locale import N_
from desk.screens.aside import Aside
from desk.screens.dashboard import DashboardScreen
from desk.screens.keys import Group
from desk.screens.outbox import OutboxScreen
from desk.screens.reports import ReportsScreen
from desk.screens.sources import SourcesScreen
from desk.widgets.reply_box import EDITOR_KEYS


def _own(screen: type[Aside]) -> tuple[Binding, ...]:
    return tuple(each for each in screen.BINDINGS if isinstance(each, Binding))


GROUPS: tuple[Group, ...] = (
    (N_("In the editor"), tuple(EDITOR_KEYS)),
    (N_("In the dashboard"), _own(DashboardScreen)),
    (N_("In the outbox"), _own(OutboxScreen)),
    (N_("In the sources"), _own(SourcesScreen)),
    (N_("In the reports"), _own(ReportsScreen)),
    (N_("In every window beside the list"), _own(Aside)),
)

BINDINGS = [binding for _title, bindings in GROUPS for binding in bindings]
