"""Files found by the former layout: decks by their hash, recordings by their place, missing ones named."""

import hashlib

from pipelines.adoption.files import take_files
from pipelines.adoption.former import open_former
from pipelines.core.stores import Stores

DECK, BROKEN = "b1cce027-e9be-4996-b06a-13a20eb96eaf", "5b29c7e3-5677-45be-a096-7282a0ddde70"
TALK = "a41d94e5-e901-4ebd-8993-14b9b0e35f30"


def test_files_come_by_their_former_names_once_and_nothing_is_asked_to_be_made(deployment, tmp_path):
    here, root = deployment("f1"), tmp_path / "storage"
    for folder in ("documents", "audio"):
        (root / folder).mkdir(parents=True)
    (root / f"documents/{DECK}.pdf").write_bytes(b"%PDF the deck")
    (root / f"documents/{BROKEN}.pdf").write_bytes(b"other bytes")
    (root / f"audio/{TALK}.m4a").write_bytes(b"sound")
    (root / "documents/108cc567-1778-49f8-a846-a702722dc676.pdf").touch()
    (tmp_path / "secret").write_bytes(b"elsewhere")
    digest = hashlib.sha256(b"%PDF the deck").hexdigest()
    here.run(
        f"update documents set checksum = '{digest}' where id = '{DECK}'",  # noqa: S608
        "update documents set storage_key = '../secret' where filename = 'hand entered.pdf'",
    )
    here.adopt()
    with Stores.open(here.settings()) as stores:
        for taken in (2, 0):
            with open_former(here.url, stores.database.schemas) as former:
                found = take_files(stores.database, stores.files, former, root)
            assert (found.taken, found.other) == (taken, [f"documents/{BROKEN}.pdf"])
            assert "../secret" in found.missing
        assert stores.files.has(digest)
    assert here.rows(f"select sha256 from documents where id = '{DECK}'") == [(digest,)]  # noqa: S608
    assert here.rows("select count(*) from lectures where media_sha256 is not null") == [(1,)]
    waiting = "select count(*) from documents where requested_generation is distinct from generation"
    assert here.rows(waiting) == [(0,)]
    assert not here.verify().differences
    assert not here.adopt().changes
