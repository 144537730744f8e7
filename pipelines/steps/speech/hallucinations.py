"""Sentences Whisper says over silence, music and noise although nobody said them: ends of its training captions.

Sources: Koenecke et al., "Careless Whisper", FAccT 2024 (https://doi.org/10.1145/3630106.3658996); the thresholds of
https://github.com/openai/whisper for silence and repetition.
"""

import re
from collections.abc import Sequence

from pipelines.core.records import Segment
from pipelines.steps.speech.model import RawSegment

_NO_SPEECH, _LOW_LOGPROB = 0.6, -1.0  # Whisper's own defaults for "this was silence"
_LOOP_RATIO = 2.4  # Whisper's own default: text that compresses better than this repeats itself
_UNSURE = 0.6  # mean word probability under which a polite phrase counts as made up; spoken ones reach 0.8 and more
_REPEATS = 3  # the same sentence more often than this in a row is a loop

# Credits of subtitle makers: nobody says them in a lecture.
_CREDITS = re.compile(
    r"amara\.org|untertitel(?:ung)? (?:der|von|des|im auftrag|aufgrund)|untertitelung\.? ?(?:zdf|br|swr|ard)|"
    r"sous-?titr(?:es|age) (?:réalisés?|st'|société|fr)|subtítulos (?:realizados|por|creados)|"
    r"subtitles? (?:by|made by) |captions? by |legendas pela|sottotitoli (?:creati|a cura)|ondertiteld door|"
    r"transcri(?:bed|ption) by |castingwords|©|www\.\S+\.(?:com|org|de|net)$",
    re.IGNORECASE,
)
# Said at the end of videos, and made up over silence; judged by how sure the model is.
_POLITE = frozenset(
    [
        "thank you",
        "thank you very much",
        "thank you so much",
        "thank you for watching",
        "thanks for watching",
        "thanks for listening",
        "please subscribe",
        "please like and subscribe",
        "see you next time",
        "see you in the next video",
        "bye",
        "bye bye",
        "you",
        "okay",
        "vielen dank",
        "vielen dank fürs zuschauen",
        "danke fürs zuschauen",
        "bis zum nächsten mal",
        "tschüss",
        "merci",
        "merci d'avoir regardé cette vidéo",
        "au revoir",
        "gracias",
        "gracias por ver el video",
        "¡suscríbete",
    ]
)


def is_silence(raw: RawSegment) -> bool:
    """Whisper itself takes this stretch for silence and is unsure of every word."""
    return raw.no_speech_prob > _NO_SPEECH and raw.avg_logprob < _LOW_LOGPROB


def is_loop(raw: RawSegment) -> bool:
    """The text of this stretch repeats itself more than speech does."""
    return raw.compression_ratio > _LOOP_RATIO


def is_made_up(segment: Segment, *, no_speech_prob: float) -> bool:
    """One sentence is a caption credit, or a polite phrase the model is not sure of."""
    if _CREDITS.search(segment.text):
        return True
    plain = segment.text.lower().strip(" .!?,…¡¿")
    unsure = segment.confidence is not None and segment.confidence < _UNSURE
    return plain in _POLITE and (unsure or no_speech_prob > _NO_SPEECH)


def without_repeats(segments: Sequence[Segment]) -> list[Segment]:
    """The segments without sentences said again and again: of a run longer than three, the first stays."""
    kept: list[Segment] = []
    run: list[Segment] = []
    for segment in [*segments, None]:
        if run and (segment is None or segment.text.lower() != run[0].text.lower()):
            kept += run if len(run) <= _REPEATS else run[:1]
            run = []
        if segment is not None:
            run.append(segment)
    return kept
