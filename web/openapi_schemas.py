"""The JSON schemas of all models that the described views take and answer."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from web.openapi import Answer, Events, Operation

Json = dict[str, Any]
Mode = Literal["validation", "serialization"]


class Schemas:
    """Made of all at once, so that two models of one name are told apart."""

    def __init__(self, operations: Sequence[Operation], errors: Iterable[type[BaseModel]]) -> None:
        wanted: dict[tuple[type[BaseModel], Mode], None] = {
            (error, "serialization"): None for error in errors
        }
        for operation in operations:
            for request in _requests(operation):
                wanted[request, "validation"] = None
            for answer in each_answer(operation.answers):
                model = answer.of if isinstance(answer, Events) else answer
                if isinstance(model, type):
                    wanted[model, "serialization"] = None
        self._refs, rest = models_json_schema(
            list(wanted), ref_template="#/components/schemas/{model}"
        )
        self.definitions: Json = rest.get("$defs", {})
        for operation in operations:
            if operation.form:
                self._leave_out_null(operation.form)
        # What a query holds is said with each parameter, and nowhere else.
        self._parameters = {
            model: self._leave_out_null(model)
            for operation in operations
            for model in (operation.query, operation.headers)
            if model
        }
        for model in self._parameters:
            self.definitions.pop(self._name(model), None)

    def request(self, model: type[BaseModel]) -> Json:
        return self._refs[model, "validation"]

    def answer(self, model: type[BaseModel]) -> Json:
        return self._refs[model, "serialization"]

    def parameters(self, model: type[BaseModel], place: Literal["query", "header"]) -> list[Json]:
        schema = self._parameters[model]
        parameters = []
        for name, field in schema.get("properties", {}).items():
            known = {key: value for key, value in field.items() if key != "description"}
            parameter: Json = {
                "name": name if place == "query" else name.replace("_", "-").title(),
                "in": place,
                "required": name in schema.get("required", ()),
                "schema": known,
            }
            if "description" in field:
                parameter["description"] = field["description"]
            parameters.append(parameter)
        return parameters

    def _name(self, model: type[BaseModel]) -> str:
        return str(self.request(model)["$ref"].rpartition("/")[2])

    def _leave_out_null(self, model: type[BaseModel]) -> Json:
        """Neither a query nor a form can say null: such a field is left out of it."""
        schema: Json = self.definitions[self._name(model)]
        for name, field in schema.get("properties", {}).items():
            kinds = [kind for kind in field.get("anyOf", ()) if kind != {"type": "null"}]
            if kinds:
                rest = {key: value for key, value in field.items() if key != "anyOf"}
                if rest.get("default", ...) is None:
                    del rest["default"]
                schema["properties"][name] = rest | (
                    kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
                )
        return schema


def each_answer(answers: Mapping[int, Answer | Sequence[Answer]]) -> list[Answer]:
    return [each for status in answers for each in answers_of(answers[status])]


def answers_of(answers: Answer | Sequence[Answer]) -> Sequence[Answer]:
    if answers is None or isinstance(answers, (str, type, Events)):
        return (answers,)
    return answers


def _requests(operation: Operation) -> list[type[BaseModel]]:
    models = (operation.body, operation.form, operation.query, operation.headers)
    return [model for model in models if model]
