"""The front door: one command. Nothing heavy is imported before it is known what was asked."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from front import parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command. Exit status: 0 done, 1 something failed (said in one sentence), 2 wrong use."""
    return parser.run(parser.build().parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
