// The openai package of npm.

import assert from "node:assert/strict";
import { createReadStream } from "node:fs";
import OpenAI, { NotFoundError } from "openai";
import { OpenAIRealtimeWS as BetaRealtime } from "openai/beta/realtime/ws";
import { OpenAIRealtimeWS } from "openai/realtime/ws";
import { VERSION } from "openai/version";
import { run } from "./calls.mjs";
import { talk } from "./live.mjs";
import { assertSays, path, recognise, texts } from "./sounds.mjs";

const client = new OpenAI();
const model = "gpt-4o-mini";
const messages = [{ role: "user", content: "What is the capital of France?" }];
const rain = [{ role: "user", content: "What is the weather in Paris now? Ask get_weather." }];
const words = "The quick brown fox jumps over the lazy dog.";
const weather = {
  name: "get_weather",
  description: "Tells the weather of a city.",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

async function collect(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

const calls = [
  {
    call: "audio.transcriptions.create(), in English and Chinese",
    make: async () => {
      for (const language of ["en", "zh"]) {
        const name = `statement.${language}`;
        const upload = createReadStream(path(name));
        const answer = await client.audio.transcriptions.create({
          file: upload,
          model: "whisper-1",
          language,
        });
        assertSays(answer.text, texts[name]);
      }
    },
  },
  {
    call: "audio.transcriptions.create({stream: true})",
    make: async () => {
      const stream = await client.audio.transcriptions.create({
        file: createReadStream(path("statement.en")),
        model: "gpt-4o-transcribe",
        stream: true,
      });
      const events = await collect(stream);
      assertSays(events.at(-1).text, texts["statement.en"]);
      assert.equal(events.at(-1).type, "transcript.text.done");
    },
  },
  {
    call: "audio.translations.create(), Chinese into English",
    make: async () => {
      const upload = createReadStream(path("question.zh"));
      const answer = await client.audio.translations.create({ file: upload, model: "whisper-1" });
      assert.match(answer.text, /capital/);
    },
  },
  {
    call: "audio.speech.create(), in English and Chinese",
    make: async () => {
      const said = { en: words, zh: "今天的天气非常好，我们去公园吧。" };
      for (const [language, input] of Object.entries(said)) {
        const answer = await client.audio.speech.create({ model: "tts-1", voice: "alloy", input });
        const sound = Buffer.from(await answer.arrayBuffer());
        assertSays(await recognise(client, sound, "reply.mp3", language), input);
      }
    },
  },
  {
    call: "models.list(), models.retrieve()",
    make: async () => {
      const models = await collect(client.models.list());
      assert(models.some((each) => each.id === "assistant"));
      assert.equal((await client.models.retrieve("assistant")).id, "assistant");
    },
  },
  {
    call: "chat.completions.create(), in English and Chinese",
    make: async () => {
      const answer = await client.chat.completions.create({ model, messages });
      assert.match(answer.choices[0].message.content, /Paris/);
      const asked = [{ role: "user", content: "中国的首都是哪里？" }];
      const chinese = await client.chat.completions.create({ model, messages: asked });
      assert.match(chinese.choices[0].message.content, /北京/);
    },
  },
  {
    call: "chat.completions.create({stream: true})",
    make: async () => {
      const stream_options = { include_usage: true };
      const stream = await client.chat.completions.create({
        model,
        messages,
        stream: true,
        stream_options,
      });
      const chunks = await collect(stream);
      const text = chunks.map((each) => each.choices[0]?.delta?.content ?? "").join("");
      assert.match(text, /Paris/);
      assert(chunks.at(-1).usage.completion_tokens > 0);
    },
  },
  {
    call: "chat.completions.runTools()",
    make: async () => {
      const asked = [];
      const runner = client.chat.completions.runTools({
        model,
        messages: rain,
        tools: [
          {
            type: "function",
            function: {
              ...weather,
              parse: JSON.parse,
              function: ({ city }) => {
                asked.push(city);
                return "Heavy rain.";
              },
            },
          },
        ],
      });
      assert.match(await runner.finalContent(), /rain/i);
      assert.match(asked[0], /Paris/);
    },
  },
  {
    call: "responses.create(), and {stream: true}",
    make: async () => {
      const input = messages[0].content;
      assert.match((await client.responses.create({ model, input })).output_text, /Paris/);
      const events = await collect(await client.responses.create({ model, input, stream: true }));
      assert.equal(events.at(-1).type, "response.completed");
    },
  },
  {
    call: "an unknown model raises NotFoundError",
    make: () =>
      assert.rejects(
        client.chat.completions.create({ model: "no-such-model", messages }),
        (error) => error instanceof NotFoundError && Boolean(error.message),
      ),
  },
  {
    call: "OpenAIRealtimeWS behind TLS, spoken questions and answers",
    make: () => talk(OpenAIRealtimeWS, { type: "realtime" }, "output_"),
  },
  {
    call: "beta OpenAIRealtimeWS behind TLS, spoken questions and answers",
    make: () => talk(BetaRealtime, { modalities: ["text", "audio"] }, ""),
  },
];

await run(`openai ${VERSION} (npm)`, calls);
