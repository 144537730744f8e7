import threading
from dataclasses import dataclass, replace

import pytest

from pipelines.core.errors import ProviderRefusedError, ProviderUnavailableError, TransientError
from pipelines.core.records import Slide
from pipelines.steps.descriptions import SlidePicture, describe_slides, prompt_for

SLIDE = Slide(
    page=1, page_label=None, title="Momentum", body="v = 0.9 v", furniture="", section="Optimisers",
    text_source="layer",
    junk_chars=0, frame_group=1, image_sha256="0" * 64, width_pt=400, height_pt=300,
)  # fmt: skip


@dataclass
class Answer:
    text: str
    prompt_tokens: int = 10
    completion_tokens: int = 5
    cost_usd: float = 0.001


def pictures(count):
    return [
        SlidePicture(
            slide=replace(SLIDE, page=page),
            picture=lambda page=page: b"%d" % page,
            previous_title=None,
            next_title="Adam",
        )
        for page in range(1, count + 1)
    ]


def run(items, describe, concurrency=4):
    kept = []
    describe_slides(
        items, deck_title="Deck", model="m", describe=describe, concurrency=concurrency, on_described=kept.append
    )
    return sorted(kept, key=lambda description: description.page)


def test_every_slide_is_described_once_from_its_own_picture():
    kept = run(pictures(9), lambda prompt, picture: Answer(f" page {picture.decode()} "))
    assert [(item.page, item.text, item.reused) for item in kept] == [(n, f"page {n}", False) for n in range(1, 10)]


def test_the_prompt_names_deck_section_neighbours_and_the_page_text():
    prompt = prompt_for(pictures(1)[0], deck_title="Deep learning")
    for part in ("Deck: Deep learning", "Section: Optimisers", "Slide after: Adam", "v = 0.9 v"):
        assert part in prompt


def test_no_more_calls_are_in_flight_than_allowed():
    running, most, lock, two = set(), [], threading.Lock(), threading.Barrier(2, timeout=5)

    def describe(prompt, picture):
        with lock:
            running.add(picture)
            most.append(len(running))
        two.wait()
        with lock:
            running.discard(picture)
        return Answer("x")

    run(pictures(6), describe, concurrency=2)
    assert max(most) == 2


def test_a_refused_key_ends_the_work_at_once_and_keeps_what_was_paid_for():
    kept, asked = [], []

    def describe(prompt, picture):
        asked.append(picture)
        if len(asked) > 2:
            raise ProviderRefusedError("The key was rejected.", code="key_rejected")
        return Answer("x")

    with pytest.raises(ProviderRefusedError):
        describe_slides(
            pictures(50), deck_title="d", model="m", describe=describe, concurrency=1, on_described=kept.append
        )
    assert len(kept) == 2
    assert len(asked) == 3


def test_slides_the_provider_could_not_take_now_do_not_stop_the_others():
    kept = []

    def describe(prompt, picture):
        if picture == b"3":
            raise ProviderUnavailableError("Too many requests.", code="rate_limited", retry_after_s=7)
        return Answer("x")

    with pytest.raises(TransientError, match="1 of 5 slides could not be described now") as caught:
        describe_slides(
            pictures(5), deck_title="d", model="m", describe=describe, concurrency=2, on_described=kept.append
        )
    assert sorted(item.page for item in kept) == [1, 2, 4, 5]
    assert caught.value.retry_after_s == 7
