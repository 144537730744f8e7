"""Dagster's questions about its schema: asked until the answer is yes, whoever in this process asks."""

import sqlalchemy

from pipelines.runtime.engines import asked_once, engine_of


@asked_once("has_table")
class Storage:
    def __init__(self, engine):
        self._engine, self.asked = engine, []

    def has_table(self, name):
        self.asked.append(name)
        return sqlalchemy.inspect(self._engine).has_table(name)


def test_a_no_is_asked_again_and_a_yes_is_not(database_url):
    engine = engine_of(database_url.replace("postgresql://", "postgresql+psycopg2://", 1))
    first, second = Storage(engine), Storage(engine)
    assert [first.has_table("later") for _ in range(2)] == [False, False]
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("create table later ()"))
    assert [first.has_table("later"), first.has_table("later"), second.has_table("later")] == [True] * 3
    assert not second.has_table("never")
    assert (first.asked, second.asked) == (["later"] * 3, ["never"])


def test_the_storages_of_a_process_share_their_connections(database_url):
    url = database_url.replace("postgresql://", "postgresql+psycopg2://", 1)
    assert engine_of(url) is engine_of(url)
    assert engine_of(url) is not engine_of(url.replace("test_", "other_"))
