"""Ways to bring files to a course: a folder is dropped on the page, or files are chosen by the keyboard alone."""

from uuid import uuid4

import pytest

from tests.serving.materials.conftest import pdf, wav
from tests.serving.page.accessible import violations
from tests.serving.page.test_materials import row


@pytest.fixture
def materials(opened, quoting):
    """The materials of a course without any, opened by who teaches it."""
    course = quoting.http.post("/api/courses", json={"name": f"Course {uuid4().hex[:8]}"}).json()["id"]
    page = opened(quoting)
    page.goto(f"/courses/{course}/materials")
    page.get_by_text("No materials yet").wait_for()
    return page


def test_a_dropped_folder_brings_the_files_in_it_and_in_its_folders_and_nothing_of_the_system(materials, tmp_path):
    folder = tmp_path / "Week 1"
    (folder / "more").mkdir(parents=True)
    for name, content in {
        "slides.pdf": pdf(),
        "more/talk.wav": wav(),
        ".hidden.pdf": pdf(),
        "Thumbs.db": b"x",
        "~$slides.pdf": b"x",
    }.items():
        (folder / name).write_bytes(content)
    driver = materials.context.new_cdp_session(materials)

    def drag(kind):
        where = {"type": kind, "x": 600, "y": 400}
        held = {"items": [], "files": [str(folder), str(folder / "slides.pdf")], "dragOperationsMask": 1}
        driver.send("Input.dispatchDragEvent", {**where, "data": held})

    drag("dragEnter")
    drag("dragOver")
    invited = materials.get_by_text("Drop the files or folders here")
    invited.wait_for()
    drag("drop")
    for name in ("slides.pdf", "talk.wav"):
        row(materials, name).get_by_text("Waiting").first.wait_for()
    invited.wait_for(state="detached")
    shown = materials.get_by_role("main").inner_text()
    assert not [name for name in ("hidden", "Thumbs", "~$") if name in shown]


def test_files_are_uploaded_published_and_looked_at_by_the_keyboard_alone(materials):
    focused = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.labels?.[0]?.innerText ?? ''"

    def tab_to(name):
        for _ in range(40):
            if materials.evaluate(focused).strip() == name:
                return
            materials.keyboard.press("Tab")
        raise AssertionError(f"Tab does not come to {name}")

    # Who listens first has the browser ask before it opens one; from then on it takes effect at once.
    materials.on("filechooser", lambda _: None)
    tab_to("New files")
    materials.keyboard.press("ArrowDown")
    tab_to("Upload files")
    with materials.expect_event("filechooser") as chooser:
        materials.keyboard.press("Enter")
    content = {"mimeType": "application/pdf", "buffer": pdf()}
    chooser.value.set_files([{"name": "first.pdf", **content}])
    row(materials, "first.pdf").get_by_text("Only you see it").wait_for()
    tab_to("More")
    materials.keyboard.press("Enter")
    assert violations(materials) == []
    for _ in range(9):
        if materials.evaluate("document.activeElement.innerText").strip() == "Publish":
            break
        materials.keyboard.press("ArrowDown")
    materials.keyboard.press("Enter")
    row(materials, "first.pdf").get_by_text("Only you see it").wait_for(state="detached")
    assert materials.evaluate(focused) == "More", "the focus is where it was"
