"""Thinking that a model writes into its answer, between tags: told apart from the answer, however the words are cut.

Belongs here: `<think>` and its kin. Servers that know a model send its thinking in a field of its own; others leave it
in the text, and some models' templates open the tag already, so that only `</think>` comes. A tag in code or in the
middle of an answer is part of the answer.
"""

import re

TAGS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "<seed:think>": "</seed:think>",
    "[THINK]": "[/THINK]",
    "<|START_THINKING|>": "<|END_THINKING|>",
    "◁think▷": "◁/think▷",
}
"""Opening and closing tags of the models that think aloud."""

HELD_MAX = 200_000
"""Most characters that are held back in the hope of a closing tag."""

_CLOSING = re.compile("|".join(re.escape(tag) for tag in TAGS.values()))
_LONE = re.compile(rf"(?:\A|\n)[ \t]*(?:{_CLOSING.pattern})|(?:{_CLOSING.pattern})[ \t]*\r?\n")
_THINKERS = re.compile(r"(?i)(?:^|[-_/:.])(?:r1|qwq|z1|thinking|reasoner)(?:$|[-_/:.])")


def thinks_aloud(model: str) -> bool:
    """Whether a model of this name is known to begin in the middle of its thinking, without an opening tag."""
    return _THINKERS.search(model) is not None


class ThoughtSplitter:
    """Takes one model call's words as they come and gives (thinking, answer).

    `hold` holds everything back until a closing tag has come, for models that leave out the opening one; where none
    comes it was an answer. `stray` turns True when a closing tag without an opening one stood on its own.
    """

    def __init__(self, *, hold: bool = False) -> None:
        self._rest = ""
        self._closing: str | None = None
        self._hold = hold
        self._answering = False
        self._began = False
        self.stray = False

    def feed(self, text: str) -> tuple[str, str]:
        """What of the words so far is thinking, and what is answer; the rest is held until more comes."""
        if self._answering:
            self.stray = self.stray or ("</" in text and _LONE.search(text) is not None)
            return "", text
        self._rest += text
        thoughts: list[str] = []
        while True:
            before = self._rest
            if self._closing:
                thoughts.append(self._inside(self._closing))
            elif self._begins():
                return "".join(thoughts), self.release()
            else:
                thoughts.append(self._outside())
            if self._rest == before:
                return "".join(thoughts), ""

    def release(self) -> str:
        """The answer that is held back: nothing needs to be waited for any more."""
        if self._answering or self._closing:
            return ""
        answer, self._rest, self._answering = self._rest, "", True
        return answer

    def flush(self) -> tuple[str, str]:
        """What was held, at the end: thinking that was never closed stays thinking."""
        if self._closing:
            thought, self._rest = self._rest, ""
            return thought, ""
        return "", self.release()

    def _inside(self, closing: str) -> str:
        """Thinking up to the closing tag; a piece that may be the tag's beginning is held."""
        thought, found, rest = self._rest.partition(closing)
        if found:
            self._rest, self._closing, self._hold = rest, None, False
            return thought
        keep = next((n for n in range(len(closing) - 1, 0, -1) if thought.endswith(closing[:n])), 0)
        self._rest = thought[len(thought) - keep :]
        return thought[: len(thought) - keep]

    def _begins(self) -> bool:
        """Whether what is held is the answer's beginning, and nothing else."""
        said = self._rest.lstrip()
        if any(said.startswith(opening) or opening.startswith(said) for opening in TAGS):
            return False  # a tag, one in the making, or blanks
        if self._began:
            self._rest = said
            return True
        return len(said) > HELD_MAX or not (self._hold or self._lone_tag())

    def _outside(self) -> str:
        """Thinking before a closing tag that nothing opened; an opening tag is taken away."""
        said = self._rest.lstrip()
        for opening, closing in TAGS.items():
            if said.startswith(opening):
                self._rest, self._closing, self._began = said[len(opening) :], closing, True
                return ""
        found = self._lone_tag()
        if found is None or self._began:
            return ""
        thought, self._rest = self._rest[: found.end()], self._rest[found.end() :]
        self._hold, self._began, self.stray = False, True, True
        return _CLOSING.sub("", thought).strip()

    def _lone_tag(self) -> re.Match[str] | None:
        pattern = _CLOSING if self._hold else _LONE
        return next((each for each in pattern.finditer(self._rest) if not _in_code(self._rest, each.start())), None)


def _in_code(text: str, at: int) -> bool:
    """Whether a place in a text stands between backticks."""
    return text.count("`", 0, at) % 2 == 1
