"""A request that is turned down, and the shapes the platform writes that in.

A `Refusal` is raised anywhere below the routes and becomes a reply in one place. The Prediction API and the
Inference API write errors differently (E3 and E4 in the platform's two documents); the older unified envelope
(E1, E2) is what the official SDKs read. "merged", the default, carries E1 and E3 in one object, so that every
published reader finds its fields. Shapes are pure functions of the refusal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ERROR_IDS = {
    400: "INVALID_REQUEST",
    401: "UNAUTHORIZED",
    402: "INSUFFICIENT_CREDITS",
    403: "FORBIDDEN",
    404: "MODEL_NOT_FOUND",
    413: "INVALID_REQUEST",
    422: "VALIDATION_ERROR",
    429: "RATE_LIMIT_EXCEEDED",
    500: "INTERNAL_ERROR",
    502: "PREDICTION_FAILED",
    503: "SERVICE_UNAVAILABLE",
    504: "INFERENCE_TIMEOUT",
    408: "REQUEST_TIMEOUT",
    451: "CONTENT_POLICY_VIOLATION",
}

# Every error the platform's documents name, with the status the newest of them gives it.
STATUSES = {
    "UNAUTHORIZED": 401,
    "INSUFFICIENT_CREDITS": 402,
    "PAYMENT_REQUIRED": 402,
    "FORBIDDEN": 403,
    "ACCOUNT_SUSPENDED": 403,
    "SECURITY_VIOLATION": 403,
    "MODEL_NOT_FOUND": 404,
    "ENDPOINT_NOT_FOUND": 404,
    "REQUEST_TIMEOUT": 408,
    "MODEL_NOT_SUPPORTED": 422,
    "VALIDATION_ERROR": 422,
    "INVALID_INPUT": 422,
    "INVALID_PARAMETER": 400,
    "INVALID_PARAMETER_COMBINATION": 400,
    "INVALID_DATE_FORMAT": 400,
    "INVALID_DATE_RANGE": 400,
    "INVALID_REQUEST": 400,
    "INFRASTRUCTURE_ERROR": 400,
    "context_length_exceeded": 400,
    "RATE_LIMIT_EXCEEDED": 429,
    "RATE_LIMITED": 429,
    "INFERENCE_RATE_LIMITED": 429,
    "CONTENT_POLICY_VIOLATION": 451,
    "INTERNAL_ERROR": 500,
    "INFERENCE_ERROR": 500,
    "PREDICTION_FAILED": 502,
    "SERVICE_UNAVAILABLE": 503,
    "INFERENCE_TIMEOUT": 504,
}

# The Inference API's second and third name for an error: its type and its code.
_INFERENCE_NAMES = {
    "UNAUTHORIZED": ("authentication_error", "invalid_api_key"),
    "INSUFFICIENT_CREDITS": ("authorization_error", "insufficient_credits"),
    "FORBIDDEN": ("permission_error", "forbidden"),
    "MODEL_NOT_FOUND": ("server_error", "model_not_found"),
    "RATE_LIMIT_EXCEEDED": ("rate_limit_error", "rate_limit_exceeded"),
    "INTERNAL_ERROR": ("server_error", "internal_error"),
    "SERVICE_UNAVAILABLE": ("server_error", "service_unavailable"),
    "INFERENCE_ERROR": ("server_error", "service_error"),
    "INFERENCE_TIMEOUT": ("server_error", "inference_timeout"),
    "RATE_LIMITED": ("rate_limit_error", "rate_limit_exceeded"),
    "INFERENCE_RATE_LIMITED": ("rate_limit_error", "rate_limit_exceeded"),
    "context_length_exceeded": ("InferenceError", "context_length_exceeded"),
}


@dataclass(eq=False)
class Refusal(Exception):
    """One turned-down request: HTTP status, stable `error_id`, one sentence, and what else is known."""

    status: int
    message: str
    error_id: str = ""
    param: str | None = None
    details: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        Exception.__init__(self, self.message)
        self.error_id = self.error_id or ERROR_IDS.get(self.status, "INTERNAL_ERROR")

    @classmethod
    def named(cls, error_id: str, message: str, *, status: int | None = None) -> Refusal:
        """Make the refusal of this id, with the id's own status unless told another."""
        return cls(status or STATUSES[error_id], message, error_id)


def body_of(refusal: Refusal, shape: str, request_id: str) -> dict[str, Any]:
    """Write `refusal` in the named shape: E1, E2, E3, E4, E5, E9 or "merged" (E3 and E1 in one)."""
    match shape:
        case "E1":
            return {"status": False, "response": refusal.message, "error": _unified(refusal)}
        case "E2":
            return {"error": _unified(refusal)}
        case "E3":
            return {"error_id": refusal.error_id, "message": refusal.message}
        case "E4":
            return {"error": _inference(refusal, request_id)}
        case "E5":
            return {"status": False, "response": refusal.message}
        case "E9":
            return {}
        case _:
            return body_of(refusal, "E3", request_id) | body_of(refusal, "E1", request_id)


def _unified(refusal: Refusal) -> dict[str, Any]:
    return {
        "http_status": refusal.status,
        "message": refusal.message,
        "details": refusal.details,
        "error_id": refusal.error_id,
    }


def _inference(refusal: Refusal, request_id: str) -> dict[str, Any]:
    usual = "server_error" if refusal.status >= 500 else "invalid_request_error"
    kind, code = _INFERENCE_NAMES.get(refusal.error_id, (usual, refusal.error_id.lower()))
    return {
        "message": refusal.message,
        "type": kind,
        "code": code,
        "error_id": refusal.error_id,
        "status": refusal.status,
        "param": refusal.param,
        "request_id": request_id,
        "details": refusal.details,
    }
