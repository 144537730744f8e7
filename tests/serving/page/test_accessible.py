"""What is wrong with a page is found in either theme; what a page shows on its way from one to the other is not."""

import pytest

from tests.serving.page.accessible import violations

PAGE = """<!doctype html><html lang="en"><title>A page</title>
<style>:root {{ color-scheme: light dark; background: light-dark(#fff, #111); color: light-dark(#111, #eee) }}
{style}</style>
<main><h1>A page</h1><p>Some text.</p><details {state}><summary>More</summary><p class="folded">Folded.</p></details>
</main>{more}</html>"""


@pytest.fixture
def shown(browser):
    """Show a page of this style: `shown("p { ... }")`."""
    page = browser.new_page()
    page.set_default_timeout(60_000)

    def show(style="", *, state="", more=""):
        page.set_content(PAGE.format(style=style, state=state, more=more))
        return page

    yield show
    page.close()


def test_a_page_without_faults_has_none(shown):
    assert violations(shown()) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("planted", ["h1", ".folded"])
def test_a_colour_that_is_too_weak_is_found_in_its_theme(shown, scheme, planted):
    weak = {"light": "light-dark(#ccc, #eee)", "dark": "light-dark(#111, #444)"}[scheme]
    (found,) = violations(shown(f"{planted} {{ color: {weak} }}", state="open"))
    assert found.startswith(f"{scheme}: color-contrast: {planted}")


def test_what_is_wrong_with_the_page_itself_is_found(shown):
    (found,) = violations(shown(more='<div role="main" hidden></div><img alt src="data:,"><input>'))[:1]
    assert found.startswith("light: label: input")


@pytest.mark.parametrize(
    ("style", "more"),
    [
        ("* { transition: color 0.7s, background-color 0.2s !important }", ""),
        (
            "p { color: var(--late, #111) }",
            "<script>matchMedia('(prefers-color-scheme: dark)').addEventListener('change', told =>"
            " setTimeout(() => document.documentElement.style.setProperty('--late', '#eee'), 1500))</script>",
        ),
    ],
    ids=["on their way", "late"],
)
def test_colours_between_two_themes_are_none_of_it(shown, style, more):
    page = shown(style, state="open", more=more)
    assert violations(page) == []
