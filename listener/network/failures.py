"""What went wrong with a fetch, said in one sentence that a person can act on."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from listener.errors import FetchError

LONGEST_RETRY = 7 * 86400.0
"""A Retry-After beyond this many seconds is cut to it."""

_BY_STATUS = {
    401: "{host} wants a login (401): give user and password in the source's settings.",
    402: "{host} wants to be paid for this page (402): ask its owner.",
    403: "{host} refuses us (403): ask its owner to let the webcare crawler in, or to give a feed or an API key.",
    404: "There is nothing at {url} (404): check the address.",
    407: "A proxy between us and {host} wants a login (407): ask your network's administrator.",
    410: "{url} was removed for good (410): take it off the list or find its new address.",
    429: "{host} asks us to slow down (429): we come back later.",
    451: "{host} may not show this page for legal reasons (451).",
    503: "{host} is out of service for now (503): we come back later.",
}
_CERTIFICATE = {
    9: "is not valid yet",
    10: "has expired",
    18: "is self-signed",
    19: "is signed by an authority we do not know",
    20: "is signed by an authority we do not know",
    62: "is for another host name",
    64: "is for another address",
}
"""Verification codes of OpenSSL (x509_vfy.h)."""


def of_status(status: int, headers: Mapping[str, str], host: str, url: str, now: datetime) -> FetchError:
    """The error for an answer that is not the page: `headers` by lower-case names, `url` fit to be shown."""
    wait = retry_after(headers.get("retry-after", ""), now)
    if headers.get("cf-mitigated", "").lower() == "challenge":
        sentence = f"{host} lets only browsers in (Cloudflare challenge, {status}): ask its owner for an exception."
    elif wait and status in (429, 503):
        sentence = f"{host} asks us to come back in {span(wait)} ({status})."
    elif status in _BY_STATUS:
        sentence = _BY_STATUS[status].format(host=host, url=url)
    elif status >= 500:
        sentence = f"{host} has trouble of its own ({status}): we try again later."
    elif status >= 400:
        sentence = f"{host} does not give us {url} ({status}): check the address and the source's settings."
    else:
        sentence = f"{host} gave an answer we cannot use ({status})."
    return FetchError(sentence, status=status, retry_after=wait)


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds from now in a Retry-After header, as a number or a date (RFC 9110 10.2.3); None when it says nothing."""
    text = value.strip()
    if re.fullmatch(r"[0-9]{1,12}", text):
        return min(float(text), LONGEST_RETRY)
    when = http_date(text)
    return None if when is None else min(max((when - now).total_seconds(), 0.0), LONGEST_RETRY)


def http_date(text: str) -> datetime | None:
    """An HTTP date (RFC 9110 5.6.7), aware; None when it is none."""
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def of_exception(error: BaseException, host: str) -> FetchError:
    """The error for a connection that failed: name look-up, TLS, refused, reset, silence."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = _CERTIFICATE.get(cause.verify_code, f"is not valid ({cause.verify_message})")
            return FetchError(f"The certificate of {host} {why}: its owner has to renew or repair it.")
        if isinstance(cause, ssl.SSLError):
            return FetchError(f"{host} does not speak proper TLS: check whether the address should start with http://.")
        if isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_AGAIN:
            return FetchError(f"The name {host} cannot be looked up now: check this machine's network.")
        if isinstance(cause, socket.gaierror):
            return FetchError(f"No host named {host} could be found: check the address and the network's DNS.")
        if isinstance(cause, ConnectionRefusedError):
            return FetchError(f"{host} refuses connections: its web server may be down.")
        if isinstance(cause, ConnectionError):
            return FetchError(f"{host} broke off the connection: we try again later.")
        if isinstance(cause, OSError) and not isinstance(cause, TimeoutError):
            why = (cause.strerror or "network trouble").lower()
            return FetchError(f"{host} cannot be reached ({why}): check this machine's network.")
    return FetchError(f"{host} gave no usable answer ({type(error).__name__}): we try again later.")


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and len(found) < 8:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def span(seconds: float) -> str:
    """A duration for people: 45 s, 12 min, 2 h, 3 days."""
    for unit, word in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{round(seconds / unit)} {word}"
    return f"{round(seconds)} s"
