"""One call to a model without tools: rules, material, and the words that it writes."""

from contextlib import aclosing

from pipelines.answering.model import ChatModel


async def written(model: ChatModel, rules: str, told: str, *, max_chars: int) -> str:
    """What the model writes about `told` by these rules, cut off after `max_chars` characters.

    Raises:
        StudyBuddyError: the model gives nothing now.
    """
    messages = [{"role": "system", "content": rules}, {"role": "user", "content": told}]
    pieces, room = [], max_chars
    async with aclosing(model.stream(messages, tools=[], may_call=False)) as deltas:
        async for delta in deltas:
            pieces.append(delta.text[:room])
            room -= len(delta.text)
            if room <= 0:
                break
    return "".join(pieces)
