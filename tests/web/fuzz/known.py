"""Things that there are, for operations that want the id of one; what was deleted is made anew."""

from typing import Any

from assistant.events import TranscriptSegment
from tests.web.fuzz.application import APP
from workers.services import Services
from workers.transcript_store import StoredTranscript

_TRANSCRIPT = StoredTranscript(
    text="Hello?",
    language="en",
    duration_s=2.0,
    segments=(TranscriptSegment(start_s=0.5, end_s=1.5, text="Hello?"),),
)


class Known:
    """An answered and spoken turn in a conversation, with a transcript, and a fact."""

    def __init__(self) -> None:
        self._client = APP.test_client()
        self._turn: dict[str, Any] = {}

    def id_of(self, name: str) -> str:
        """`name`: as it stands in an address."""
        if name in {"turn_id", "audio_id", "conversation_id"}:
            turn = self._answered()
            return str(turn["conversation_id" if name == "conversation_id" else "turn_id"])
        if name == "fact_id":
            return self._fact()
        return "assistant"  # A model, and a reminder that is gone.

    def _answered(self) -> dict[str, Any]:
        kept = self._turn and self._ask("GET", f"/api/turns/{self._turn['turn_id']}/transcript")
        if not (kept and kept.get("text")):
            self._turn = self._ask("POST", "/api/chat", question="Hello?")
            services: Services = APP.extensions["services"]
            services.transcripts.put(
                self._turn["conversation_id"], self._turn["turn_id"], _TRANSCRIPT
            )
        return self._turn

    def _fact(self) -> str:
        facts = self._ask("PATCH", "/api/profile", is_enabled=True)["facts"]
        facts = facts or self._ask("POST", "/api/profile/facts", text="likes tea")["facts"]
        return str(facts[-1]["id"])

    def _ask(self, method: str, path: str, **body: object) -> dict[str, Any]:
        headers = {"Authorization": "Bearer the-key-of-the-fuzzer"}
        response = self._client.open(path, method=method, json=body or None, headers=headers)
        answer: dict[str, Any] = response.get_json()
        return answer
