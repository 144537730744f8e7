"""Materials that questions may be about: the files of a course, as whoever evaluates it sees them."""

from pipelines.core.postgres import Database
from pipelines.core.records import Scope
from pipelines.core.statements import statement


def list_material_files(db: Database, scope: Scope) -> frozenset[str]:
    """Base names of every deck and lecture that the scope's person searches in its course, processed yet or not."""
    with db.transaction(as_person=scope.person) as connection:
        parameters = {"course_id": scope.course_id, "person_id": scope.person.id}
        rows = connection.execute(statement("list_material_files"), parameters)
        return frozenset(row[0] for row in rows)
