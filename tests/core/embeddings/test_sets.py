"""Sets by name: what may be added, which one a course is searched in, and that a pointer moves whole or not at all."""

import threading
from uuid import uuid4

import pytest
from pydantic import SecretStr

from pipelines.core.courses import delete_course, ensure_course
from pipelines.core.embeddings.building import build_set
from pipelines.core.embeddings.embedders import settings_of
from pipelines.core.embeddings.pointers import course_set, point, roll_back
from pipelines.core.embeddings.sets import add_set, building, find_set, list_course_sets, list_sets, retire_set
from pipelines.core.errors import EmbeddingMismatchError, NotFoundError, PermanentError, TransientError
from pipelines.core.postgres import Database
from pipelines.core.records import OPERATOR, Scope
from pipelines.core.retrieval import retrieve_chunks
from pipelines.core.settings import Settings
from pipelines.core.statements import statement
from tests.core.conftest import EMBED
from tests.embedders import WordsEmbedder

OTHER = WordsEmbedder(model="fake/other", dims=32)


@pytest.fixture
def place(database, deck):
    """A course with a deck in the set of the settings, and a set beside it whose vectors are not made yet."""
    deck("a.pdf", "momentum of a ball", "learning rates")
    with database.transaction() as connection:
        add_set(connection, "beside", model=OTHER.model, dims=OTHER.dims)
        return ensure_course(connection, "c")


def move(database, course, name):
    with database.transaction() as connection:
        point(connection, course, find_set(connection, name), compared=course_set(connection, course.id))


def build(database, course, name="beside", embed=OTHER):
    with database.transaction() as connection:
        known = find_set(connection, name)
    return build_set(database, known, embed, course)


def live(database, course):
    with database.transaction() as connection:
        return course_set(connection, course.id).name


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"name": "a b"}, "A set's name has"),
        ({"name": ""}, "A set's name has"),
        ({"model": " "}, "Name the model"),
        ({"dims": 0}, "1 to 4000 dimensions"),
        ({"dims": 4001}, "1 to 4000 dimensions"),
        ({"model": "local/all-MiniLM-L6-v2-int8"}, "makes vectors of 384 dimensions, not 8"),
        ({"model": "local/use-multilingual-v3", "dims": 512, "base_url": "http://h/v1"}, "leave the URL out"),
        ({"base_url": "ftp://h/v1"}, "no http or https URL"),
        ({"base_url": "h/v1"}, "no http or https URL"),
        ({"text": "backwards"}, "There is no text backwards; there are: context, alone"),
        ({"chunker": "by-paragraph"}, "There is no chunker by-paragraph; there are: standard"),
    ],
)
def test_a_set_that_cannot_be_is_refused_by_what_is_wrong_with_it(database, changed, reason):
    with database.transaction() as connection:
        with pytest.raises(PermanentError, match=reason):
            add_set(connection, **{"name": "n", "model": "m", "dims": 8, **changed})
        assert list_sets(connection) == []


def test_a_set_never_changes_so_its_name_is_taken_for_good(database, place):
    with database.transaction() as connection:
        for dims in (OTHER.dims, 8):
            with pytest.raises(PermanentError, match="a set never changes"):
                add_set(connection, "beside", model=OTHER.model, dims=dims)
        retire_set(connection, "beside")
        with pytest.raises(PermanentError, match="already, or was"):
            add_set(connection, "beside", model="m", dims=8)
        with pytest.raises(PermanentError, match="was retired"):
            find_set(connection, "beside")
        with pytest.raises(NotFoundError, match=r"no embedding set called nothing; there are: fake/words:64"):
            find_set(connection, "nothing")


def test_a_set_is_built_beside_the_live_one_which_alone_is_searched(database, place):
    scope = Scope(course_id=place.id, person=OPERATOR)
    before = retrieve_chunks(database, "momentum", scope=scope, embed=EMBED)
    built = build(database, place)
    assert (built.made, built.chunks) == (2, 2)
    assert build(database, place).made == 0
    assert retrieve_chunks(database, "momentum", scope=scope, embed=EMBED) == before
    with database.transaction() as connection:
        rows = [(row.name, row.live, row.vectors, row.chunks) for row in list_course_sets(connection, place.id)]
    assert rows == [("fake/words:64", True, 2, 2), ("beside", False, 2, 2)]


def test_a_set_embeds_the_text_it_was_added_with(database, place):
    with database.transaction() as connection:
        connection.execute("update ai.slide_chunks_knowledge set context = 'Mechanics'")
        add_set(connection, "alone", model=OTHER.model, dims=OTHER.dims, text="alone")
    seen = {}
    for name in ("beside", "alone"):
        embed = WordsEmbedder(model=OTHER.model, dims=OTHER.dims)
        build(database, place, name, embed)
        seen[name] = embed.embedded[0]
    assert seen == {"beside": "Mechanics\nmomentum of a ball", "alone": "momentum of a ball"}


def test_a_search_stays_in_the_set_it_began_in_whatever_goes_live_meanwhile(database, place):
    build(database, place)
    with database.transaction() as connection:
        begun = course_set(connection, place.id)
    move(database, place, "beside")
    pinned = Scope(course_id=place.id, person=OPERATOR, set_id=begun.id)
    assert retrieve_chunks(database, "momentum", scope=pinned, embed=EMBED)[0].dense_rank == 1
    with pytest.raises(EmbeddingMismatchError, match="fake/other"):
        retrieve_chunks(database, "momentum", scope=Scope(course_id=place.id, person=OPERATOR), embed=EMBED)
    now = Scope(course_id=place.id, person=OPERATOR)
    assert retrieve_chunks(database, "momentum", scope=now, embed=OTHER)[0].dense_rank == 1


def test_only_the_course_that_was_promoted_is_searched_in_the_other_set(database, place):
    build(database, place)
    move(database, place, "beside")
    with database.transaction() as connection:
        other = ensure_course(connection, "another")
    assert (live(database, place), live(database, other)) == ("beside", "fake/words:64")


def test_a_rollback_goes_back_once_and_then_has_nothing_to_go_back_to(database, place):
    with database.transaction() as connection, pytest.raises(PermanentError, match="nothing to roll back to"):
        roll_back(connection, place)
    build(database, place)
    move(database, place, "beside")
    with database.transaction() as connection:
        assert roll_back(connection, place).name == "fake/words:64"
    assert live(database, place) == "fake/words:64"
    with database.transaction() as connection, pytest.raises(PermanentError, match="nothing to roll back to"):
        roll_back(connection, place)


def test_a_set_without_every_vector_does_not_go_live_and_none_is_rolled_back_to(database, place, deck):
    with pytest.raises(PermanentError, match="lacks vectors of 2 of c's 2 chunks"):
        move(database, place, "beside")
    build(database, place)
    move(database, place, "beside")
    with database.transaction() as connection:
        add_set(connection, "third", model="m", dims=OTHER.dims)
    build(database, place, "third")
    move(database, place, "third")
    deck("b.pdf", "a slide that came later")
    with database.transaction() as connection, pytest.raises(PermanentError, match="beside lacks vectors of 1 of"):
        roll_back(connection, place)
    assert live(database, place) == "third"


def test_the_live_set_is_not_retired_and_a_retired_one_is_not_rolled_back_to(database, place):
    with database.transaction() as connection, pytest.raises(PermanentError, match="is live for all courses"):
        retire_set(connection, "fake/words:64")
    build(database, place)
    move(database, place, "beside")
    with database.transaction() as connection, pytest.raises(PermanentError, match="beside is live for c: promote"):
        retire_set(connection, "beside")
    with database.transaction() as connection:
        add_set(connection, "third", model="m", dims=OTHER.dims)
    build(database, place, "third")
    move(database, place, "third")
    with database.transaction() as connection:
        gone = retire_set(connection, "beside")
        left = connection.execute("select count(*) from ai.chunk_embeddings where set_id = %s", [gone.id]).fetchone()
        assert left == (0,)
    with database.transaction() as connection, pytest.raises(PermanentError, match="beside was retired"):
        roll_back(connection, place)
    assert live(database, place) == "third"


def test_while_a_set_is_built_it_is_neither_promoted_nor_retired(database, place):
    build(database, place)
    with database.transaction() as connection:
        known = find_set(connection, "beside")
    with building(database, known):
        with pytest.raises(PermanentError, match="is being built now"):
            move(database, place, "beside")
        with database.transaction() as connection, pytest.raises(PermanentError, match="is being built now"):
            retire_set(connection, "beside")
        with building(database, known):
            pass  # two builds do not disturb each other
    move(database, place, "beside")


def test_a_set_is_retired_while_another_is_built(database, place):
    with database.transaction() as connection:
        add_set(connection, "third", model="m", dims=OTHER.dims)
        known = find_set(connection, "beside")
    with building(database, known), database.transaction() as connection:
        retire_set(connection, "third")


def test_a_table_that_is_held_is_not_waited_for_and_nothing_is_retired(database, place):
    with database.transaction() as holding:
        holding.execute("lock table ai.chunk_embeddings in access share mode")
        with database.transaction() as connection, pytest.raises(TransientError, match="in use"):
            retire_set(connection, "beside")
    with database.transaction() as connection:
        assert find_set(connection, "beside").retired_at is None


def test_of_two_promotions_at_once_the_second_is_told_that_another_set_went_live(database_url, database, place):
    with database.transaction() as connection:
        add_set(connection, "third", model="m", dims=OTHER.dims)
        compared = course_set(connection, place.id)
    build(database, place)
    build(database, place, "third")
    outcomes, together = [], threading.Barrier(2)

    def promote(name):
        with Database(database_url) as own:
            together.wait()
            try:
                with own.transaction() as connection:
                    point(connection, place, find_set(connection, name), compared=compared)
                outcomes.append(name)
            except PermanentError as error:
                outcomes.append(error.code)

    threads = [threading.Thread(target=promote, args=[name]) for name in ("beside", "third")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "set_changed" in outcomes
    assert live(database, place) in outcomes


def test_a_course_that_is_deleted_takes_its_pointer_along_and_frees_the_set(database, place):
    build(database, place)
    move(database, place, "beside")
    with database.transaction() as connection:
        assert delete_course(connection, place.id)
    with database.transaction() as connection:
        connection.execute("delete from documents")  # as the sensor's purge
        connection.execute(statement("purge_course"), {"course_id": place.id})
        assert connection.execute("select count(*) from ai.course_sets").fetchone() == (0,)
        retire_set(connection, "beside")


def test_a_course_without_material_is_not_built(database, place):
    with database.transaction() as connection:
        empty = ensure_course(connection, "empty")
    with pytest.raises(PermanentError, match="empty has nothing to embed yet"):
        build(database, empty)


def test_what_is_deleted_while_it_is_embedded_leaves_no_vector(database, place):
    class Deleting(WordsEmbedder):
        def embed(self, texts):
            with database.transaction() as connection:
                connection.execute("delete from ai.slide_chunks_knowledge where ordinal = 1")
            return super().embed(texts)

    built = build(database, place, embed=Deleting(model=OTHER.model, dims=OTHER.dims))
    assert (built.made, built.chunks) == (1, 1)


def test_a_key_goes_to_no_other_address_than_the_one_it_was_given_for(database):
    own, models = "http://embeddings.test/v1", "http://models.test/v1"
    given = Settings(_env_file=None, model_base_url=models, model_api_key="m", embedding_base_url=own,
                     embedding_api_key="e", embedding_model="x", embedding_dims=3)  # fmt: skip
    seen = {}
    for url in (None, own, models, "http://elsewhere.test/v1"):
        with database.transaction() as connection:
            known = add_set(connection, uuid4().hex, model="y", dims=4, base_url=url)
        found = settings_of(given, known)
        assert (found.embedding_model, found.embedding_dims) == ("y", 4)
        seen[url] = (found.embedding_base_url, found.embedding_api_key, found.model_api_key)
    m, e = SecretStr("m"), SecretStr("e")
    assert seen == {
        None: (own, e, m),
        own: (own, e, m),
        models: (models, None, m),
        "http://elsewhere.test/v1": ("http://elsewhere.test/v1", None, None),
    }
