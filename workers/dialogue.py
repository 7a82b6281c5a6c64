"""Settings become the stages of the dialogue; a stage that is turned off is not made."""

import os
from collections.abc import Iterator
from functools import partial

from assistant.checks.classifier import OpenAIModeration
from assistant.checks.content import ContentChecks
from assistant.checks.local_classifier import LocalClassifier
from assistant.checks.terms import BUILT_IN, TermFiles
from assistant.draft import Dialogue, ReplyOptions
from assistant.events import ReplyDelta, ReplyReady
from assistant.llm.base import GenerationOptions, LanguageModel
from assistant.llm.resilience import ResilientModel
from assistant.llm.router import Route, Router
from assistant.plugins.loader import load_tools
from assistant.plugins.mcp_tools import McpTools
from assistant.plugins.runner import ToolRunner
from assistant.plugins.toolbox import Toolbox
from workers.services import Services


def build_dialogue(services: Services) -> Dialogue:
    settings = services.settings
    return Dialogue(
        model=services.language_model,
        router=Router(settings.model_specs, settings.llm_plans, busy_from=settings.llm_slots),
        models_for=partial(_models_for, services.language_model),
        conversations=services.conversations,
        options=ReplyOptions(
            system_prompt=services.system_prompt,
            max_question_chars=settings.max_question_chars,
            max_prompt_tokens=settings.max_prompt_tokens,
            generation=GenerationOptions(
                temperature=settings.temperature, max_tokens=settings.max_reply_tokens
            ),
        ),
        checks=_checks(services) if settings.content_checks else None,
        profiles=services.profiles if settings.profile else None,
        tools=_toolbox(services) if settings.tools else None,
        cache=services.answer_cache,
        follow=partial(_follow, services),
        usage=services.usage,
        load=services.foreground.turns,
    )


def _models_for(models: ResilientModel, route: Route) -> LanguageModel:
    return models.only([route.model, *route.fallbacks])


def _checks(services: Services) -> ContentChecks:
    settings = services.settings
    folders = [BUILT_IN, *([settings.check_terms_dir] if settings.check_terms_dir else ())]
    terms = TermFiles(folders, custom=settings.blocked_terms_file)
    if settings.moderation_base_url is not None:
        moderation = OpenAIModeration(
            base_url=settings.moderation_base_url,
            model=settings.moderation_model,
            api_key=settings.moderation_api_key.get_secret_value(),
            timeout_s=settings.moderation_timeout_s,
        )
        return ContentChecks(
            terms, settings.check_actions, moderation, settings.moderation_threshold
        )
    is_local = settings.check_classifier == "local"
    return ContentChecks(
        terms, settings.check_actions, LocalClassifier(services.embedding) if is_local else None
    )


def _toolbox(services: Services) -> Toolbox:
    settings = services.settings
    # Plugins run in processes of their own, which read no settings, but have this environment.
    os.environ["WEATHER_FORECAST_URL"] = settings.weather_forecast_url
    os.environ["WEATHER_GEOCODING_URL"] = settings.weather_geocoding_url
    runner = ToolRunner()
    tools = load_tools(
        runner.describe,
        folder=settings.plugin_dir,
        disabled=settings.tools_disabled,
        allowed_permissions=settings.tool_permissions,
    )
    offered = McpTools(settings.mcp_servers) if settings.mcp_servers else None
    return Toolbox(
        lambda: [*tools, *(offered.tools() if offered else ())],
        runner,
        services.tool_effects,
        is_schema_choice=settings.tool_choice == "schema",
    )


def _follow(services: Services, turn_id: str) -> Iterator[ReplyDelta | ReplyReady]:
    """Yield another turn's reply as it is written, as long as a model might take to begin."""
    timeout_s = services.settings.llm_total_timeout_s
    for stored in services.bus.follow(turn_id, timeout_s=timeout_s):
        if stored and isinstance(stored.event, ReplyDelta | ReplyReady):
            yield stored.event
            if isinstance(stored.event, ReplyReady):
                return
