"""What live sessions ask of MCP servers, asked in a worker: the library takes seconds to load, and
must not stop the sound of others."""

import logging
import uuid
from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel

from assistant.errors import AssistantError
from assistant.plugins.mcp_servers import HttpServer, McpServer
from assistant.plugins.mcp_values import McpAnswer, McpTool
from workers.celery_app import app
from workers.services import Services

log = logging.getLogger(__name__)

TIMEOUT_S = 20.0
"""Of one question, with all that it takes to connect."""
_RETENTION_S = 60


class McpNotAllowedError(AssistantError):
    code = "mcp_server_not_allowed"


class McpFailedError(AssistantError):
    code = "mcp_server_failed"


class _Question(BaseModel):
    server: McpServer
    tool: str | None = None
    """To be called; where None, the tools are listed."""
    arguments: dict[str, Any] = {}


class _Answer(BaseModel):
    value: Any = None
    problem: str | None = None


def named_server(
    services: Services, label: str, url: str | None, headers: Mapping[str, str]
) -> McpServer:
    """Return the server that a client means. Raises McpNotAllowedError."""
    settings = services.settings
    if url is None:
        if label in settings.mcp_servers:
            return settings.mcp_servers[label]
        known = ", ".join(settings.mcp_servers) or "none"
        raise McpNotAllowedError(
            f"There is no MCP server {label!r} here; the setting MCP_SERVERS names {known}."
        )
    if not any(_is_below(url, allowed) for allowed in settings.client_mcp_servers):
        raise McpNotAllowedError(
            f"Clients may not name the MCP server {url} here: "
            "the setting CLIENT_MCP_SERVERS lists those that they may."
        )
    return HttpServer(url=url, headers=dict(headers))


def list_tools(services: Services, server: McpServer) -> list[McpTool]:
    """Raises McpFailedError."""
    return [McpTool.model_validate(tool) for tool in _ask(services, _Question(server=server))]


def call_tool(
    services: Services, server: McpServer, tool: str, arguments: Mapping[str, Any]
) -> McpAnswer:
    """Raises McpFailedError."""
    question = _Question(server=server, tool=tool, arguments=dict(arguments))
    return McpAnswer.model_validate(_ask(services, question))


def _ask(services: Services, question: _Question) -> Any:
    request_id = uuid.uuid4().hex
    asked, answered = _key(request_id, "question"), _key(request_id, "answer")
    try:
        services.redis.set(asked, question.model_dump_json(), ex=_RETENTION_S)
        # By name: importing the tasks would load what they compute with.
        app.send_task("workers.tasks.ask_mcp_server", [request_id], expires=TIMEOUT_S)
        told = services.redis.blpop([answered], timeout=round(TIMEOUT_S + 2))
    except Exception as error:  # As without Redis: who asked is to know that no answer comes.
        log.exception("an MCP server cannot be asked")
        raise McpFailedError("The MCP server could not be asked.") from error
    if told is None:
        raise McpFailedError("The MCP server was not asked in time.")
    answer = _Answer.model_validate_json(cast("tuple[bytes, bytes]", told)[1])
    if answer.problem is not None:
        raise McpFailedError(answer.problem)
    return answer.value


def answer(services: Services, request_id: str) -> None:
    """Ask the server, for whoever waits for it."""
    from assistant.plugins import mcp_asking  # Seconds, and only where it is wanted.

    data = services.redis.getdel(_key(request_id, "question"))
    if data is None:
        return
    question = _Question.model_validate_json(data)
    try:
        if question.tool is None:
            tools = mcp_asking.list_tools(question.server, TIMEOUT_S)
            told = _Answer(value=[tool.model_dump() for tool in tools])
        else:
            result = mcp_asking.call_tool(
                question.server, question.tool, question.arguments, TIMEOUT_S
            )
            told = _Answer(value=result.model_dump())
    except AssistantError as error:
        told = _Answer(problem=str(error))
    key = _key(request_id, "answer")
    with services.redis.pipeline() as pipe:
        pipe.rpush(key, told.model_dump_json())
        pipe.expire(key, _RETENTION_S)
        pipe.execute()


def _is_below(url: str, allowed: str) -> bool:
    is_plain = ".." not in url and "%" not in url
    return url == allowed or (is_plain and url.startswith(allowed.rstrip("/") + "/"))


def _key(request_id: str, name: str) -> str:
    return f"mcp:{{{request_id}}}:{name}"
