"""The maker of the sample course's deck, `wind-power.pdf`: the same bytes every time with the same PyMuPDF.

Run `python sample/make_deck.py [FILE]`. The deck has what real decks have: a title page that prints no number, an
outline, headers and footers, a formula, two drawn figures, a ruled table, and one animated slide of two frames, which
are two pages that print the same number. So nine pages print numbers up to 8.
"""

import math
import sys
from pathlib import Path

import pymupdf
from pymupdf import Page, Point, Rect

OUT = Path(__file__).with_name("wind-power.pdf")
WIDTH_PT, HEIGHT_PT, LEFT_PT, RIGHT_PT = 720.0, 405.0, 48.0, 672.0
TITLE, LAST_NUMBER = "How a wind turbine makes power", 8

INK, MUTED, BLUE = (0.13, 0.16, 0.22), (0.42, 0.46, 0.53), (0.07, 0.27, 0.45)
TEAL, ORANGE, PALE, WHITE = (0.05, 0.50, 0.52), (0.85, 0.42, 0.10), (0.91, 0.95, 0.97), (1.0, 1.0, 1.0)
FONTS = {name: pymupdf.Font(name) for name in ("helv", "hebo", "heit", "tiro", "tiit")}
"""The faces PyMuPDF carries; they are embedded, so that the pages look alike everywhere."""


def make_deck() -> bytes:
    """The whole deck as PDF bytes."""
    document = pymupdf.open()
    title_page(document)
    outline = [[1, TITLE, 1]]
    parts = (
        ("The wind", [(air_page, 2), (formula_page, 3)]),
        ("The rotor", [(betz_page, 4), (blade_page_first, 5), (blade_page_second, 5)]),
        ("The machine and its place", [(curve_page, 6), (table_page, 7), (summary_page, 8)]),
    )
    for section, pages in parts:
        outline.append([1, section, document.page_count + 1])
        for draw, number in pages:
            draw(framed_page(document, section, number))
    document.set_toc(outline)
    document.set_metadata({"title": TITLE, "author": "StudyBuddy sample course", "subject": "Wind power, lecture 1"})
    document.subset_fonts()
    return document.tobytes(garbage=4, deflate=True, no_new_id=True)


def write(
    page: Page, x: float, y: float, text: str, *, size: float = 17, font: str = "helv", color: tuple[float, ...] = INK
) -> float:
    """One line of text with its baseline at `y`; answers the x where it ends."""
    page.insert_font(fontname=f"sb-{font}", fontbuffer=FONTS[font].buffer)
    page.insert_text(Point(x, y), text, fontname=f"sb-{font}", fontsize=size, color=color)
    return x + FONTS[font].text_length(text, size)


def centre(page: Page, x: float, y: float, text: str, *, size: float = 12, font: str = "helv", **how) -> None:
    """One line of text centred on `x`."""
    write(page, x - FONTS[font].text_length(text, size) / 2, y, text, size=size, font=font, **how)


def wrap(text: str, width_pt: float, size: float, font: str = "helv") -> list[str]:
    """The text in lines no wider than `width_pt`."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if FONTS[font].text_length(longer, size) <= width_pt:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def bullets(page: Page, y: float, points: list[str], *, width_pt: float = 600, size: float = 17) -> float:
    """Bullet points from baseline `y` down; answers the baseline a next point would have."""
    for point in points:
        page.draw_circle(Point(LEFT_PT + 4, y - size * 0.32), 2.6, color=TEAL, fill=TEAL)
        for line in wrap(point, width_pt - 20, size):
            write(page, LEFT_PT + 20, y, line, size=size)
            y += size * 1.36
        y += size * 0.62
    return y


def arrow(page: Page, start: Point, end: Point, color: tuple[float, ...], width: float = 2.2) -> None:
    """A straight arrow."""
    along = (end - start) / abs(end - start)
    across, neck = Point(-along.y, along.x), end - along * (4 * width)
    page.draw_line(start, neck, color=color, width=width)
    head = [end, neck + across * (1.9 * width), neck - across * (1.9 * width)]
    page.draw_polyline(head, color=color, fill=color, closePath=True, width=0.1)


def framed_page(document: pymupdf.Document, section: str, number: int) -> Page:
    """An empty page with the header and footer every slide but the first carries."""
    page: Page = document.new_page(width=WIDTH_PT, height=HEIGHT_PT)
    page.draw_rect(Rect(0, 0, WIDTH_PT, 30), color=None, fill=BLUE)
    write(page, LEFT_PT, 19.5, f"Wind power · {section}", size=10.5, color=WHITE)
    page.draw_line(Point(LEFT_PT, 381), Point(RIGHT_PT, 381), color=PALE, width=1)
    write(page, LEFT_PT, 394, "Sample course", size=9.5, color=MUTED)
    label = f"{number} / {LAST_NUMBER}"
    write(page, RIGHT_PT - FONTS["helv"].text_length(label, 9.5), 394, label, size=9.5, color=MUTED)
    return page


def heading(page: Page, text: str) -> None:
    """The slide's title."""
    write(page, LEFT_PT, 70, text, size=25, font="hebo", color=BLUE)


def rotor(page: Page, hub: Point, radius: float, turn_deg: float, color: tuple[float, ...]) -> None:
    """Three tapered blades about a hub."""
    for blade in range(3):
        angle = math.radians(turn_deg + 120 * blade)
        along = Point(math.sin(angle), -math.cos(angle))
        across = Point(-along.y, along.x)
        tip, thick = hub + along * radius, hub + along * (radius * 0.22)
        outline = [hub + across * 2, thick + across * (radius * 0.07), tip, thick - across * 1.5, hub - across * 2]
        page.draw_polyline(outline, color=color, fill=color, closePath=True, width=0.3)
    page.draw_circle(hub, radius * 0.055, color=color, fill=color)


def title_page(document: pymupdf.Document) -> None:
    page = document.new_page(width=WIDTH_PT, height=HEIGHT_PT)
    page.draw_rect(page.rect, color=None, fill=BLUE)
    page.draw_rect(Rect(0, 352, WIDTH_PT, HEIGHT_PT), color=None, fill=TEAL)
    for x, base, radius, turn in ((545.0, 352.0, 88.0, 12.0), (655.0, 352.0, 50.0, 0.0)):
        hub = Point(x, base - radius * 1.75)
        page.draw_line(Point(x, base), hub, color=PALE, width=radius / 16)
        rotor(page, hub, radius, turn, PALE)
    write(page, LEFT_PT, 150, "How a wind turbine", size=38, font="hebo", color=WHITE)
    write(page, LEFT_PT, 196, "makes power", size=38, font="hebo", color=WHITE)
    write(page, LEFT_PT, 236, "From moving air to electricity", size=19, color=PALE)
    write(page, LEFT_PT, 384, "Sample course · Wind power, lecture 1", size=14, color=WHITE)


def air_page(page: Page) -> None:
    heading(page, "Moving air carries energy")
    points = [
        "Air has mass: at sea level one cubic metre weighs about 1.2 kg.",
        "A mass that moves has kinetic energy, and a rotor can take some of it away.",
        "What counts is the air that passes through the circle the blades sweep, every second.",
    ]
    y = bullets(page, 112, points)
    box = Rect(LEFT_PT + 20, y + 2, LEFT_PT + 330, y + 66)
    page.draw_rect(box, color=TEAL, fill=PALE, width=1)
    centre(page, (box.x0 + box.x1) / 2, box.y0 + 28, "cylinder of air, as long as the wind", size=14)
    centre(page, (box.x0 + box.x1) / 2, box.y0 + 47, "travels in one second", size=14)
    for lift in (14, 33, 52):
        arrow(page, Point(box.x1 + 12, box.y0 + lift), Point(box.x1 + 62, box.y0 + lift), TEAL)
    rotor(page, Point(box.x1 + 132, box.y0 + 36), 54, 15, BLUE)
    write(page, box.x1 + 188, box.y0 + 42, "rotor", size=14, color=MUTED)


def formula_page(page: Page) -> None:
    heading(page, "The power in the wind")
    page.draw_rect(Rect(LEFT_PT, 92, RIGHT_PT, 158), color=None, fill=PALE)
    x = write(page, 262, 134, "P", size=32, font="tiit")
    x = write(page, x, 134, " = ½ ", size=32, font="tiro")
    x = write(page, x, 134, "ρ A v", size=32, font="tiit")
    write(page, x, 134, "³", size=32, font="tiro")
    symbols = (
        ("P", "power in the wind, in watts"),
        ("ρ", "density of the air, about 1.225 kg/m³"),
        ("A", "area the blades sweep, in m²"),
        ("v", "speed of the wind, in m/s"),
    )
    for row, (symbol, meaning) in enumerate(symbols):
        write(page, LEFT_PT + 20, 188 + 24 * row, symbol, size=18, font="tiit")
        write(page, LEFT_PT + 46, 188 + 24 * row, meaning, size=16)
    points = [
        "The speed enters cubed: twice the wind speed brings eight times the power.",
        "Example: a rotor 100 m across in wind of 12 m/s meets 8.3 MW.",
    ]
    bullets(page, 294, points)


def betz_page(page: Page) -> None:
    heading(page, "The Betz limit: nobody gets it all")
    points = [
        "A rotor that stopped the air would block the air behind it, so some speed must be left.",
        "The best possible rotor slows the wind to one third and takes 16/27 of its power.",
        "Good modern turbines reach about three quarters of that limit.",
    ]
    bullets(page, 112, points, width_pt=330, size=16)
    bars = (("in the wind", 100.0, MUTED), ("Betz limit", 59.3, TEAL), ("good turbine", 45.0, ORANGE))
    page.draw_line(Point(410, 330), Point(672, 330), color=INK, width=1)
    for index, (name, percent, color) in enumerate(bars):
        x, top = 424 + 86 * index, 330 - 2.0 * percent
        page.draw_rect(Rect(x, top, x + 56, 330), color=None, fill=color)
        centre(page, x + 28, top - 7, f"{percent:g} %", size=14, font="hebo", color=color)
        centre(page, x + 28, 347, name, size=12.5)
    centre(page, 538, 368, "share of the wind's power", size=12, font="heit", color=MUTED)


def blade_page_first(page: Page) -> None:
    heading(page, "Why the blade turns: lift, not push")
    points = [
        "A blade is shaped like an aircraft wing.",
        "Air runs faster over the curved side, and the pressure there is lower.",
    ]
    bullets(page, 112, points, width_pt=330)
    nose, tail = Point(452, 226), Point(668, 246)
    shape = page.new_shape()
    shape.draw_bezier(nose, Point(452, 178), Point(560, 164), tail)
    shape.draw_bezier(tail, Point(590, 226), Point(452, 262), nose)
    shape.finish(color=BLUE, fill=PALE, width=2, closePath=True)
    shape.commit()
    for y in (198, 222, 246):
        arrow(page, Point(400, y), Point(438, y), TEAL)
    write(page, 396, 270, "air flow", size=13, color=TEAL)
    write(page, 488, 222, "blade, cut across", size=12, color=BLUE)


def blade_page_second(page: Page) -> None:
    blade_page_first(page)
    bullets(page, 213, ["The difference is lift. It pulls the blade round the hub, and the shaft turns."], width_pt=330)
    arrow(page, Point(530, 182), Point(518, 108), ORANGE, width=3)
    write(page, 536, 132, "lift", size=16, font="hebo", color=ORANGE)


def curve_page(page: Page) -> None:
    heading(page, "The power curve of a 3 MW turbine")
    x0, y0, per_speed, per_mw = 84.0, 338.0, 13.0, 70.0

    def at(speed: float, megawatts: float) -> Point:
        return Point(x0 + per_speed * speed, y0 - per_mw * megawatts)

    for megawatts in range(4):
        page.draw_line(at(0, megawatts), at(30, megawatts), color=PALE if megawatts else INK, width=1)
        write(page, x0 - 16, at(0, megawatts).y + 4, str(megawatts), size=12, color=MUTED)
    for speed in range(0, 31, 5):
        centre(page, at(speed, 0).x, y0 + 16, str(speed), color=MUTED)
    centre(page, at(15, 0).x, y0 + 33, "wind speed in m/s", color=MUTED)
    write(page, 48, 112, "power in MW", size=12, color=MUTED)
    rise = [at(v / 2, 3 * ((v / 2) ** 3 - 27) / (12**3 - 27)) for v in range(6, 25)]
    curve = [at(0, 0), *rise, at(25, 3), at(25, 0), at(30, 0)]
    page.draw_polyline(curve, color=TEAL, width=3)
    for speed, megawatts, name in ((3, 0, "starts"), (12, 3, "full power"), (25, 3, "stops")):
        page.draw_circle(at(speed, megawatts), 4, color=ORANGE, fill=ORANGE)
        centre(page, at(speed, megawatts).x, at(speed, megawatts).y - 10, name, size=12, font="hebo", color=ORANGE)
    notes = (
        ("Below 3 m/s", "the rotor stands still"),
        ("3 to 12 m/s", "power climbs steeply"),
        ("12 to 25 m/s", "blades turn aside"),
        ("Above 25 m/s", "stops to save itself"),
    )
    for row, (speeds, what) in enumerate(notes):
        write(page, 500, 128 + 56 * row, speeds, size=15, font="hebo", color=BLUE)
        for extra, line in enumerate(wrap(what, 176, 14)):
            write(page, 500, 146 + 56 * row + 17 * extra, line, size=14)


TABLE = (
    ("", "Onshore", "Fixed offshore", "Floating"),
    ("Stands on", "land", "sea bed to 60 m", "sea over 60 m deep"),
    ("Held by", "concrete slab", "steel pile", "floater and anchors"),
    ("One turbine", "3 to 6 MW", "8 to 15 MW", "8 to 15 MW"),
    ("Capacity factor", "25 to 45 %", "40 to 50 %", "45 to 55 %"),
    ("Repairs", "by road any day", "by ship in calm sea", "towed to harbour"),
)


def table_page(page: Page) -> None:
    heading(page, "Table: three kinds of wind farm compared")
    sentence = (
        "This table compares onshore, fixed offshore and floating wind farms: where they stand, what holds them, "
    )
    sentence += "how large a turbine is, how much it yields and how it is repaired."
    for row, line in enumerate(wrap(sentence, 620, 15)):
        write(page, LEFT_PT, 98 + 20 * row, line, size=15)
    edges, top, height = (48.0, 174.0, 332.0, 502.0, 672.0), 134.0, 32.0
    for row, cells in enumerate(TABLE):
        y = top + height * row
        for column, text in enumerate(cells):
            cell = Rect(edges[column], y, edges[column + 1], y + height)
            page.draw_rect(cell, color=MUTED, fill=BLUE if row == 0 else PALE if column == 0 else WHITE, width=0.7)
            bold, color = row == 0 or column == 0, WHITE if row == 0 else INK
            write(page, cell.x0 + 9, y + 21, text, size=14, font="hebo" if bold else "helv", color=color)
    note = "Capacity factor: a year's real output as a share of full power all year."
    write(page, LEFT_PT, 352, note, size=12.5, font="heit", color=MUTED)


def summary_page(page: Page) -> None:
    heading(page, "What to remember")
    points = [
        "Wind speed is what matters most: power grows with its cube.",
        "No rotor can take more than 59.3 % of the power in the wind.",
        "Lift turns the blades; the generator makes electricity of it.",
        "A turbine gives full power only in a band of wind speeds.",
        "At sea the wind is stronger and steadier, and repairs are harder.",
    ]
    bullets(page, 116, points, size=18)


if __name__ == "__main__":
    (Path(sys.argv[1]) if len(sys.argv) > 1 else OUT).write_bytes(make_deck())
