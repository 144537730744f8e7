"""Who pays: their own key first, the operator only where they say so; a key opens in its own row alone."""

from hashlib import sha256
from uuid import uuid4

import pytest
from pydantic import SecretStr

from pipelines.core.courses import ensure_course
from pipelines.core.errors import AddressRefusedError, KeyMissingError, ProviderRefusedError
from pipelines.core.lectures import put_lecture
from pipelines.core.models.keys import delete_model_key, find_model_key, put_model_key, set_key_rejected
from pipelines.core.models.ledger import Caps
from pipelines.core.models.meter import Meter, Used
from pipelines.core.models.payers import (
    AUTOMATIC,
    NOBODY,
    allowed_base_url,
    find_means,
    payer_of_answers,
    payer_of_pictures,
    payer_of_vectors,
)
from pipelines.core.records import Person
from pipelines.core.secrets.crypto import Sealer
from pipelines.core.uploads import LECTURE, begin_run, fail_upload, list_unrequested

KEY = "sk-or-v1-" + "0123456789abcdef" * 4
SEALER = Sealer(b"k" * 32)


@pytest.fixture
def person(database):
    with database.transaction() as connection:
        return _person(connection, "ada")


def _person(connection, name):
    made = connection.execute("insert into users (issuer, subject) values ('i', %s) returning id", [name]).fetchone()
    return made[0]


def connect(database, person, *, key=KEY, sealer=SEALER, base_url=None):
    with database.transaction(as_person=Person(id=person)) as connection:
        put_model_key(
            connection, person, SecretStr(key), provider="openrouter" if base_url is None else "compatible",
            base_url=base_url, label="sk-or-...", sealer=sealer,
        )  # fmt: skip


def means_of(database, person):
    with database.transaction(as_person=Person(id=person)) as connection:
        return find_means(connection, person)


def test_their_own_key_pays_and_nobody_elses(database, person, settings):
    chat = settings.model_copy(update={"chat_model": "m", "vision_model": "v", "embedding_model": "e"})
    for choose in (payer_of_answers, payer_of_pictures, payer_of_vectors):
        with pytest.raises(KeyMissingError):
            choose(means_of(database, person), chat, SEALER)
    connect(database, person)
    for choose, model in ((payer_of_answers, "m"), (payer_of_pictures, "v"), (payer_of_vectors, "e")):
        payer = choose(means_of(database, person), chat, SEALER)
        assert (payer.key.get_secret_value(), payer.model) == (KEY, model)
        assert payer.base_url == "https://openrouter.ai/api/v1" and KEY not in repr(payer)
        with pytest.raises(KeyMissingError):
            choose(NOBODY, chat, SEALER)
    with database.transaction() as connection:
        other = _person(connection, "ben")
    with pytest.raises(KeyMissingError):
        payer_of_answers(means_of(database, other), chat, SEALER)


def test_the_operator_pays_only_where_they_say_so(database, person, settings):
    server = settings.model_copy(update={"model_base_url": "http://127.0.0.1:1/v1", "chat_model": "m"})
    fallback = settings.model_copy(update={"openrouter_api_key": SecretStr("theirs"), "chat_model": "m"})
    for paying, url in ((server, "http://127.0.0.1:1/v1"), (fallback, "https://openrouter.ai/api/v1")):
        payer = payer_of_answers(means_of(database, person), paying, SEALER)
        assert (payer.key_id, payer.base_url, payer.person_id) == (None, url, person)
    connect(database, person)
    assert payer_of_answers(means_of(database, person), fallback, SEALER).key_id is not None
    assert payer_of_answers(means_of(database, person), server, SEALER).key_id is None, "its model is not OpenRouter's"
    with database.transaction() as connection:
        connection.execute("update users set chat_model = 'mine' where id = %s", [person])
    payer = payer_of_answers(means_of(database, person), server, SEALER)
    assert payer.key_id is not None and payer.model == "mine"


def test_without_any_model_nobody_is_asked_until_somebody_connects(database, person, settings):
    assert payer_of_answers(means_of(database, person), settings, SEALER) is None
    assert payer_of_pictures(means_of(database, person), settings, SEALER) is None
    connect(database, person)
    assert payer_of_answers(means_of(database, person), settings, SEALER).model == AUTOMATIC
    assert payer_of_pictures(means_of(database, person), settings, SEALER) is None


def test_a_key_does_not_open_in_another_row(database, person, settings):
    chat = settings.model_copy(update={"chat_model": "m"})
    connect(database, person)
    with database.transaction() as connection:
        other = _person(connection, "ben")
    connect(database, other, key="another")
    with database.transaction() as connection:
        connection.execute(
            "update model_keys m set sealed = (select sealed from model_keys where user_id = %s) where user_id = %s",
            [person, other],
        )
    with pytest.raises(KeyMissingError):
        payer_of_answers(means_of(database, other), chat, SEALER)
    for change in ("provider = 'compatible', base_url = 'https://x.example/v1'", "id = gen_random_uuid()",
                   "sealed = set_byte(sealed, length(sealed) - 1, get_byte(sealed, length(sealed) - 1) # 1)",
                   "sealed = set_byte(sealed, 3, get_byte(sealed, 3) # 1)", "sealed = ''"):  # fmt: skip
        connect(database, person)
        with database.transaction() as connection:
            connection.execute(f"update model_keys set {change} where user_id = %s", [person])  # noqa: S608
        with pytest.raises(KeyMissingError):
            payer_of_answers(means_of(database, person), chat, SEALER)


def test_a_lost_master_key_is_a_key_to_connect_again(database, person, settings):
    connect(database, person, sealer=Sealer(b"l" * 32))
    with database.transaction() as connection:
        assert find_model_key(connection, person, sealer=SEALER).secret is None
    with pytest.raises(KeyMissingError):
        payer_of_answers(means_of(database, person), settings.model_copy(update={"chat_model": "m"}), SEALER)
    connect(database, person)
    with database.transaction() as connection:
        assert find_model_key(connection, person, sealer=SEALER).secret.get_secret_value() == KEY


def test_a_person_has_one_key_and_sees_nobody_elses(database, person):
    connect(database, person)
    connect(database, person, key="second")
    with database.transaction() as connection:
        other = _person(connection, "ben")
        assert find_model_key(connection, person, sealer=SEALER).secret.get_secret_value() == "second"
    with database.transaction(as_person=Person(id=other)) as connection:
        assert find_model_key(connection, person, sealer=SEALER) is None
        assert not delete_model_key(connection, person, "openrouter")
    with database.transaction(as_person=Person(id=person)) as connection:
        assert not delete_model_key(connection, person, "compatible")
        assert delete_model_key(connection, person, "openrouter")
        assert find_model_key(connection, person, sealer=SEALER) is None


def test_a_refused_key_is_not_sent_again(database, person, settings):
    chat = settings.model_copy(update={"chat_model": "m"})
    connect(database, person)
    payer = payer_of_answers(means_of(database, person), chat, SEALER)
    meter = Meter(database=database, payer=payer, purpose="answer", caps=Caps())
    for code in ("no_credit", "forbidden"):
        with pytest.raises(ProviderRefusedError), meter.call():
            raise ProviderRefusedError("no", code=code)
        assert payer_of_answers(means_of(database, person), chat, SEALER).key_id == payer.key_id
    with pytest.raises(ProviderRefusedError), meter.call():
        raise ProviderRefusedError("no", code="key_rejected")
    with pytest.raises(KeyMissingError):
        payer_of_answers(means_of(database, person), chat, SEALER)
    with database.transaction() as connection:
        assert find_model_key(connection, person, sealer=SEALER).rejected
        set_key_rejected(connection, payer.key_id, False)
    assert payer_of_answers(means_of(database, person), chat, SEALER).key_id == payer.key_id


def test_an_address_of_ones_own_is_one_the_operator_allows(database, person, settings):
    chat = settings.model_copy(
        update={"chat_model": "m", "model_urls": "http://127.0.0.1:9/v1, https://llm.example/v1/"}
    )
    assert allowed_base_url("https://llm.example/v1", chat) == allowed_base_url("https://llm.example/v1/", chat)
    for url in ("https://llm.example/v2", "http://127.0.0.1:8/v1", "https://llm.example/v1/../x", "nonsense"):
        with pytest.raises(AddressRefusedError):
            allowed_base_url(url, chat)
    connect(database, person, base_url="http://127.0.0.1:9/v1")
    payer = payer_of_answers(means_of(database, person), chat, SEALER)
    assert payer.named and payer.base_url == "http://127.0.0.1:9/v1"
    with pytest.raises(KeyMissingError):
        payer_of_answers(means_of(database, person), chat.model_copy(update={"model_urls": ""}), SEALER)


def test_any_public_address_is_one_over_https(settings):
    open_to_all = settings.model_copy(update={"model_urls": "*"})
    assert allowed_base_url("https://api.example.com/v1/", open_to_all) == "https://api.example.com/v1"
    for url in ("http://api.example.com/v1", "https://127.0.0.1/v1", "https://[::1]/v1", "https://10.0.0.1/v1",
                "https://key@api.example.com/", "https://169.254.169.254/", "https://api.example.com/?x"):  # fmt: skip
        with pytest.raises(AddressRefusedError):
            allowed_base_url(url, open_to_all)


def test_usage_is_read_and_not_believed():
    used = Used()
    used.take({"prompt_tokens": 3, "completion_tokens": True, "cost": float("nan")})
    used.take({"prompt_tokens": "7", "cost": -1})
    assert used == Used(prompt_tokens=3)
    used.take({"prompt_tokens": 5, "completion_tokens": 2, "cost": 0})
    assert used == Used(prompt_tokens=5, completion_tokens=2, cost_usd=0.0)
    used.take(None)
    used.take({"prompt_tokens": 5, "completion_tokens": 9, "cost": 0.25})
    assert used == Used(prompt_tokens=5, completion_tokens=9, cost_usd=0.25)


def test_an_unknown_person_pays_nothing(database, settings):
    assert means_of(database, uuid4()) == NOBODY


def test_a_new_key_goes_on_with_uploads_that_failed_for_want_of_one_and_with_no_others(database, person):
    with database.transaction() as connection:
        course = ensure_course(connection, "c").id
        other = _person(connection, "ben")
        for owner, name, code in ((person, "unpaid", "connect_openrouter"), (person, "refused", "key_rejected"),
                                  (person, "broken", "damaged"), (other, "theirs", "connect_openrouter")):  # fmt: skip
            content = sha256(name.encode()).hexdigest()
            lecture, _ = put_lecture(connection, course_id=course, title=name, file_name=name, source_name=name,
                                     byte_count=1, media_sha256=content, owner_id=owner)  # fmt: skip
            begin_run(connection, lecture)
            fail_upload(connection, lecture, code=code, message="No.")
        assert list_unrequested(connection, LECTURE) == []
    connect(database, person)
    with database.transaction() as connection:
        due = {upload_id for upload_id, _ in list_unrequested(connection, LECTURE)}
        names = {row[0] for row in connection.execute("select title from lectures where id = any(%s)", [list(due)])}
    assert names == {"unpaid", "refused"}
