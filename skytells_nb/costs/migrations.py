"""The tables of the record, as numbered steps: a store applies those it lacks, each in a transaction of its own.

A step is never changed once it was published, only followed by another. SQLite keeps money and moments as text and
flags as 0 or 1; PostgreSQL has types for them, and there the names of tables begin with `skytells_`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Migration:
    """One step, in statements for each dialect."""

    sqlite: tuple[str, ...]
    postgresql: tuple[str, ...]


_FIRST = Migration(
    sqlite=(
        """
        CREATE TABLE calls (
            id TEXT PRIMARY KEY, session TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT, tag TEXT,
            cell TEXT, execution_count INTEGER,
            api TEXT NOT NULL, endpoint TEXT NOT NULL, model TEXT NOT NULL, model_used TEXT, stream INTEGER NOT NULL,
            sandbox INTEGER NOT NULL, status TEXT NOT NULL, error_id TEXT, http_status INTEGER,
            request_id TEXT, remote_id TEXT,
            attempts INTEGER NOT NULL, waited REAL NOT NULL, seconds REAL, ttft REAL,
            prompt_tokens INTEGER, completion_tokens INTEGER, total_tokens INTEGER, reasoning_tokens INTEGER,
            cached_tokens INTEGER, predict_time REAL, total_time REAL, outputs INTEGER,
            quoted TEXT, cost TEXT, cost_source TEXT NOT NULL, cost_reason TEXT, currency TEXT NOT NULL,
            fingerprint TEXT NOT NULL, usage TEXT
        ) WITHOUT ROWID
        """,
        "CREATE INDEX calls_remote ON calls (remote_id) WHERE api = 'prediction'",
    ),
    postgresql=(
        """
        CREATE TABLE skytells_calls (
            id TEXT COLLATE "C" PRIMARY KEY, session TEXT NOT NULL, started_at TIMESTAMPTZ NOT NULL,
            finished_at TIMESTAMPTZ, tag TEXT, cell TEXT, execution_count BIGINT,
            api TEXT NOT NULL, endpoint TEXT NOT NULL, model TEXT NOT NULL, model_used TEXT, stream BOOLEAN NOT NULL,
            sandbox BOOLEAN NOT NULL, status TEXT NOT NULL, error_id TEXT, http_status BIGINT,
            request_id TEXT, remote_id TEXT,
            attempts BIGINT NOT NULL, waited DOUBLE PRECISION NOT NULL, seconds DOUBLE PRECISION,
            ttft DOUBLE PRECISION,
            prompt_tokens BIGINT, completion_tokens BIGINT, total_tokens BIGINT, reasoning_tokens BIGINT,
            cached_tokens BIGINT, predict_time DOUBLE PRECISION, total_time DOUBLE PRECISION, outputs BIGINT,
            quoted NUMERIC, cost NUMERIC, cost_source TEXT NOT NULL, cost_reason TEXT, currency TEXT NOT NULL,
            fingerprint TEXT NOT NULL, usage TEXT
        )
        """,
        "CREATE INDEX skytells_calls_remote ON skytells_calls (remote_id) WHERE api = 'prediction'",
    ),
)

_ADDED = (
    ("notebook", "TEXT", "TEXT"),
    ("audio_tokens", "INTEGER", "BIGINT"),
    ("tokens_per_second", "REAL", "DOUBLE PRECISION"),
    ("megapixels", "REAL", "DOUBLE PRECISION"),
    ("media_seconds", "REAL", "DOUBLE PRECISION"),
    ("bytes", "INTEGER", "BIGINT"),
    ("credits", "TEXT", "NUMERIC"),
    ("quoted_low", "TEXT", "NUMERIC"),
    ("quoted_currency", "TEXT", "TEXT"),
    ("price", "TEXT", "TEXT"),
    ("prompt", "TEXT", "TEXT"),
    ("output", "TEXT", "TEXT"),
)

_MEASURES = Migration(
    sqlite=tuple(f"ALTER TABLE calls ADD COLUMN {name} {kind}" for name, kind, _ in _ADDED),
    postgresql=tuple(f"ALTER TABLE skytells_calls ADD COLUMN {name} {kind}" for name, _, kind in _ADDED),
)

_BUDGETS = Migration(
    sqlite=(
        """
        CREATE TABLE budgets (
            name TEXT NOT NULL, sandbox INTEGER NOT NULL, tag TEXT,
            limit_usd TEXT NOT NULL, per_call TEXT, unknown TEXT NOT NULL,
            spent TEXT NOT NULL, reserved TEXT NOT NULL, unpriced INTEGER NOT NULL,
            PRIMARY KEY (name, sandbox)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE budget_shares (
            name TEXT NOT NULL, sandbox INTEGER NOT NULL, call TEXT NOT NULL, amount TEXT,
            open INTEGER NOT NULL, sure INTEGER NOT NULL, model TEXT NOT NULL, session TEXT NOT NULL,
            since TEXT NOT NULL, job TEXT,
            PRIMARY KEY (name, sandbox, call)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX budget_shares_job ON budget_shares (job) WHERE job IS NOT NULL",
        "CREATE INDEX budget_shares_open ON budget_shares (name, sandbox) WHERE open = 1",
    ),
    postgresql=(
        """
        CREATE TABLE skytells_budgets (
            name TEXT NOT NULL, sandbox BOOLEAN NOT NULL, tag TEXT,
            limit_usd NUMERIC NOT NULL, per_call NUMERIC, unknown TEXT NOT NULL,
            spent NUMERIC NOT NULL, reserved NUMERIC NOT NULL, unpriced BIGINT NOT NULL,
            PRIMARY KEY (name, sandbox)
        )
        """,
        """
        CREATE TABLE skytells_budget_shares (
            name TEXT NOT NULL, sandbox BOOLEAN NOT NULL, call TEXT NOT NULL, amount NUMERIC,
            open BOOLEAN NOT NULL, sure BOOLEAN NOT NULL, model TEXT NOT NULL, session TEXT NOT NULL,
            since TIMESTAMPTZ NOT NULL, job TEXT,
            PRIMARY KEY (name, sandbox, call)
        )
        """,
        "CREATE INDEX skytells_budget_shares_job ON skytells_budget_shares (job) WHERE job IS NOT NULL",
        "CREATE INDEX skytells_budget_shares_open ON skytells_budget_shares (name, sandbox) WHERE open",
    ),
)

_JOBS = Migration(
    sqlite=(
        "ALTER TABLE calls ADD COLUMN nth INTEGER",
        "ALTER TABLE calls ADD COLUMN person TEXT",
        "CREATE INDEX calls_alike ON calls (fingerprint) WHERE api = 'prediction'",
        """
        CREATE INDEX calls_unseen ON calls (sandbox)
        WHERE api = 'prediction' AND status IN ('sent', 'running', 'interrupted')
        """,
    ),
    postgresql=(
        "ALTER TABLE skytells_calls ADD COLUMN nth BIGINT",
        "ALTER TABLE skytells_calls ADD COLUMN person TEXT",
        "CREATE INDEX skytells_calls_alike ON skytells_calls (fingerprint, id) WHERE api = 'prediction'",
        """
        CREATE INDEX skytells_calls_unseen ON skytells_calls (sandbox, id)
        WHERE api = 'prediction' AND status IN ('sent', 'running', 'interrupted')
        """,
    ),
)

MIGRATIONS: tuple[Migration, ...] = (_FIRST, _MEASURES, _BUDGETS, _JOBS)
"""The steps; the number of one is its place, counted from 1."""
