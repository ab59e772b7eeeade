"""Colleagues see each other; the writer is known; what was edited since the claim is shown."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from desk.widgets.author import alike
from desk.widgets.changes import changed, coloured
from storage.database import Database
from storage.intake import Intake
from storage.outbox import Outbox
from storage.presence import Company
from storage.types import Match, NewPost, Opinion, Post, Receipt, Sentiment


async def look(seat):
    """Looks around, as the desk does every few seconds."""
    seat.screen.look_around()
    await seat.settle()


async def test_two_desks_see_each_other_looking_and_writing_until_one_leaves(desk, arrive, sqlite_database):
    arrive()
    async with desk("anna") as anna:
        async with desk("bram") as bram:
            await look(bram)
            await look(anna)
            assert "◦br" in anna.text and "◦ bram is looking" in anna.text
            await bram.press("r")
            await look(bram)
            await look(anna)
            assert "✎ bram is writing" in anna.text
            await bram.press("escape", "q")
        await look(anna)
        assert "bram is" not in anna.text and Company(sqlite_database).others("anna") == ()


async def test_a_list_without_a_conversation_says_nobody_is_looking(desk, arrive, sqlite_database):
    arrive()
    async with desk("anna", size=(80, 24)) as seat:
        await look(seat)
        assert Company(sqlite_database).others("bram") == ()
        await seat.press("enter")
        await look(seat)
        assert [each.agent for each in Company(sqlite_database).others("bram")] == ["anna"]
        await seat.press("escape")
        await look(seat)
        assert Company(sqlite_database).others("bram") == ()


def _edited(database: Database, text: str) -> None:
    post = Post(
        external_id="p1",
        url="https://forum.example/t/1",
        text=text,
        title="Storing",
        author="jan",
        author_id="jan",
        conversation_id="c1",
        conversation_title="Storing",
        lang="nl",
        published_at=database.now() - timedelta(hours=5),
        edited_at=database.now(),
    )
    opinion = Opinion(lang="nl", sentiment=Sentiment.NEGATIVE)
    match = Match(brand="zonnebank", query="zonnebank")
    Intake(database).store("forum", "phpbb", [NewPost(post=post, matches=(match,), opinion=opinion, wants_case=True)])


async def test_what_was_edited_since_the_claim_is_shown_in_its_place(desk, arrive, clock, sqlite_database):
    arrive("De app van Zonnebank werkt al drie dagen niet")
    async with desk(size=(180, 50)) as seat:
        await seat.press("c")
        assert "⟨" not in seat.text
        clock.advance(minutes=5)
        _edited(sqlite_database, "De app van Zonnebank werkt weer prima")
        await seat.poll()
        assert "⟨−al drie dagen niet⟩" in seat.text and "⟨+weer prima⟩" in seat.text
        assert "edited since it was claimed" in seat.text


async def test_the_author_pane_knows_what_they_were_told_and_flags_telling_it_again(
    desk, arrive, clerk, sqlite_database
):
    told = "ik zoek uit wat er nu is"
    first = arrive(conversation="a")
    anna = clerk("anna")
    anna.note(first, "gebeld met jan")
    reply = anna.reply(first, told, hold=timedelta())
    Outbox(sqlite_database).take_due("x", lambda _reply: True)
    Outbox(sqlite_database).sent(reply.id, Receipt())
    anna.resolve(first)
    arrive(conversation="b")
    async with desk(size=(180, 50)) as seat:
        assert "They were told" in seat.text and told in seat.text
        assert "gebeld met jan" in seat.text and "Other cases" in seat.text and "by week" in seat.text
        await seat.press("r")
        await seat.type(told.replace("nu", ""))
        await look(seat)
        assert "They were told nearly this before" in seat.said and "nearly what is being written" in seat.text


async def test_what_is_known_of_a_writer_is_shown_and_never_obeyed(desk, arrive, clerk, sqlite_database):
    nasty = "\x1b]52;c;ZXZpbA==\x07 [/b] \u202e \x9b31m"
    first = arrive(nasty, conversation="a", title=nasty)
    anna = clerk("anna")
    anna.note(first, nasty)
    anna.tag(first, "[@click=app.bell]x")
    arrive(conversation="b")
    async with desk(size=(180, 50)) as seat:
        await seat.press("j")
        assert "Noted" in seat.text and "[/b]" in seat.text
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(seat.text)


@given(st.text("ab \n⟨⟩−+", max_size=40), st.text("ab \n⟨⟩−+", max_size=40))
def test_a_change_holds_every_word_of_both_texts(before, after):
    said = changed(before, after)
    plain = "".join(text for line in coloured(said.split("\n"), "normal") for text, _role in line)
    assert plain == said.replace("\n", "")
    for word in (before + " " + after).replace("⟨", "(").replace("⟩", ")").split():
        assert word in said


def test_the_colour_of_a_change_goes_on_over_a_broken_line():
    lines = coloured(["a ⟨+b", "c⟩ d"], "normal")
    assert lines == [[("a ", "normal"), ("⟨+b", "good")], [("c⟩", "good"), (" d", "normal")]]


def test_a_thank_you_is_never_the_same_thing_told_twice():
    assert not alike("Dank je wel!", "Dank je wel!")
    assert alike(
        "We zoeken het voor je uit en laten het hier weten", "We zoeken het nu voor je uit en laten het hier weten"
    )
