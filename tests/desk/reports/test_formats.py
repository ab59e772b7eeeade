"""Reports in every form: whole, readable, and never carrying out what a stranger wrote."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from desk.reports import Page, Report, ReportError, as_xlsx, find_format, formats, save
from desk.reports.record import FIELDS
from desk.reports.show import csv_cell, csv_text
from desk.reports.words import Words
from storage.types import Mention

NASTY = [
    '=HYPERLINK("http://evil.example","x")', "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "'=1+1", "＝1+1",
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)", "[x](javascript:alert(1))",
    "\x1b]52;c;aGk=\x07", "\x9b31m", "a\x00b", "\u202egnp.exe", "_x0041_", "| pipe | table |", "a,b;c\n\"d\"",
    "`code` **bold** ![x](http://evil.example/x.png)", "\ufffe", "file:///etc/passwd", "{=1+1}", "&lt;b&gt;",
]  # fmt: skip

MakeReport = Callable[..., Report]
MakeRow = Callable[..., Any]
MakeMention = Callable[..., Mention]


@pytest.fixture
def nasty(report: MakeReport, row: MakeRow, mention: MakeMention) -> Report:
    """A report in which every field a stranger fills holds each of the nasty texts once."""
    rows = [row(index / 10, author=text, source=text, brands=(text,)) for index, text in enumerate(NASTY)]
    mentions = [mention(id=index, text=text, title=text, author=text, url=text) for index, text in enumerate(NASTY)]
    return report(rows, mentions, title=NASTY[8], query=NASTY[9])


def written(report: Report, form: str) -> bytes:
    out = io.BytesIO()
    find_format(form)(report, out)
    return out.getvalue()


def text_of(report: Report, form: str) -> str:
    return written(report, form).decode("utf-8-sig")


def test_the_shelf_holds_the_promised_formats() -> None:
    assert {"html", "xlsx", "csv", "json", "jsonl", "md", "txt"} <= set(formats())


def test_a_format_of_ones_own_is_found_by_its_place() -> None:
    assert find_format("desk.reports.as_csv:write") is find_format(".csv")


@pytest.mark.parametrize("name", ["doc", "none", "nowhere:write", "desk.reports:nothing"])
def test_an_unknown_format_is_refused_in_words(name: str) -> None:
    with pytest.raises(ReportError, match="report format"):
        find_format(name)


@pytest.mark.parametrize("form", ["csv", "json", "jsonl"])
def test_rows_come_back_as_they_were_exported(nasty: Report, form: str) -> None:
    text = text_of(nasty, form)
    if form == "csv":
        found = [csv_text(line["text"]) for line in csv.DictReader(io.StringIO(text, newline=""))]
    else:
        found = [line["text"] for line in (json.loads(text) if form == "json" else map(json.loads, text.splitlines()))]
    assert found == NASTY


def test_an_exported_record_has_the_promised_keys_in_their_order(report: MakeReport, mention: MakeMention) -> None:
    (line,) = text_of(report([], [mention()]), "jsonl").splitlines()
    found = json.loads(line)
    assert tuple(found) == FIELDS
    assert found["intent"] == "complaint"
    assert found["published_at"] == "2026-03-02T13:00:00+01:00"
    assert (found["reach"], found["status"], found["duplicates"]) == (None, None, [3, 4])


def test_no_csv_cell_is_taken_for_a_formula_and_numbers_stay_numbers(nasty: Report) -> None:
    for line in csv.reader(io.StringIO(text_of(nasty, "csv"), newline="")):
        for cell in line:
            assert not cell or cell[0] not in "=+-@\t\r＝" or re.fullmatch(r"-?\d+(\.\d+)?", cell), cell


@given(st.text())
def test_a_csv_cell_can_be_read_back(text: str) -> None:
    assert csv_text(str(csv_cell(text))) == text


@pytest.mark.parametrize("form", ["json", "jsonl", "md", "txt", "html"])
def test_nothing_that_a_terminal_obeys_is_in_a_text_file(nasty: Report, form: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text_of(nasty, form))


def test_a_page_holds_nothing_active_and_loads_nothing(nasty: Report) -> None:
    page = html.fromstring(written(nasty, "html"))
    tags = {each.tag for each in page.iter()}
    assert not tags & {"script", "img", "iframe", "object", "embed", "link", "form", "a", "base", "b", "i2"}
    attributes = {name for each in page.iter() for name in each.attrib}
    assert not {name for name in attributes if name.startswith("on") or name in ("src", "href", "xlink:href", "style")}
    assert page.xpath("//meta[@http-equiv]/@content")[0].startswith("default-src 'none'")
    assert page.findtext(".//h1") == NASTY[8]


def test_a_page_shows_charts_with_words_and_the_figures_beside_them(report: MakeReport, row: MakeRow) -> None:
    page = html.fromstring(text_of(report([row(), row(1)], lang="nl"), "html"))
    assert page.get("lang") == "nl"
    for chart in page.iter("svg"):
        assert chart.findtext("title")
        assert chart.findtext("desc")
    texts = " ".join(page.itertext())
    for said in ("Europe/Amsterdam", "2026-03-02 00:00 +0100", "Reactietijd", "Hoe er geteld is", "zonnebank"):
        assert said in texts


@pytest.mark.parametrize(("lang", "said"), [("en", "Nothing in this period."), ("nl", "Niets in deze periode.")])
@pytest.mark.parametrize("form", ["html", "md", "txt"])
def test_an_empty_period_is_said(report: MakeReport, form: str, lang: str, said: str) -> None:
    assert said in text_of(report([], lang=lang), form)


def test_markdown_says_what_strangers_wrote_literally(nasty: Report) -> None:
    text = text_of(nasty, "md")
    assert not re.search(r"(?<!\\)<", text)
    assert not re.search(r"(?<!\\)\[x", text)
    for line in text.splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (3, 4, 5, 6, 7, 8, 9, 12, 26)


def test_a_workbook_holds_every_mention_as_words(nasty: Report) -> None:
    book = openpyxl.load_workbook(io.BytesIO(written(nasty, "xlsx")))
    rows = list(book["Mentions"].iter_rows(values_only=True))
    assert rows[0] == FIELDS
    texts = [line[FIELDS.index("text")] for line in rows[1:]]
    assert len(texts) == len(NASTY)
    assert texts[0] == NASTY[0]
    assert texts[NASTY.index("_x0041_")] == "_x005F_x0041_"  # how the format writes it
    assert "␛" in texts[NASTY.index("\x1b]52;c;aGk=\x07")]
    for sheet in book.worksheets:
        assert not sheet._hyperlinks
        assert {cell.data_type for line in sheet.iter_rows() for cell in line} <= {"s", "n", "b", "d"}


def test_a_workbook_has_charts_and_real_numbers(report: MakeReport, row: MakeRow) -> None:
    book = openpyxl.load_workbook(io.BytesIO(written(report([row(), row(1)]), "xlsx")))
    assert book.sheetnames == ["In short", "Figures", "How it was counted", "Mentions"]
    assert len(book["Figures"]._charts) >= 3
    assert ("Mentions", 2) in [line[:2] for line in book["In short"].iter_rows(values_only=True)]


def test_mentions_beyond_a_sheet_go_on_in_the_next(
    report: MakeReport, mention: MakeMention, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(as_xlsx, "SHEET_ROWS", 4)
    book = openpyxl.load_workbook(io.BytesIO(written(report([], [mention(id=each) for each in range(7)]), "xlsx")))
    sheets = [name for name in book.sheetnames if name.startswith("Mentions")]
    assert [book[name].max_row - 1 for name in sheets] == [3, 3, 1]


@given(st.text(min_size=20, max_size=40).map(lambda text: text * 1_700) | st.just("😀" * 40_000))
def test_a_text_too_long_for_a_cell_is_cut_and_says_so(text: str) -> None:
    found = as_xlsx.fit(text, Words("nl"))
    assert len(found.encode("utf-16-le")) // 2 <= as_xlsx.CELL_LIMIT
    assert "tekens in totaal" in found or len(found) < len(text)


def test_a_report_is_whole_or_not_there(report: MakeReport, mention: MakeMention, tmp_path: Path) -> None:
    path = tmp_path / "week.csv"
    save(report([], [mention()]), path)
    before = path.read_bytes()

    def breaking() -> Iterator[Page]:
        yield {field: ["x" * 100_000] for field in FIELDS}
        raise RuntimeError("the disk is on fire")

    with pytest.raises(RuntimeError):
        save(report(pages=breaking), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_only_the_owner_can_read_a_report(report: MakeReport, tmp_path: Path) -> None:
    save(report(), tmp_path / "week.html")
    assert (tmp_path / "week.html").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_not_there_is_said_in_a_sentence(report: MakeReport, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="cannot be written"):
        save(report(), tmp_path / "nowhere" / "week.html")


def test_the_format_can_be_said_apart_from_the_name(report: MakeReport, tmp_path: Path) -> None:
    def shout(report: Report, out: BinaryIO) -> None:
        out.write(report.title.upper().encode())

    save(report(), tmp_path / "week", form="json")
    assert json.loads((tmp_path / "week").read_text()) == []
