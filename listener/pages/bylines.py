"""Reads one repeating part of a page nobody described: its identity, its writer, and what is said in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from listener.pages import tree
from listener.pages.tree import Node

SHORT = 80
"""Characters within which a date or a name stands."""
DATED = re.compile(
    r"\b[^\W\d]{3}\s+\d{1,2}\s+\d\d:\d\d:\d\d\s+(?:[A-Z]{2,5}\s+)?\d{4}|"
    r"\b\d{4}-\d\d-\d\d|\b\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\b\d{1,2}(?:e|st|nd|rd|th|\.)?\s+[^\W\d]{3,9}\.?,?\s+'?\d{2,4}"
    r"|\b[^\W\d]{3,9}\.?\s+\d{1,2},?\s+\d{4}|\b(?:gisteren|eergisteren|vandaag|yesterday|today|gestern|heute)\b"
    r"|\b\d{1,3}\s?(?:[^\W\d]{1,9})\s+(?:geleden|ago|terug)\b|\b(?:een|an?)\s+[^\W\d]{3,9}\s+(?:geleden|ago)\b"
    r"|\b\d{1,2}\s+(?:jan|feb|mrt|maa|mar|apr|mei|may|jun|jul|aug|sep|okt|oct|nov|dec)[a-z]{0,6}\b|\bzojuist\b",
    re.IGNORECASE,
)
AROUND_DATE = re.compile(
    r"\b(?:door|by|von|van|op|on|at|om|geplaatst|geschreven|gepubliceerd|posted|written|published|added|submitted|"
    r"last|laatst|edited|updated|bewerkt|bijgewerkt|gewijzigd|auteur|author|datum|date|"
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|"
    r"(?:maan|dins|woens|donder|vrij|zater|zon)dag|ma|di|wo|do|vr|za|zo|"
    r"\d{1,2}[:.u]\d\d(?:[:.]\d\d)?|(?:\d{1,2}(?:[:.]\d\d)?\s?)?[ap]\.?m|noon|midnight|uur|UTC|GMT|CES?T)\b",
    re.I,
)
"""What else stands in a line that says when something was written, or by whom."""
_WHO = re.compile(r"author|auteur|user|member|poster|byline|nick|naam|\blid\b|schrijver|commenter|profile|fn\b", re.I)
WHO_LINK = re.compile(
    r"/(?:users?|members?|profiel|profile|leden|lid|u|author|auteur|gebruikers?|people)/|[?&](?:u|uid|user)=", re.I
)
_PLACE_LINK = re.compile(r"/(?:forums?|topics?|threads?|boards?|categor(?:y|ies)|discussions?|onderwerp(?:en)?)/", re.I)
"""Where a link leads that shows the name of a forum or a topic."""
_NOT_WHO = re.compile(r"avatar|badge|rank|count|info|title|stats|joined|since|sinds|meta|menu|date|time", re.I)
BY = re.compile(
    r"(?:(?:geplaatst|geschreven|toegevoegd|beoordeeld) door|(?:reactie|beoordeling|review|recensie) van|"
    r"(?:posted|written|added|submitted|reviewed|comment(?:ed)?|review) by|door|by|von|van)"
    r"\s*:?\s+",
    re.I,
)
_LABELLED = re.compile(r"(?:author|auteur|schrijver|from|van|afzender|name|naam)\s?:\s+(.{2,60})", re.I)
_AGO = re.compile(r"\s(?:ago|geleden)\s*\Z", re.I)
"""What is left of a date that stands in an element of its own without it."""
_STRANGER = re.compile(
    r"\s\((?:gast|guest|anoniem|anonymous|not verified|niet geverifieerd|niet gecontroleerd)\)\Z", re.I
)
"""What a site adds to the name of somebody who did not log in."""
_SAYS = re.compile(r"\s+(?:schreef|schrijft|zegt|zei|says|said|wrote|reageerde|antwoordde)\b.*\Z", re.I | re.S)
_NOISE = re.compile(
    r"signature|\bsig\b|handtekening|avatar|\blikes?\b|\bvotes?\b|\bratings?\b|score|share|delen|actions?|buttons?|toolbar|controls|"
    r"user-?info|userdetails|profile|rank|postcount|reply-?(?:link|button)|report|\bmeta\b|stats|badge|permalink",
    re.I,
)
_BUTTON = re.compile(
    r"(?:reageer|reageren|antwoord(?:en)?|beantwoorden?|citeer|citeren|quote|reply|report|rapporteer|meld|like|"
    r"(?:plaats|post) (?:uw|je|your|een|a) (?:opmerking|reactie|comment)|reactie plaatsen|"
    r"vind ik leuk|delen|share|permalink|link|bewerk|edit|omhoog|top|boven|"
    r"[+-]?\d+ (?:likes?|punten|points|stemmen|duimpjes)|\d+ x leuk|)[\W\d]*",
    re.I,
)
_ANSWERS = re.compile(
    r"(?:in (?:reply|response|antwoord) (?:to|op)|als reactie op|antwoord op|replying to)\b.{0,60}", re.I
)
COUNTED = r"\d{1,5}\s(?:reacties?|comments?|replies|responses|antwoorden)"
"""How many comments there are, which some pages show below the text."""
_STANDING = re.compile(
    COUNTED + r"|(?:berichten|posts|reacties|lid sinds|member since|joined|woonplaats|locatie)\b.{0,40}|"
    r"(?:senior |junior |super)?(?:members?|lid|leden|moderator|admin(?:istrator)?|beheerder|gast|guest|newbie)|"
    r"(?:please )?(?:log|sign) ?in\b.{0,30}\bto\b.{0,40}|"
    r"(?:log in|inloggen|aanmelden|meld je aan).{0,30}\bom te\b.{0,40}|"
    r"(?:opened|created|reported|asked|geopend|aangemaakt|gemeld|gevraagd)",
    re.I,
)
_EDITED = re.compile(
    r"(?:(?:laatst|last|bericht|reactie|post)\s+)?(?:edited|updated|modified|bewerkt|gewijzigd|aangepast|bijgewerkt)\b.{0,120}",
    re.I,
)
"""A notice of an edit; one that counts from now reads otherwise every time."""
_PERMALINK = re.compile(r"permalink|permanente link|\[?link\]?|¶|#", re.I)
"""What stands on a link to a post by itself."""
_NUMBERED = re.compile(r"(?:[^\W\d]{1,10}\s?)?#?(\d{1,9})(?: \((?:view|bekijk)\))?", re.I)
"""The same with the number of the post."""
_LEVEL = re.compile(r"(?:^|[\s_-])(?:depth|level|lvl|indent|niveau)[-_]?(\d{1,2})\b", re.I)
_INDENT = re.compile(r"(?:margin|padding)-left\s*:\s*(\d{1,4})", re.I)
QUOTES = "blockquote, [class*='quote' i], [class*='citaat' i], q"


@dataclass(slots=True)
class Block:
    """A post as it stands on a page."""

    parts: list[Node]
    """The elements that make it up, one mostly."""
    date: Node
    moment: datetime
    id: str = ""
    names: set[str] = field(default_factory=set)
    """All by which links may lead to it."""
    url: str = ""
    author: str = ""
    author_url: str = ""
    text: str = ""
    linked: float = 0.0
    """How much of the text stands in links."""
    parent: Block | None = None
    level: int = 0
    quoted: list[str] = field(default_factory=list)
    """Whose words it quotes."""
    targets: list[str] = field(default_factory=list)
    """The ids its links lead to."""


def sign(node: Node | None) -> str:
    """What an element looks like: its tag and its first class, without numbers."""
    if node is None:
        return ""
    names = (re.sub(r"[-_]?\d+", "", each) for each in str(node.get("class") or "").split())
    first = next((name for name in names if name and name not in ("odd", "even", "first", "last", "alt", "new")), "")
    return f"{node.tag}.{first}"


def identify(block: Block, own: Node, base: str) -> None:
    """Finds what the page calls a post, where it is by itself, and which others it leads to."""
    numbered = [each.get("id") for each in own.iter() if isinstance(each.tag, str) and _counts(each.get("id"))]
    named = [each.get("name") for each in tree.select(own, "a[name]") if _counts(each.get("name"))]
    block.names = {*numbered, *named}
    block.id = next(iter(numbered or named), "")
    for anchor in tree.select(own, "a[href]"):
        href, shown = str(anchor.get("href")), tree.line(anchor)
        fragment = href.partition("#")[2]
        if fragment and fragment in block.names:
            block.url = tree.link(anchor, base)
            anchor.set("data-webcare", "link")
            continue
        if fragment and re.search(r"\d", fragment):
            block.targets.append(fragment)
        is_dated = not fragment and bool(re.search(r"=\d{4}-\d\d-\d\d", href))
        is_named = bool(_PERMALINK.fullmatch(shown))
        is_permalink = bool(anchor.xpath("descendant-or-self::*[@data-webcare='date']")) and not is_dated
        is_permalink = is_permalink or bool((number := _NUMBERED.fullmatch(shown)) and number[1] in href)
        if (is_named or (is_permalink and not block.url)) and re.search(r"\d", href):
            block.url = tree.link(anchor, base)
    if not block.id and (number := re.search(r"(?:[#/=-]|^)([a-z]{0,10}[-_]?\d+)/?\Z", block.url)):
        block.id = number[1]
    levels = [_level(part) for part in block.parts[0].iterancestors()] if block.parts else []
    block.level = _level(block.parts[0]) or next((each for each in levels[:2] if each), 0)


def _counts(name: str | None) -> bool:
    """Whether there is a number in a name, as there is in those of posts."""
    return bool(name and re.search(r"\d", name))


def _level(node: Node) -> int:
    told = str(node.get("data-depth") or node.get("data-level") or node.get("aria-level") or "")
    if told.isdigit() and len(told) < 3:
        return int(told) + 1
    if found := _LEVEL.search(str(node.get("class") or "")):
        return int(found[1]) + 1
    indent = _INDENT.search(str(node.get("style") or ""))
    return int(indent[1]) + 1 if indent else 0


def name(blocks: Sequence[Block], copies: Sequence[Node], base: str) -> None:
    """Names each writer the way that fits most of the posts, or where that way finds nothing another one."""
    found = [dict(_names(own, base)) for own in copies]
    totals: Counter[str] = Counter()
    for each in found:
        for way, (score, _, _) in each.items():
            totals[way] += score
    for way in list(totals):
        names = [each[way][1] for each in found if way in each]
        if len(names) >= 4 and len(set(names)) == 1:
            totals[way] //= 3  # the same words under every post are a button or a heading
    for block, each in zip(blocks, found, strict=True):
        for way, _ in totals.most_common():
            if way in each:
                _, block.author, block.author_url = each[way]
                break


def _names(own: Node, base: str) -> Iterator[tuple[str, tuple[int, str, str]]]:
    """Ways to name the writer of a post: (way, (how good, name, address))."""
    seen = set[str]()
    for node in own.iter():
        if not isinstance(node.tag, str) or any(above.tag == "blockquote" for above in node.iterancestors()):
            continue
        for way, score, words in _ways(node):
            name = _SAYS.sub("", BY.sub("", words, count=1) if way.startswith("by") else words)
            name = _STRANGER.sub("", name.strip(" :,·|-–@"))
            if way in seen or not 1 < len(name) <= 60 or DATED.search(name) or _BUTTON.fullmatch(name) or "\n" in name:
                continue
            anchor = node if node.tag == "a" else tree.first(node, "a[href]")
            href = "" if anchor is None else str(anchor.get("href"))
            if _PLACE_LINK.search(href) and not WHO_LINK.search(href) and name in tree.line(anchor):
                continue
            seen.add(way)
            yield way, (score, name, tree.link(anchor, base))


def _ways(node: Node) -> Iterator[tuple[str, int, str]]:
    classes, shown = f"{node.get('class') or ''} {node.get('itemprop') or ''} {node.get('rel') or ''}", tree.line(node)
    looks = sign(node)
    pictured = str(node.get("alt") or "") if node.tag == "img" else ""
    if pictured and re.search(r"avatar|user|foto|photo", f"{classes} {node.get('src') or ''}", re.I):
        yield "alt", 20, re.sub(r"^(?:avatar|foto|profielfoto)(?: van| of)?\s+", "", pictured, flags=re.I)
    if not shown or len(shown) > SHORT + 60:
        return
    if node.tag == "a" and WHO_LINK.search(str(node.get("href") or "")):
        yield "link", 50, shown
    if _WHO.search(classes) and not _NOT_WHO.search(classes):
        yield f"class {looks}", 40, shown
    own = " ".join((node.text or "").split())
    if node.get("data-webcare") == "date":
        yield "beside", 25, AROUND_DATE.sub("", BY.sub("", DATED.sub("", f"{own} "))).strip(" :,·|-–()")
    if labelled := _LABELLED.fullmatch(own):
        yield f"label {node.tag}", 45, labelled[1]
    if by := BY.match(f"{own} "):
        rest = shown[by.start() :]
        yield (
            f"by {node.tag}",
            30,
            re.split(r"\s(?:op|on|om|at)\s|[,|(·•]|\s[–-]\s", rest[by.end() :])[0].join((by[0], "")),
        )
    if _SAYS.search(shown) and len(shown) <= SHORT:
        yield f"says {node.tag}", 30, shown
    if node.tag in ("b", "strong", "cite", "dt", "th", "h3", "h4", "h5", "h6", "i", "em"):
        yield f"bold {looks}", 10, own or shown
    elif len(own) <= 40 and node.tag in ("span", "div", "td", "p", "a"):
        yield f"short {looks}", 4, own


def text(block: Block, own: Node) -> str:
    """What is said: the part in which most of it stands, without what stands around every post."""
    for each in [each for each in own.iter() if isinstance(each.tag, str)]:
        names = f"{each.get('class') or ''} {each.get('id') or ''}"
        marks_noise = _NOISE.search(names) and not tree.select(each, QUOTES) and len(tree.line(each)) < 400
        is_button = each.tag in ("a", "span", "button", "small", "li") and _BUTTON.fullmatch(tree.line(each))
        if marks_noise or each.get("data-webcare") or (is_button and each.tag != "li"):
            _empty(each)
    _drop_headline(own, block)
    body = _body(own)
    block.linked = sum(len(tree.line(each)) for each in tree.select(body, "a[href]")) / (len(tree.line(body)) or 1)
    kept = [line for line in tree.text(body).split("\n") if not _is_about(line, block)]
    text = "\n".join(kept).strip()
    text = re.split(r"\n(?:--|__{2,}|-{3,})\s*(?:\n|\Z)", text)[0]
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _drop_headline(own: Node, block: Block) -> None:
    """Empties the element in which little else stands than the writer and the date, where words are left without it."""
    date = tree.first(own, "[data-webcare='date']")
    if date is None or not block.author:
        return
    for each in date.iterancestors():
        shown = tree.line(each)
        if each is own or len(shown) > SHORT or len(tree.line(own)) == len(shown):
            return
        if block.author in shown:
            _empty(each)
            return


def _empty(node: Node) -> None:
    tail = node.tail
    for child in list(node):
        node.remove(child)
    node.text, node.tail = "", tail


def _body(own: Node) -> Node:
    """The innermost part that holds nearly all that is left of the post."""
    whole = len(tree.line(own))
    at = own
    while True:
        wider = [each for each in at if isinstance(each.tag, str) and len(tree.line(each)) >= 0.9 * whole]
        if not wider or whole == 0:
            return at
        at = wider[0]


def _is_about(line: str, block: Block) -> bool:
    """Whether a line only says who wrote the post, when, or what can be done with it."""
    left = " ".join(line.split()).strip(" >")
    if not left or line.startswith(">"):
        return False
    if (dated := DATED.search(left)) and (_EDITED.fullmatch(left) or _is_date(left, dated)):
        return True
    if block.author:
        left = left.replace(block.author, "")
    left = _AGO.sub(" ", left.lstrip(" -–"))
    left = BY.sub("", left, count=1) if left != line.strip() or (BY.match(left) and len(left) < 30) else left
    left = _SAYS.sub("", f" {left}") if len(left) < SHORT and block.author in line else left
    left = left.strip(" :,.·|-–—#()@")
    return not left or any(about.fullmatch(left) for about in (_ANSWERS, _BUTTON, _STANDING))


def _is_date(line: str, dated: re.Match[str]) -> bool:
    """Whether a line is a date with its time, and nothing else."""
    return len(line) <= SHORT and not re.search(r"[^\W\d]{4}", line[: dated.start()] + line[dated.end() :])


def quoted_name(node: Node) -> str:
    """Whose words a quote holds, as its first line says; "" where it does not."""
    head = next(iter(node), None)
    if head is not None and head.tag in ("em", "strong", "b", "cite") and not (node.text or "").strip():
        return _SAYS.sub("", tree.line(head)[:SHORT]).strip(" :@")
    shown = tree.line(node)[:200]
    found = re.match(
        r"(?:citaat van|quote from|originally posted by|op .{4,40} schreef)?"
        r"\s*@?(.{2,40}?)\s*(?:schreef|schrijft|heeft geschreven|has written|wrote|said|zei|schrieb|:)",
        shown,
        re.I,
    )
    named = re.match(r"(?:citaat van|quote from|originally posted by)\s+([^:,]{2,40})", shown, re.I)
    return (named[1] if named else found[1] if found else "").strip()
