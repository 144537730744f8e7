"""One question to a vision model, one answer: a described picture.

Belongs here: what is sent and how the answer is checked. Questions of people are answered by `pipelines/answering/`.
"""

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.core.models.meter import Meter
from pipelines.core.models.provider_faults import garbage, raise_error_body, translated

if TYPE_CHECKING:
    import openai


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What a model answered. `cost_usd` is 0.0 where the provider does not say."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float


def describe_image(
    client: "openai.OpenAI", meter: Meter, *, prompt: str, image: bytes, media_type: str = "image/webp"
) -> Completion:
    """Ask a vision model about one picture; the text goes first, as the models' guides ask.

    Raises:
        ProviderRefusedError: refused, or an answer without text (code `garbage`).
        ProviderUnavailableError: no answer now.
    """
    url = f"data:{media_type};base64,{base64.b64encode(image).decode('ascii')}"
    content = [{"type": "text", "text": prompt}, {"type": "image_url", "image_url": {"url": url}}]
    wire: Any = [{"role": "user", "content": content}]
    model = meter.payer.model
    with meter.call() as used:
        with translated(model):
            answer: Any = client.chat.completions.create(model=model, messages=wire)
        raise_error_body(model, answer)
        used.take(getattr(answer, "usage", None))
    choices = getattr(answer, "choices", None)
    text = getattr(getattr(choices[0], "message", None), "content", None) if choices else None
    if not isinstance(text, str) or not text.strip():
        raise garbage(model)
    return Completion(
        text=text,
        prompt_tokens=used.prompt_tokens,
        completion_tokens=used.completion_tokens,
        cost_usd=used.cost_usd or 0.0,
    )
