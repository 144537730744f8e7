"""Partition keys: readable, unique, never changed, and safe in Dagster whatever a file is called."""

from uuid import uuid4

import pytest
from dagster import DynamicPartitionsDefinition, instance_for_test
from hypothesis import given
from hypothesis import strategies as st

from pipelines.core.courses import ensure_course
from pipelines.core.errors import SupersededError
from pipelines.core.lectures import put_lecture
from pipelines.core.partitions import partition_keys, partition_upload


def put(connection, name, sha="a", course="Optimisation", **more):
    lecture, _ = put_lecture(
        connection, course_id=ensure_course(connection, course).id, title=name, file_name=name,
        source_name=more.pop("source_name", name), byte_count=1, captions_sha256=sha * 64, captions_name=name, **more,
    )  # fmt: skip
    return lecture


def test_a_key_names_course_and_file_and_finds_the_upload(database):
    with database.transaction() as connection:
        lecture = put(connection, "Woche 1 – Einführung.vtt")
        key = partition_keys(connection, [lecture.id])[lecture.id]
        assert key == f"Optimisation / Woche 1 – Einführung.vtt ({str(lecture.id)[:8]})"
        assert partition_upload(connection, key) == lecture.id


def test_files_of_one_name_have_keys_of_their_own(database):
    with database.transaction() as connection:
        one = put(connection, "week1.vtt", source_name="a/week1.vtt")
        other = put(connection, "week1.vtt", sha="b", source_name="b/week1.vtt")
        assert len(set(partition_keys(connection, [one.id, other.id]).values())) == 2


def test_another_name_or_another_upload_leaves_the_key(database):
    with database.transaction() as connection:
        lecture = put(connection, "week1.vtt")
        before = partition_keys(connection, [lecture.id])
        put(connection, "week1.vtt", sha="b")
        connection.execute("update lectures set file_name = 'other.vtt', source_name = 'other.vtt'")
        connection.execute("update courses set name = 'Other'")
        assert partition_keys(connection, [lecture.id]) == before


def test_a_key_nobody_has_is_a_deleted_upload(database):
    with database.transaction() as connection:
        with pytest.raises(SupersededError, match="was deleted"):
            partition_upload(connection, "Optimisation / gone.pdf (00000000)")
        assert partition_keys(connection, [uuid4()]) == {}


def test_any_name_makes_a_key_that_dagster_takes_and_a_terminal_shows(database):
    definition = DynamicPartitionsDefinition(name="uploads")
    text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200)
    with instance_for_test() as instance, database.transaction() as connection:

        @given(course=text, file=text)
        def check(course: str, file: str) -> None:
            row = connection.execute("select partition_key(%s, %s, %s)", [course, file, uuid4()]).fetchone()
            assert row is not None
            key = row[0]
            instance.add_dynamic_partitions("uploads", [key])
            assert definition.has_partition_key(key, dynamic_partitions_store=instance)
            assert key.isprintable() or not any(ord(sign) < 32 or sign in "\u202e\u2066\u200b\x7f" for sign in key)
            assert not set(key) & set('"*,|[]\\') and "..." not in key

        check()
