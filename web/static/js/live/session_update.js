// The user's settings, as a live session is told them.

import { requestFields } from "../state/preferences.js";
import { RATE_HZ } from "./sound.js";

const AUTOMATIC_VOICE = "alloy"; // OpenAI's names mean the voice of the reply's language here
const FORMAT = { type: "audio/pcm", rate: RATE_HZ };

/** Returns the event; a reply that is being made keeps the settings it began with. */
export function sessionUpdate() {
  const { speak, voice, speed, language, manner } = requestFields();
  return {
    type: "session.update",
    session: {
      type: "realtime",
      output_modalities: [speak ? "audio" : "text"],
      manner: manner ?? null,
      audio: {
        input: {
          format: FORMAT,
          transcription: { model: "default", language },
          turn_detection: { type: "semantic_vad", create_response: true, interrupt_response: true },
        },
        output: { format: FORMAT, voice: voice ?? AUTOMATIC_VOICE, speed: speed ?? 1 },
      },
    },
  };
}
