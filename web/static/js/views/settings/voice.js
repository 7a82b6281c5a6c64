// How the assistant sounds: which voice, how fast, or not at all.

import { onMounted, onUnmounted } from "../../../vendor/vue.runtime.esm-browser.prod.js";
import { playSample, sample, sentenceIn, stopSample } from "../../audio/sample.js";
import { html } from "../../html.js";
import { language, t } from "../../i18n.js";
import { preferences } from "../../state/preferences.js";
import { findVoice, loadVoices, voices, voicesByLanguage } from "../../state/voices.js";
import { Icon } from "../icon.js";
import { Problem, Selection, Switch } from "./fields.js";
import { SpeedField } from "./speed.js";

export const VoiceSection = {
  setup() {
    onMounted(loadVoices);
    onUnmounted(stopSample);

    const spokenIn = () => findVoice(preferences.voice)?.languages[0] ?? language();
    const listen = () => playSample({ voice: preferences.voice, language: spokenIn(), speed: preferences.speed });
    const again = () => sample.stage && listen();

    function chooseVoice(id) {
      preferences.voice = id;
      again();
    }

    return () => html`
      <${Switch}
        id="speaking"
        label=${t("speak_replies")}
        hint=${t("speak_replies_hint")}
        checked=${preferences.isSpeaking}
        onChoose=${(isSpeaking) => (preferences.isSpeaking = isSpeaking)}
      />
      <${Selection}
        id="voice"
        label=${t("voice")}
        groups=${voiceGroups()}
        chosen=${preferences.voice}
        disabled=${voices.list.length === 0}
        describedby="voice-hint"
        onChoose=${chooseVoice}
      />
      <p class="hint setting-hint" id="voice-hint">${voiceHint(spokenIn())}</p>
      <${Problem} error=${voices.error} onRetry=${loadVoices} />
      <${SpeedField} onChanged=${again} />
      <${Sample} sentenceLanguage=${spokenIn()} onListen=${listen} />`;
  },
};

/** A sentence in the chosen voice, with what has been heard of it marked; or why it is not to be had. */
function Sample({ sentenceLanguage }, { emit }) {
  const { stage, reply, error } = sample;
  const sentence = reply?.text ?? sentenceIn(sentenceLanguage);
  const heard = reply?.heardChars ?? 0;
  const [icon, label] = {
    null: ["play", "sample_play"],
    preparing: ["stop", "sample_preparing"],
    playing: ["stop", "sample_stop"],
  }[stage];
  return html`<div class="sample" data-stage=${stage ?? "silent"}>
    <button type="button" class="plain" onClick=${() => (stage ? stopSample() : emit("listen"))}>
      <${Icon} name=${icon} /><span>${t(label)}</span>
    </button>
    <${Problem} error=${error} />
    ${!error && html`<p lang=${sentenceLanguage}><span class="heard">${sentence.slice(0, heard)}</span>${sentence.slice(heard)}</p>`}
  </div>`;
}
Sample.props = ["sentenceLanguage"];
Sample.emits = ["listen"];

function voiceGroups() {
  const names = new Intl.DisplayNames(language(), { type: "language" });
  const groups = voicesByLanguage().map(([code, list]) => ({
    label: names.of(code),
    options: list.map(({ id, title }) => ({ value: id, label: title })),
  }));
  return [{ options: [{ value: "", label: t("voice_automatic") }] }, ...groups];
}

function voiceHint(code) {
  if (preferences.voice) {
    return t("voice_chosen_hint", { language: new Intl.DisplayNames(language(), { type: "language" }).of(code) });
  }
  const usual = Object.values(voices.defaults).map((id) => findVoice(id)?.title ?? id);
  return usual.length > 0 ? t("voice_automatic_hint", { voices: usual.join(t("comma")) }) : t("settings_loading");
}
