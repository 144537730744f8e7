"""Markdown and plain text as HTML."""

import re
from html import escape

_MARKDOWN = re.compile(
    r"^(?:#{1,6} +\S|(?:```|~~~)|\S.*\n(?:={3,}|-{3,})[ \t]*$|\|?[ :]*-{3,}[ :]*\|[-| :]*$)", re.MULTILINE
)
"""A heading, a fenced block, an underlined heading or the rule of a table."""
_FRONT_MATTER = re.compile(r"\A---\n.*?\n(?:---|\.\.\.)\n", re.DOTALL)
_GAP = re.compile(r"\n[ \t]*\n|\f")
_SET_OUT = re.compile(r"^[ \t]|\S(?: {2,}|\t)\S", re.MULTILINE)
"""Spaces that mean something: columns, or code."""


def text_html(text: str) -> str:
    """HTML of Markdown where the text has headings, blocks of code or tables, else of its paragraphs as they are."""
    if _MARKDOWN.search(text):
        return markdown_html(_FRONT_MATTER.sub("", text))
    return "\n".join(_paragraph(part) for part in _GAP.split(text) if part.strip())


def markdown_html(text: str) -> str:
    """HTML of Markdown (CommonMark and tables). HTML inside stays, and is reduced with the rest."""
    from markdown_it import MarkdownIt

    return str(MarkdownIt("commonmark").enable("table").render(text))


def _paragraph(text: str) -> str:
    if _SET_OUT.search(text):
        return f"<pre>{escape(text)}</pre>"
    return f"<p>{escape(text.strip()).replace(chr(10), '<br>')}</p>"
