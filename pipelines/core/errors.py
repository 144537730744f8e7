"""Every failure this project knows, classed once: can trying again help, or must a person act?

`TransientError` may be retried; `PermanentError` must not be. Messages are sentences a teacher or an operator can act
on and never carry a key, a prompt or a stack trace. Doors translate once: `pipelines/defs/failures.py` for Dagster,
`serving/problems.py` for HTTP, `pipelines/cli/output.py` for the terminal.
"""

from pipelines.core.control_characters import escape_controls


class StudyBuddyError(Exception):
    """Base of all expected failures.

    Args:
        message: a sentence for people; it names the file or the setting, never a secret. Names are strangers' text,
            so control characters in it become visible.
        code: a short stable name for programs, such as `password_required`.
    """

    retryable: bool = False
    default_code: str = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        self.message = escape_controls(message)
        super().__init__(self.message)
        self.code = code or self.default_code


class PermanentError(StudyBuddyError):
    """Trying again gives the same result; a person has to change something."""

    default_code = "permanent"


class TransientError(StudyBuddyError):
    """Trying again later may work.

    Args:
        retry_after_s: seconds the other side asked us to wait; None when it did not say.
    """

    retryable = True
    default_code = "transient"

    def __init__(self, message: str, *, code: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after_s = retry_after_s


class UnreadableFileError(PermanentError):
    """The uploaded file cannot be read: damaged, empty, of another kind, too large, or protected.

    Codes in use: `empty_file`, `not_a_pdf`, `unknown_kind`, `no_office`, `damaged`, `zero_pages`, `password_required`,
    `password_wrong`, `too_large`, `too_many_pages`, `no_such_page`, `dynamic_form`, `portfolio`, `no_text`,
    `parser_limit`, `too_many_files`, `moodle_backup`, `not_media`, `no_audio`, `silent`, `bad_captions`.
    """

    default_code = "unreadable"


class UnguardedError(PermanentError):
    """This machine lacks a guard that reading strangers' files needs; the message names it and the setting that
    accepts the risk. The file may be fine."""

    default_code = "no_sandbox"


class NotFoundError(PermanentError):
    """A course, document, lecture or session that is not there, or not this person's (the same answer for both)."""

    default_code = "not_found"


class NotAllowedError(PermanentError):
    """Who asks can see it, and may not do this with it. What they cannot see is not found instead."""

    default_code = "not_allowed"


class AddressRefusedError(PermanentError):
    """A web address that somebody named is none, or leads where nothing is fetched from (a private network)."""

    default_code = "address_refused"


class AddressUnreachableError(TransientError):
    """The host of a web address that somebody named cannot be found now."""

    default_code = "address_unreachable"


class SettingsError(PermanentError):
    """A setting is missing or contradicts another; the message names the environment variable."""

    default_code = "settings"


class MigrationError(PermanentError):
    """The database's migrations and the files on disk disagree."""

    default_code = "migration"


class SupersededError(PermanentError):
    """The upload was deleted or replaced while it was being worked on; its results must not be written."""

    default_code = "superseded"


class StaleUpstreamError(PermanentError):
    """Rows this work stands on were made from another version of the upload; materialize upstream first."""

    default_code = "stale_upstream"


class EmbeddingMismatchError(PermanentError):
    """Vectors of one embedding set were about to be mixed with those of another."""

    default_code = "embedding_mismatch"


class ProviderRefusedError(PermanentError):
    """A model provider answered that this request will never work (bad key, no credit, bad request).

    Codes in use: `key_rejected`, `no_credit`, `forbidden`, `bad_request`, `context_too_long`, `garbage`,
    `content_refused`, `no_answer`, `answer_too_long`.
    """

    default_code = "provider_refused"


class KeyMissingError(PermanentError):
    """Nobody pays for this model call: who asked or uploaded has connected no key, and the operator pays for nobody."""

    default_code = "connect_openrouter"


class CapReachedError(PermanentError):
    """What a person or a course may spend on model calls today is spent."""

    default_code = "cap_reached"


class CapBusyError(TransientError):
    """Model calls under way may use up what a person or a course may spend today; there is room when they end."""

    default_code = "cap_busy"


class ProviderUnavailableError(TransientError):
    """A model provider could not answer now (429, 5xx, timeout, cut connection).

    Codes in use: `rate_limited`, `provider_unavailable`, `timeout`, `stream_cut`.
    """

    default_code = "provider_unavailable"


class StorageUnavailableError(TransientError):
    """The database or the file store cannot be reached or written now (restart, disk full)."""

    default_code = "storage_unavailable"
