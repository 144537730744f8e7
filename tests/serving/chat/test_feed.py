"""Readers of one answer's text: what they get while nothing comes."""

import asyncio

import uvloop

from serving.chat.feed import Feed
from serving.chat.parts import PING


def test_a_quiet_answer_is_never_cut_off_by_a_comment_that_keeps_its_line_open():
    async def quiet(feed: Feed) -> bytes:
        seen = b""
        async for piece in feed.read(0.001):
            seen += piece
            if seen.count(PING) == 300 and not feed.ended:
                feed.append(b"data: late\n\n")
                feed.end()
        return seen

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # servers run on it, and its clock is rounded
        assert runner.run(quiet(Feed())).endswith(b"data: late\n\n")
