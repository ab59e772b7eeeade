"""The front door: one command. Nothing heavy is imported before it is known what was asked."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from front import parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command. Exit status: 0 done, 1 something failed (said in one sentence), 2 wrong use."""
    words = sys.argv[1:] if argv is None else argv
    return parser.run(parser.build(words).parse_args(words))


if __name__ == "__main__":
    sys.exit(main())
