"""Who is near whom: the same there and here, or the comparison says of whom it is not."""

# ruff: noqa: S608  statements of tests, with keys of theirs

from uuid import UUID

from pipelines.adoption.neighbours import NEAREST, TOLERANCE, same

KEYS = [UUID(int=number) for number in range(NEAREST + 2)]


def near(*far):
    return list(zip(KEYS, far, strict=False))


def test_a_vector_that_was_damaged_here_is_told_by_who_is_near_and_nothing_else_is(deployment):
    here = deployment("f1")
    here.adopt()
    assert not here.verify().differences
    (lowest,) = here.rows("select chunk_id from chunk_embeddings order by chunk_id limit 1")[0]
    here.run(
        f"update studybuddy_ai.chunk_embeddings set embedding = embedding * (select array_agg(-1)::halfvec"
        f" from generate_series(1, 512)) where chunk_id = '{lowest}'"
    )
    found = here.verify()
    assert found.differences["other neighbours"] >= 1
    assert f"other neighbours: passage {lowest}" in found.examples


def test_who_is_as_near_as_the_last_may_be_another_and_who_is_nearer_may_not():
    there = near(0.0, 0.1, 0.2, 0.3, 0.4)
    rounded = [*there[:-1], (KEYS[5], 0.4 + TOLERANCE / 2)]
    assert same(there, rounded)
    assert not same(there, [*there[1:], (KEYS[5], 0.5)]), "its nearest is missing"
    assert not same([*there[1:], (KEYS[5], 0.5)], there), "somebody is nearer than there"
    assert not same(there, there[:3]), "fewer are here"
    assert same(there[:2], there[:2])
