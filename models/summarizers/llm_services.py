"""The services that language models are reached at, each as one library's model with its key and its host."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.errors import ConfigError
from models.ports import SummarizerOptions
from models.summarizers.llm_names import OWN_VARIABLE, ModelName, key_of, parse

if TYPE_CHECKING:
    from pydantic_ai.models import Model

log = logging.getLogger(__name__)

NO_KEY = "none"
"""What servers that ask for no key are sent, since the library insists on one."""


@dataclass(frozen=True, slots=True)
class Service:
    """One model at one service. `name` holds no key.

    `per_request`: its library takes time-out and number of tries with each request.
    """

    name: str
    model: Model
    sends_to: str | None
    max_words: int
    per_request: bool = True


def openai(argument: str, options: SummarizerOptions) -> Service:
    """OpenAI itself, or a server at a URL that speaks the same protocol."""
    name = parse("openai", argument)
    variable = "OPENAI_API_KEY" if name.url is None else OWN_VARIABLE
    key = key_of(name, options.key_file, [variable])
    if name.url is None and key is None:
        raise _no_key("openai", variable)
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    from models.summarizers.llm_client import client

    http = client(name.local)
    if name.in_clear:
        log.warning(
            "%s: the masked text of calls goes to another machine unencrypted", _shown("openai", name)
        )
    if name.url is None:
        provider: Any = OpenAIProvider(base_url="https://api.openai.com/v1", api_key=key, http_client=http)
        model: Model = OpenAIChatModel(name.model, provider=provider)
        return Service(_shown("openai", name), model, "api.openai.com", name.words)
    provider = OpenAICompatibleProvider("server", base_url=name.url, api_key=key or NO_KEY, http_client=http)
    model = OpenAIChatModel(name.model, provider=provider, profile=_profile(name))
    return Service(_shown("openai", name), model, _sends_to(name), name.words)


def azure(argument: str, options: SummarizerOptions) -> Service:
    """A deployment at Azure OpenAI."""
    name = parse("azure", argument)
    if name.url is None:
        raise ConfigError("summarizer azure: expected azure:DEPLOYMENT@URL, the URL of the resource")
    key = key_of(name, options.key_file, ["AZURE_OPENAI_API_KEY"])
    if key is None:
        raise _no_key("azure", "AZURE_OPENAI_API_KEY")
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.azure import AzureProvider

    from models.summarizers.llm_client import client

    url, _, query = name.url.partition("?")
    api_version = query.partition("=")[2] or None
    if api_version is None and not url.rstrip("/").endswith("/v1"):
        url = url.rstrip("/") + "/openai/v1/"
    provider = AzureProvider(
        azure_endpoint=url, api_version=api_version, api_key=key, http_client=client(name.local)
    )
    model = OpenAIChatModel(name.model, provider=provider)
    return Service(_shown("azure", name), model, _sends_to(name), name.words)


def anthropic(argument: str, options: SummarizerOptions) -> Service:
    """Anthropic's own service."""
    name = _without_url("anthropic", argument)
    key = key_of(name, options.key_file, ["ANTHROPIC_API_KEY"])
    if key is None:
        raise _no_key("anthropic", "ANTHROPIC_API_KEY")
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    from models.summarizers.llm_client import client

    provider = AnthropicProvider(api_key=key, base_url="https://api.anthropic.com", http_client=client(False))
    model = AnthropicModel(name.model, provider=provider)
    return Service(_shown("anthropic", name), model, "api.anthropic.com", name.words)


def google(argument: str, options: SummarizerOptions) -> Service:
    """Google's own service."""
    name = _without_url("google", argument)
    key = key_of(name, options.key_file, ["GOOGLE_API_KEY", "GEMINI_API_KEY"])
    if key is None:
        raise _no_key("google", "GOOGLE_API_KEY")
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.providers.google import GoogleProvider

    from models.summarizers.llm_client import client

    host = "generativelanguage.googleapis.com"
    provider = GoogleProvider(api_key=key, base_url=f"https://{host}", http_client=client(False))
    return Service(_shown("google", name), GoogleModel(name.model, provider=provider), host, name.words)


def bedrock(argument: str, options: SummarizerOptions) -> Service:
    """Amazon Bedrock, with a bearer key, or the credentials that the AWS tools find."""
    name = _without_url("bedrock", argument)
    key = key_of(name, options.key_file, ["AWS_BEARER_TOKEN_BEDROCK"])
    import boto3
    from pydantic_ai.models.bedrock import BedrockConverseModel
    from pydantic_ai.providers.bedrock import BedrockProvider

    region = boto3.Session().region_name
    if region is None:
        raise ConfigError("summarizer bedrock: no region; set AWS_DEFAULT_REGION")
    provider = (
        BedrockProvider(api_key=key, region_name=region) if key else BedrockProvider(region_name=region)
    )
    model = BedrockConverseModel(name.model, provider=provider)
    host = f"bedrock-runtime.{region}.amazonaws.com"
    return Service(_shown("bedrock", name), model, host, name.words, per_request=False)


def _profile(name: ModelName) -> Any:
    """What a server at a URL is taken to do: chat, and where it is told answers by a JSON Schema."""
    from pydantic_ai.profiles.openai import OpenAIModelProfile

    return OpenAIModelProfile(
        supports_tools=False,
        supports_json_schema_output=name.structured,
        supports_json_object_output=False,
        default_structured_output_mode="native" if name.structured else "prompted",
        openai_chat_supports_max_completion_tokens=False,
        openai_chat_supports_multiple_system_messages=False,
        supports_inline_system_prompts=False,
    )


def _shown(kind: str, name: ModelName) -> str:
    return f"{kind}:{name.model}" + (f"@{name.host}" if name.host else "")


def _sends_to(name: ModelName) -> str | None:
    return None if name.local else name.host


def _without_url(kind: str, argument: str) -> ModelName:
    name = parse(kind, argument)
    if name.url is not None:
        raise ConfigError(f"summarizer {kind}: expected {kind}:MODEL, without a URL")
    return name


def _no_key(kind: str, variable: str) -> ConfigError:
    return ConfigError(f"summarizer {kind}: no key; set {variable}, or note.key_file to a file with it")
