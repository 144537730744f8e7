"""Faults of model providers, classed: try again later, or a person must act. Every call stands inside `translated`.

Provider messages are never passed on: some quote the key or the prompt back.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pipelines.core.errors import (
    AddressRefusedError,
    AddressUnreachableError,
    ProviderRefusedError,
    ProviderUnavailableError,
    StudyBuddyError,
)

TOO_LONG = ("context length", "context_length", "maximum context", "too many tokens", "too long", "max_tokens")
REFUSED = {
    400: ("bad_request", "did not accept the request"),
    401: ("key_rejected", "rejected the key"),
    402: ("no_credit", "has no credit left for this key"),
    403: ("forbidden", "forbids this request for this key"),
    404: ("bad_request", "does not know the model or the address"),
    413: ("context_too_long", "found the request too long"),
    422: ("bad_request", "did not accept the request"),
}


@contextmanager
def translated(model: str) -> Iterator[None]:
    """Turn what the openai client raises into our errors; `model` names who was asked.

    Raises:
        ProviderRefusedError: asking again gives the same answer.
        ProviderUnavailableError: asking later may work; `retry_after_s` is what the provider said, if it did.
    """
    import openai

    try:
        yield
    except openai.APITimeoutError as error:
        if not _timed_out(error):
            raise ProviderUnavailableError(f"{model}: the provider cannot be reached.") from None
        raise ProviderUnavailableError(f"{model}: the provider did not answer in time.", code="timeout") from None
    except AddressRefusedError:
        raise ProviderRefusedError(f"{model}: its address may not be reached.", code="address_refused") from None
    except (openai.APIConnectionError, AddressUnreachableError):
        raise ProviderUnavailableError(f"{model}: the provider cannot be reached.") from None
    except openai.APIStatusError as error:
        retry_after = error.response.headers.get("retry-after")
        raise fault(model, error.status_code, error.body, retry_after=retry_after) from None
    except (openai.OpenAIError, json.JSONDecodeError, UnicodeDecodeError):
        raise garbage(model) from None


def fault(model: str, status: int, body: object, *, retry_after: str | None = None) -> StudyBuddyError:
    """The error an HTTP status stands for, whether it came as a status or inside the body of a 200."""
    text = json.dumps(body, default=str).lower()[:2000]
    if status == 429 and "insufficient_quota" in text:
        return ProviderRefusedError(f"{model}: the provider has no credit left for this key.", code="no_credit")
    if status == 429:
        return ProviderUnavailableError(
            f"{model}: the provider asks for fewer requests.", code="rate_limited", retry_after_s=_seconds(retry_after)
        )
    if status in (408, 409) or status >= 500:
        return ProviderUnavailableError(
            f"{model}: the provider failed (HTTP {status}).", retry_after_s=_seconds(retry_after)
        )
    if status == 400 and any(words in text for words in TOO_LONG):
        return ProviderRefusedError(f"{model}: the provider found the request too long.", code="context_too_long")
    code, sentence = REFUSED.get(status, ("bad_request", f"answered HTTP {status}"))
    return ProviderRefusedError(f"{model}: the provider {sentence}.", code=code)


def garbage(model: str) -> ProviderRefusedError:
    """The answer cannot be read as what was asked for."""
    return ProviderRefusedError(f"{model}: the provider's answer makes no sense.", code="garbage")


def raise_error_body(model: str, answer: Any) -> None:
    """Raise the error some gateways put into the body of an HTTP 200.

    Raises:
        ProviderRefusedError, ProviderUnavailableError: there is one.
    """
    known = answer if isinstance(answer, dict) else getattr(answer, "model_extra", None) or {}
    error = known.get("error")
    if error:
        status = error.get("code") if isinstance(error, dict) else None
        raise fault(model, status if isinstance(status, int) else 502, error)


def _timed_out(error: BaseException | None) -> bool:
    """Over aiohttp the client calls every lost connection a timeout; a real one has Python's among its causes."""
    while error is not None:
        if isinstance(error, TimeoutError):
            return True
        error = error.__cause__
    return False


def _seconds(retry_after: str | None) -> float | None:
    try:
        return max(0.0, float(retry_after)) if retry_after is not None else None
    except ValueError:  # a date: the caller's own backoff will do
        return None
