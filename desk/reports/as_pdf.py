"""PDF: the page of `as_html` on paper, by WeasyPrint, which is installed apart."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

from desk.reports import Report, ReportError, as_html


def write(report: Report, out: BinaryIO) -> None:
    """Writes the report's figures. Raises `ReportError` where WeasyPrint or the Pango library under it is missing."""
    try:
        import weasyprint
    except (ImportError, OSError) as error:
        raise ReportError(
            "A PDF needs WeasyPrint (pip install 'webcare[pdf]') and your system's Pango library; "
            f"print the HTML report instead ({str(error).splitlines()[0]})."
        ) from error
    page = io.BytesIO()
    as_html.write(report, page)
    weasyprint.HTML(string=page.getvalue().decode(), url_fetcher=_refuse).write_pdf(out)


def _refuse(url: str, *_: Any, **__: Any) -> Any:
    """A report loads nothing."""
    raise ValueError(f"a report loads nothing, not {url}")
