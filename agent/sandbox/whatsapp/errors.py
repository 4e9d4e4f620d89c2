"""What the sandbox WhatsApp says when it says no: Meta's codes, HTTP statuses and error bodies.

The code is what a client should build on. Meta no longer documents the HTTP statuses; those here
are the ones most often seen.
"""

from __future__ import annotations

from secrets import token_urlsafe
from typing import Any

ERRORS_PAGE = "/documentation/business-messaging/whatsapp/support/error-codes"

# code: (HTTP status, title)
CATALOGUE: dict[int, tuple[int, str]] = {
    0: (401, "AuthException"),
    1: (400, "An unknown error has occurred."),
    2: (503, "Service temporarily unavailable"),
    3: (500, "Capability or permissions issue"),
    4: (400, "Application request limit reached"),
    10: (403, "Application does not have permission for this action"),
    33: (400, "Parameter value is not valid"),
    100: (400, "Invalid parameter"),
    104: (401, "An access token is required to request this resource."),
    190: (401, "Invalid OAuth access token - Cannot parse access token"),
    200: (403, "Permissions error"),
    368: (403, "Temporarily blocked for policies violations"),
    2500: (400, "Unknown path components"),
    2635: (400, "You are calling a deprecated version of the API."),
    80007: (400, "Rate limit issues"),
    130403: (400, "Business has blocked the user"),
    130429: (400, "Rate limit hit"),
    130472: (400, "User's number is part of an experiment"),
    130497: (403, "Business account is restricted from messaging users in this country."),
    131000: (500, "Something went wrong"),
    131005: (403, "Access denied"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131016: (503, "Service unavailable"),
    131021: (400, "Recipient cannot be sender"),
    131026: (400, "Message undeliverable"),
    131030: (400, "Recipient phone number not in allowed list"),
    131031: (403, "Business Account locked"),
    131037: (
        400,
        "WhatsApp provided number needs display name approval before message can be sent.",
    ),
    131042: (400, "Business eligibility payment issue"),
    131045: (500, "Incorrect certificate"),
    131047: (400, "Re-engagement message"),
    131048: (400, "Spam rate limit hit"),
    131049: (400, "This message was not delivered to maintain healthy ecosystem engagement."),
    131050: (400, "User has stopped marketing messages from your business"),
    131051: (400, "Message type unknown"),
    131052: (400, "Media download error"),
    131053: (400, "Media upload error"),
    131056: (400, "(Business Account, Consumer Account) pair rate limit hit"),
    131057: (500, "Account in maintenance mode"),
    131062: (400, "Business-scoped user ID is not supported for this message"),
    131063: (400, "Marketing messages are disabled on Cloud API"),
    131064: (400, "Messaging limit reached"),
    132000: (400, "Number of parameters does not match the expected number of params"),
    132001: (404, "Template name does not exist in the translation"),
    132005: (400, "Translated text too long"),
    132007: (400, "Template format character policy violated"),
    132008: (400, "Template parameter value is not valid"),
    132012: (400, "Parameter format does not match format in the created template"),
    132015: (400, "Template is paused"),
    132016: (400, "Template is disabled"),
    132018: (400, "There's an issue with the parameters in your template"),
    132068: (400, "Flow is in blocked state"),
    132069: (400, "Flow is in throttled state"),
    133000: (500, "Incomplete deregistration"),
    133004: (503, "Server temporarily unavailable"),
    133005: (400, "Two step verification PIN mismatch"),
    133006: (400, "Phone number re-verification needed"),
    133008: (400, "Too many two step verification PIN guesses"),
    133009: (400, "Two step verification PIN guessed too fast"),
    133010: (400, "Phone number not registered"),
    133015: (400, "Please wait a few minutes before attempting to register this phone number"),
    133016: (400, "Account register/deregister rate limit exceeded"),
    134011: (400, "Payments terms of service have not been accepted"),
    134100: (400, "Only marketing messages are supported"),
    134101: (400, "Template is being synced"),
    134102: (500, "Template is unavailable for use"),
    135000: (400, "Generic user error"),
    137000: (400, "Identity key hash does not match"),
    139100: (400, "Failed to block or unblock some users"),
    139101: (400, "Blocklist limit reached"),
    139102: (400, "Blocklist was changed meanwhile"),
    139103: (500, "Blocklist could not be read"),
    2388019: (400, "Message template limit exceeded"),
    2388024: (400, "Content in this language already exists"),
    2388039: (400, "Template cannot be edited"),
    2388040: (400, "Character limit exceeded"),
    2388047: (400, "Message header format is incorrect"),
    2388072: (400, "Message body format is incorrect"),
    2388073: (400, "Message footer format is incorrect"),
    2388293: (400, "Too many variables for the length of the text"),
    2388299: (400, "Variables cannot be at the start or end of the template"),
}
CATALOGUE |= dict.fromkeys(range(201, 300), (403, "API permission"))

# Graph's own refusals carry no "(#code)" in front of their message
_WITHOUT_NUMBER = {0, 104, 190, 2500}


class GraphError(Exception):
    """A refusal in the form of Meta's Graph API; the routes turn it into the answer.

    `details` is the sentence that names the culprit (`error_data.details`). `user_title` and
    `user_message` appear on management calls only.
    """

    def __init__(
        self,
        code: int,
        details: str = "",
        *,
        message: str | None = None,
        kind: str = "OAuthException",
        http_status: int | None = None,
        subcode: int | None = None,
        user_title: str = "",
        user_message: str = "",
    ) -> None:
        usual_status, title = CATALOGUE.get(code, (400, "Unknown error"))
        number = "" if code in _WITHOUT_NUMBER else f"(#{code}) "
        self.message = message if message is not None else number + title
        super().__init__(f"{self.message}: {details}" if details else self.message)
        self.code, self.details, self.kind, self.subcode = code, details, kind, subcode
        self.http_status = usual_status if http_status is None else http_status
        self.user_title, self.user_message = user_title, user_message

    def body(self) -> dict[str, Any]:
        """The JSON of the answer, with a new `fbtrace_id`."""
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.user_title:
            error |= {
                "is_transient": False,
                "error_user_title": self.user_title,
                "error_user_msg": self.user_message,
            }
        error["fbtrace_id"] = "A" + token_urlsafe(16)
        return {"error": error}


class BadGateway(Exception):
    """A proxy answers in Meta's place: a page of HTML that no JSON parser likes."""

    page = "<!DOCTYPE html><html><head><title>Error</title></head><body>Sorry, something went wrong.</body></html>"

    def __init__(self, http_status: int) -> None:
        super().__init__(f"HTTP {http_status}")
        self.http_status = http_status


def unknown_object(object_id: str, verb: str) -> GraphError:
    """Graph's answer for an id that does not exist or that the token may not see."""
    return GraphError(
        100,
        message=f"Unsupported {verb} request. Object with ID '{object_id}' does not exist, cannot be "
        "loaded due to missing permissions, or does not support this operation. Please read the "
        "Graph API documentation at https://developers.facebook.com/docs/graph-api",
        kind="GraphMethodException",
        subcode=33,
    )


def failed_status_error(code: int) -> dict[str, Any]:
    """One element of `statuses[].errors`: how a message fails after it was accepted."""
    _, title = CATALOGUE.get(code, (400, "Unknown error"))
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": _STATUS_DETAILS.get(code, title)},
        "href": ERRORS_PAGE,
    }


_STATUS_DETAILS = {
    130472: "Failed to send message because this user's phone number is part of an experiment",
    131026: "Message Undeliverable.",
    131047: "Message failed to send because more than 24 hours have passed since the customer last replied to this number.",
    131049: "In order to maintain a healthy ecosystem engagement, the message failed to be delivered.",
    131050: "The user has chosen to stop receiving marketing messages from your business on WhatsApp.",
    132015: "The template was paused due to low quality, so the message was not sent.",
}
