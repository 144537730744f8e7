"""One question to a vision model, one answer: a described picture.

Belongs here: what is sent and how the answer is checked. Questions of people are answered by `pipelines/answering/`.
"""

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
    client: "openai.OpenAI", *, model: str, prompt: str, image: bytes, media_type: str = "image/webp"
) -> Completion:
    """Ask a vision model about one picture; the text goes first, as the models' guides ask.

    Raises:
        ProviderRefusedError: refused, or an answer without text (code `garbage`).
        ProviderUnavailableError: no answer now.
    """
    url = f"data:{media_type};base64,{base64.b64encode(image).decode('ascii')}"
    content = [{"type": "text", "text": prompt}, {"type": "image_url", "image_url": {"url": url}}]
    wire: Any = [{"role": "user", "content": content}]
    with translated(model):
        answer: Any = client.chat.completions.create(model=model, messages=wire)
    raise_error_body(model, answer)
    choices = getattr(answer, "choices", None)
    text = getattr(getattr(choices[0], "message", None), "content", None) if choices else None
    if not isinstance(text, str) or not text.strip():
        raise garbage(model)
    usage = getattr(answer, "usage", None)
    cost = (getattr(usage, "model_extra", None) or {}).get("cost")
    return Completion(
        text=text,
        prompt_tokens=int(getattr(usage, "prompt_tokens", None) or 0),
        completion_tokens=int(getattr(usage, "completion_tokens", None) or 0),
        cost_usd=float(cost) if isinstance(cost, int | float) else 0.0,
    )
