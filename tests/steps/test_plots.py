"""Pictures of figures: a PNG whatever sets and kinds are called, and whether or not anything was found."""

import io

from PIL import Image

from pipelines.steps.plots import draw_recall

CURVE = [{"k": k, "recall": k / 10, "low": k / 20, "high": 1.0} for k in range(1, 11)]


def drawn(panels, title="Optimisation"):
    with Image.open(io.BytesIO(draw_recall(title, panels))) as picture:
        assert picture.format == "PNG"
        return picture.size, len(picture.convert("RGB").getcolors(1 << 20))


def test_each_kind_is_a_panel_of_its_own():
    (one, _), (two, _) = drawn({"slide": {"a": CURVE}}), drawn({"slide": {"a": CURVE}, "speech": {"a": CURVE}})
    assert two[0] == 2 * one[0] and two[1] == one[1]


def test_names_that_look_like_formulas_are_drawn_as_they_are():
    drawn({"slide $x": {"$a_b": CURVE, "_c$": CURVE}}, title=r"Physics $\frac$")


def test_no_question_is_an_empty_picture():
    drawn({})
    drawn({"slide": {"a": []}})
