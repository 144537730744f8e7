"""What a process remembers of people: nothing past its time, and nothing that was read before the news came."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from serving.accounts import known
from serving.accounts.known import KnownPeople
from serving.accounts.people import Principal


def person():
    return Principal(user_id=uuid4(), local=False)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@given(life=st.floats(0.1, 60), left=st.none() | st.floats(-5, 100), later=st.floats(0, 200))
def test_nobody_is_known_longer_than_either_of_the_two_allows(life, left, later):
    clock = Clock()
    people, ada = KnownPeople(life, clock), person()
    people.put("secret", ada, mark=people.mark(), life_s=left)
    clock.now = later
    assert people.get("secret") == (ada if later < min(life, life if left is None else left) else None)


def test_who_changed_is_forgotten_and_nobody_else():
    people, ada, ben = KnownPeople(30), person(), person()
    for name, each in (("a1", ada), ("a2", ada), ("b", ben)):
        people.put(name, each, mark=people.mark())
    people.forget(ada.user_id)
    assert [people.get(name) for name in ("a1", "a2", "b")] == [None, None, ben]


def test_what_was_read_before_the_news_is_not_remembered():
    people, ada = KnownPeople(30), person()
    mark = people.mark()  # and now the database is asked; meanwhile somebody is suspended
    people.forget(ada.user_id)
    people.put("secret", ada, mark=mark)
    assert people.get("secret") is None


def test_the_memory_has_an_end(monkeypatch):
    monkeypatch.setattr(known, "MOST", 3)
    people = KnownPeople(30)
    for name in "abcd":
        people.put(name, person(), mark=people.mark())
    assert [people.get(name) is not None for name in "abcd"] == [False, True, True, True]


def test_no_credential_is_kept_as_it_is():
    people = KnownPeople(30)
    people.put("very secret", person(), mark=people.mark())
    assert "very secret" not in repr(vars(people))
