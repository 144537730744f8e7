"""Strangers' files are parsed in the bounded child: no process that holds keys loads what parses them."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PARSERS = {
    "pymupdf",
    "rapidocr",
    "PIL",
    "pipelines.steps.pdf.worker",
    "pipelines.steps.documents.office_worker",
    "pipelines.steps.archives.worker",
    "pipelines.steps.speech.subtitles_worker",
    "pipelines.steps.captions.worker",
    "pipelines.steps.captions.clean",
    "pipelines.steps.captions.cues",
}
"""PyAV is not here: a run's process writes and reads its own FLAC with it. The test sees that it opens no upload."""

READS_ONE_OF_EACH = """
import io, json, sys, tempfile
from pathlib import Path
import pipelines.definitions
from pipelines.steps.captions.reading import read_captions
from pipelines.steps.pdf.highlights import mark_passage
from pipelines.steps.pdf.slides import read_deck, render_slides
from pipelines.steps.archives.unpacking import unpack
from pipelines.steps.documents.office import find_libreoffice, office_as_pdf
from pipelines.steps.speech.recordings import extract_audio
from pipelines.steps.speech.subtitles import read_subtitles
from tests.steps.media import tone, write
from tests.steps.office_files import docx, zipped

import av
from unittest.mock import patch
deck = next(Path("sample").rglob("*.pdf"))
captions = Path(tempfile.mkdtemp()) / "a.vtt"
recording = write(captions.with_name("a.mp3"), tone(3), codec="mp3")
captions.write_text("WEBVTT\\n\\n00:00.000 --> 00:02.000\\nHello there.\\n")
archive, office = captions.with_name("a.zip"), captions.with_name("a.docx")
archive.write_bytes(zipped({"a.md": "# Hello"}))
office.write_bytes(docx(["Hello"]))
seen = []
real = av.open
with patch("av.open", lambda file, *a, **k: (seen.append(str(file)), real(file, *a, **k))[1]):
    done = {
        "slides": len(read_deck(deck).slides),
        "pictures": len(list(render_slides(deck, pages=[1]))),
        "marks": len(mark_passage(deck, page=1, passage="wind power")),
        "archive": len(list(unpack(archive, captions.parent, endings=[".md"], max_member_mb=1))),
        "office": not find_libreoffice() or office_as_pdf(office, io.BytesIO(), libreoffice=None) is None,
        "subtitles": read_subtitles(recording, file_name="a.mp3") == [],
        "captions": len(read_captions(captions, file_name="a.vtt").segments),
        "sound": extract_audio(recording, captions.with_suffix(".flac"), file_name="a.mp3", max_ms=3_600_000,
                               max_bytes=10**9).duration_ms,
    }
print(json.dumps({"done": done, "modules": sorted(sys.modules), "av": seen}))
"""


def test_no_parser_is_loaded_where_strangers_files_are_read():
    command = [sys.executable, "-c", READS_ONE_OF_EACH]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    told = json.loads(found.stdout.splitlines()[-1])
    assert all(told["done"].values()), told["done"]
    assert not PARSERS & set(told["modules"])
    assert told["av"]
    assert all(name.endswith(".flac") for name in told["av"])
