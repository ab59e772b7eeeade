"""Answers a post or comment on Reddit, as a script app that its owner registered.

Keys: `user`, `password`, `client_id`, `client_secret`. Reddit wants its approval for commercial use. It does not notice
the same comment sent twice.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from desk.channels._http import Site, keys, word
from desk.errors import SendError
from desk.shown import without_controls
from storage.types import Mention, Receipt, Reply

needs = ("user", "password", "client_id", "client_secret")
takes: tuple[str, ...] = ()
tells_duplicates = False
at_desk = False
limit: int | None = 10_000

SITE = "https://www.reddit.com"
API = "https://oauth.reddit.com"

_PLACE = re.compile(r"/comments/([a-z0-9]{1,13})(?:/[^/]*/([a-z0-9]{1,13}))?")


def send(reply: Reply, mention: Mention, options: Mapping[str, Any]) -> Receipt:
    """Posts the comment. Raises `SendError` or `SendUncertain` with what to do."""
    thing = _thing(mention)
    site = _logged_in(options)
    form = {"api_type": "json", "thing_id": thing, "text": without_controls(reply.text)}
    said = site.hand_over("/api/comment", data=form, ok=(200,)).data
    if word(said, "json", "errors", 0, 0):
        why = site.quoted(f"{word(said, 'json', 'errors', 0, 1)} ({word(said, 'json', 'errors', 0, 0)})")
        raise SendError(f"Reddit refused the comment: {why}.")
    name = word(said, "json", "data", "things", 0, "data", "name")
    if not name:
        raise site.unsaid()
    path = word(said, "json", "data", "things", 0, "data", "permalink")
    url = SITE + path if re.fullmatch(r"/[\w/%.-]{1,500}", path) else None
    return Receipt(url=url, external_id=name, sentence="Posted.")


def _logged_in(options: Mapping[str, Any]) -> Site:
    """The API, with a token that is good for an hour."""
    user, password, app, secret = keys(options, *needs)
    agent = {"User-Agent": f"desktop:webcare:1 (by /u/{user})"}
    login = b64encode(f"{app}:{secret}".encode()).decode()
    hidden = (password, secret, login)
    door = Site(SITE, options, headers={**agent, "Authorization": f"Basic {login}"}, secrets=hidden)
    form = {"grant_type": "password", "username": user, "password": password}
    token = word(door.look("/api/v1/access_token", method="POST", data=form).data, "access_token")
    if not token:
        raise SendError("Reddit did not let us in: check user, password, client_id and client_secret.")
    return door.elsewhere(API, {**agent, "Authorization": f"Bearer {token}"}, (*hidden, token))


def _thing(mention: Mention) -> str:
    """What is answered, by Reddit's full name: t3_ for a post, t1_ for a comment."""
    if re.fullmatch(r"t[13]_[a-z0-9]{1,13}", mention.external_id):
        return mention.external_id
    found = _PLACE.search(mention.url)
    if found is None:
        raise SendError("Which post on Reddit this is cannot be told; answer it in the browser.")
    return f"t1_{found[2]}" if found[2] else f"t3_{found[1]}"
