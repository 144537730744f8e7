"""The world of the state machine of uploads: a service, people who are new in each life, what is kept of uploads."""

from collections import Counter
from uuid import uuid4

from psycopg import sql

from pipelines.core.models.providers import embedder
from pipelines.core.stores import Stores
from tests.serving.accounts.conftest import SignedInService
from tests.serving.courses.conftest import joined
from tests.serving.materials.life_model import BEN, CLEO, PEOPLE, TEACHER, Upload

STRANGER = "stranger"
FOUND = (
    ("ai.slide_chunks_knowledge", "document_id"), ("ai.lecture_chunks_knowledge", "lecture_id"),
    ("ai.chunk_terms", "source_id"), ("ai.term_counts", "source_id"), ("ai.chunk_embeddings", "source_id"),
)  # fmt: skip
"""Where searches look: tables and their columns that name an upload."""
KEPT = (
    ("documents", "id"), ("lectures", "id"), ("slides", "document_id"), ("transcripts", "lecture_id"),
    ("transcript_segments", "lecture_id"), *FOUND,
)  # fmt: skip
"""Everything that is kept of an upload here."""


class World:
    """A service with a database of its own, and clients of three people and of somebody else."""

    def __init__(self, signed: SignedInService, stores: Stores) -> None:
        self.signed, self.stores = signed, stores
        self.embed = embedder(stores.settings)
        self.happened: Counter[str] = Counter()
        self.clients = {name: signed.program("of nobody yet") for name in (*PEOPLE, STRANGER)}

    def newcomers(self) -> str:
        """The clients are new people from now on, and have a new course; its id."""
        mark = uuid4().hex
        for name, client in self.clients.items():
            client.headers["authorization"] = f"Bearer {self.signed.issuer.mint(f'{name}-{mark}')}"
        made = self.clients[TEACHER].post("/api/courses", json={"name": "Life", "studentsAddLectures": True})
        for student in (BEN, CLEO):
            joined(self.clients[TEACHER], made.json()["id"], as_="student", who=self.clients[student])
        return made.json()["id"]

    def count(self, tables: tuple[tuple[str, str], ...], uploads: list[Upload]) -> int:
        """How many rows of these uploads the tables have."""
        each = (sql.SQL("select count(*) as n from {} where {} = any(%(ids)s::uuid[])").format(
            sql.Identifier(*table.split(".")), sql.Identifier(column)) for table, column in tables)  # fmt: skip
        query = sql.SQL("select sum(n)::integer from ({}) t").format(sql.SQL(" union all ").join(each))
        with self.stores.database.transaction() as connection:
            ((found,),) = connection.execute(query, {"ids": [each.id for each in uploads]}).fetchall()
        return found
