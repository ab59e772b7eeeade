"""What strangers write, on a real terminal: seven hundred hostile strings through every screen, in one desk."""

import sys
from pathlib import Path

import pytest
from wcwidth import wcswidth

from bench.nasty import try_all
from bench.nasty_strings import strings
from desk.shown import cells, clean_block, clean_line


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_no_string_of_a_stranger_acts_on_the_terminal_breaks_a_row_or_is_lost(tmp_path: Path) -> None:
    assert try_all(tmp_path, strings(), 70, [(120, 40)], quiet=0.05) == []


@pytest.mark.parametrize("plane", [0x00000, 0x10000, 0xE0000], ids=hex)
def test_every_character_has_the_cells_that_terminals_give_it(plane: int) -> None:
    for code in range(plane, plane + 0x10000):
        if not 0xD800 <= code < 0xE000:
            shown = clean_line(f"a{chr(code)}b")
            assert wcswidth(shown) == cells(shown), hex(code)
            assert clean_block(clean_block(f"a{chr(code)}b")) == clean_block(f"a{chr(code)}b")
