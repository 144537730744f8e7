"""HTML reduced to what is read: text and its structure, without scripts, styles and pictures, cut at headings."""

import re
from html import escape
from html.parser import HTMLParser

CUT = '<div class="cut"></div>'
"""Ends a page; see the style in `texts`."""

_HEADINGS = ("h1", "h2", "h3")
"""These begin a page of their own; smaller ones stay on the page they are on."""
_STRUCTURE = """
h1 h2 h3 h4 h5 h6 p div section article main aside header footer nav blockquote pre code kbd samp ul ol li dl dt dd
table thead tbody tfoot tr th td caption figure figcaption b strong i em u s sub sup br hr details summary address
center
"""
_KEPT = frozenset(_STRUCTURE.split())
_DROPPED = frozenset(["script", "style", "noscript", "template", "iframe", "object", "svg", "select", "textarea"])
"""Left out with all they hold."""
_EMPTY = frozenset(("br", "hr"))


class _Reducer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.title = ""
        self._dropped: list[str] = []
        self._in_title = False
        self._text_since_cut = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title":
            self._in_title = not self.title and "svg" not in self._dropped
        elif tag in _DROPPED:
            self._dropped.append(tag)
        elif self._dropped or tag == "img":
            alternative = dict(attrs).get("alt") if tag == "img" and not self._dropped else None
            self._text(alternative or "")
        elif tag in _KEPT:
            if tag in _HEADINGS and self._text_since_cut:
                self.out.append(CUT)
                self._text_since_cut = False
            self.out.append(f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        elif tag in self._dropped:
            while self._dropped.pop() != tag:
                pass
        elif not self._dropped and tag in _KEPT and tag not in _EMPTY:
            self.out.append(f"</{tag}>")
            if tag in _HEADINGS:
                self._text_since_cut = False  # a heading below its heading stays with it

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        elif not self._dropped:
            self._text(data)

    def _text(self, data: str) -> None:
        self._text_since_cut = self._text_since_cut or bool(data.strip())
        self.out.append(escape(data, quote=False))


def reduce_html(html: str) -> tuple[str, str]:
    """(the body as simple HTML, the title). Pictures are replaced by what they say in words (`alt`).

    A heading (`h1` to `h3`) that follows text begins a new page. The title is "" where there is none.
    """
    reducer = _Reducer()
    reducer.feed(html)
    reducer.close()
    return "".join(reducer.out), " ".join(reducer.title.split())


def has_words(body: str) -> bool:
    """Whether anything is left to read in reduced HTML."""
    return bool(re.search(r"\w", re.sub(r"<[^>]*>", " ", body)))
