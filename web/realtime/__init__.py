"""OpenAI's Realtime protocol over `workers.live`: one WebSocket, one session. docs/realtime.md."""
