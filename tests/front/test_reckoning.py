"""The dashboard's figures, counted in a process of their own."""

import argparse

import pytest

from desk.errors import DeskError
from desk.overview import read
from front.house import House
from front.reckoning import overview
from storage.types import Match, NewPost, Post

CONFIG = "team: {bram: {role: lead}}\n"


def house_of(folder) -> House:
    return House(argparse.Namespace(config=str(folder / "sources.yaml"), database=None, agent="bram"))


async def test_the_process_says_what_is_read_here_and_why_where_nothing_can_be_read(begun, tmp_path):
    post = Post(external_id="p1", url="https://forum.example/p1", text="De app werkt niet", author="jan")
    begun(CONFIG, [NewPost(post=post, matches=(Match(brand="zonnebank", query="z"),), wants_case=True)])
    house = house_of(tmp_path)
    here = read(house.clerk, "brand:zonnebank", 7, "nl")
    assert await overview(house, "brand:zonnebank", 7, "nl") == here and here.summary.mentions == 1
    (tmp_path / "sources.yaml").write_text("team: {bram: {role: emperor}}\n", encoding="utf-8")
    with pytest.raises(DeskError, match=r"sources\.yaml:1"):
        await overview(house, "", 7, "nl")
    house.close()
