"""What axe finds on a page in either theme, once the page really has the theme."""

from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
EVERYTHING = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"light": EVERYTHING, "dark": ["color-contrast", "link-in-text-block"]}
"""What is asked in each theme: the second differs from the first by its colours only."""

LOOKS = 5
"""How often a violation must be seen to count, a second between two looks: what a theme leaves behind passes."""

VIOLATIONS = """rules => axe.run({runOnly: rules}).then(found => found.violations.flatMap(each =>
    each.nodes.map(node => [`${each.id}: ${node.target}`, node.failureSummary])))"""

SETTLED = """async scheme => {
    const frame = () => new Promise(done => requestAnimationFrame(done));
    const colours = () => Array.from(document.querySelectorAll('*'), each => {
        const {color, backgroundColor} = getComputedStyle(each);
        return color + backgroundColor;
    }).join();
    const ends = each => each.effect && each.effect.getComputedTiming().endTime < Infinity;
    const sheet = new CSSStyleSheet();
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    while (!matchMedia(`(prefers-color-scheme: ${scheme})`).matches) await frame();
    for (let count = 0, same = 0, before = null; same < 3 && count < 600; count++) {
        sheet.replaceSync(`*, ::details-content { content-visibility: visible !important; --look: ${count} }`);
        await Promise.all(document.getAnimations().filter(ends).map(each => each.finished.catch(() => null)));
        await frame();
        const now = colours();
        same = now === before ? same + 1 : 0;
        before = now;
    }
}"""
"""Colours are looked at when they have stood still for some frames.

Each frame a rule for everything changes, so that the browser computes every style again; what is out of sight or folded
away is drawn too, for else it keeps the colours of the theme before.
"""


def violations(page: Page) -> list[str]:
    """What axe finds in the light theme and in the dark, a line an element; empty: nothing."""
    page.evaluate(AXE + "\n;0")
    found: list[str] = []
    for scheme, rules in RULES.items():
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        seen = _look(page, scheme, rules)
        for _ in range(LOOKS - 1):
            if seen:
                page.wait_for_timeout(1000)
                again = _look(page, scheme, rules)
                seen = {element: why for element, why in again.items() if element in seen}
        found += [f"{scheme}: {element}: {why}" for element, why in seen.items()]
    return found


def _look(page: Page, scheme: str, rules: list[str]) -> dict[str, str]:
    """What is wrong now, by rule and element."""
    page.evaluate(SETTLED, scheme)
    return dict(page.evaluate(VIOLATIONS, rules))
