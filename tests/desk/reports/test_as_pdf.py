"""A report on paper, and the sentence where the means for it are not installed."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest

from desk.reports import Report, ReportError, as_pdf

MakeReport = Callable[..., Report]


def test_a_missing_renderer_is_said_with_what_to_do(report: MakeReport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(ReportError, match=r"pip install 'webcare\[pdf\]'"):
        as_pdf.write(report(), io.BytesIO())


def test_a_report_becomes_a_pdf_that_loaded_nothing(report: MakeReport, row: Callable[..., object]) -> None:
    try:
        import weasyprint  # noqa: F401
    except (ImportError, OSError) as error:
        pytest.skip(f"WeasyPrint, or the Pango library under it, is not installed: {str(error).splitlines()[0]}")
    out = io.BytesIO()
    as_pdf.write(report([row(author='"><img src="file:///etc/passwd">')]), out)
    assert out.getvalue().startswith(b"%PDF-")
