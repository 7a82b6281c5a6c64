"""Whisper on CTranslate2: 8-bit integers on a processor, 16-bit floats on a GPU."""

import threading
from pathlib import Path

import ctranslate2
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer

from speech.asr.base import (
    ALIGNMENT_FILTER_WIDTH,
    FRAMES_PER_S,
    PROMPTS,
    DecodingOptions,
    Hypothesis,
    Word,
)
from speech.asr.registry import Device
from speech.audio import Samples
from speech.errors import EngineUnavailableError, UnknownLanguageError


class FasterWhisperEngine:
    name = "faster-whisper"

    def __init__(self, model_dir: Path, device: Device, threads: int) -> None:
        """Load the CTranslate2 model in `model_dir`; nothing is ever fetched.

        Raises EngineUnavailableError.
        """
        for file in ("model.bin", "tokenizer.json"):
            # Without the tokenizer's file the library would look for one on the network.
            if not (model_dir / file).is_file():
                raise EngineUnavailableError(f"The model file {model_dir / file} is missing.")
        if device == "auto":
            device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
        try:
            self._whisper = WhisperModel(
                str(model_dir),
                device=device,
                compute_type="int8" if device == "cpu" else "float16",
                cpu_threads=threads,
                local_files_only=True,
            )
        except (RuntimeError, ValueError) as error:
            raise EngineUnavailableError(f"faster-whisper cannot start: {error}") from error
        if not self._whisper.model.is_multilingual:
            raise EngineUnavailableError(f"{model_dir} knows English only.")
        self._lock = threading.Lock()

    def recognize(self, samples: Samples, options: DecodingOptions) -> Hypothesis:
        with self._lock:
            return self._recognize(samples, options)

    def _recognize(self, samples: Samples, options: DecodingOptions) -> Hypothesis:
        features = self._whisper.feature_extractor(samples, padding=0)
        encoded = self._whisper.encode(features)

        language, probability = options.language, 1.0
        if language is None:
            token, probability = self._whisper.model.detect_language(encoded)[0][0]
            language = token.strip("<|>")
        # The library's own list is that of the largest models: smaller ones know no Cantonese.
        if self._whisper.hf_tokenizer.token_to_id(f"<|{language}|>") is None:
            raise UnknownLanguageError(f"This model does not know the language {language!r}.")
        task = "translate" if options.translates else "transcribe"
        tokenizer = Tokenizer(self._whisper.hf_tokenizer, True, task, language)

        before = options.prompt or ("" if options.translates else PROMPTS.get(language))
        prompt = self._whisper.get_prompt(
            tokenizer,
            tokenizer.encode(" " + before.strip()) if before else [],
            without_timestamps=True,
        )
        if options.temperature > 0:
            search = {"sampling_topk": 0, "sampling_temperature": options.temperature}
        else:
            search = {"beam_size": options.beam_size}
        result = self._whisper.model.generate(
            encoded,
            [prompt],
            max_length=min(
                # Of which CTranslate2 gives the text half at most, as Whisper does of its context.
                max(2 * options.max_tokens, len(prompt) - 1 + options.max_tokens),
                self._whisper.max_length,
            ),
            return_scores=True,
            return_no_speech_prob=True,
            **({"beam_size": 1} | search),
        )[0]
        tokens = result.sequences_ids[0]
        words: tuple[Word, ...] = ()
        if options.aligned_s is not None:
            if options.translates:
                tokenizer.language_code = "en"  # By which it tells what is a word.
            words = self._align(tokenizer, tokens, encoded, options.aligned_s)
        return Hypothesis(
            text=tokenizer.decode(tokens).strip(),
            language=language,
            language_probability=float(probability),
            # The library's score is the mean without the end token; Whisper counts that too.
            avg_logprob=float(result.scores[0] * len(tokens) / (len(tokens) + 1)),
            no_speech_prob=float(result.no_speech_prob),
            is_complete=len(tokens) < options.max_tokens,
            words=words,
        )

    def _align(
        self,
        tokenizer: Tokenizer,
        tokens: list[int],
        encoded: ctranslate2.StorageView,
        aligned_s: float,
    ) -> tuple[Word, ...]:
        (found,) = self._whisper.find_alignment(
            tokenizer,
            [tokens],
            encoded,
            round(aligned_s * FRAMES_PER_S),
            median_filter_width=ALIGNMENT_FILTER_WIDTH,
        )
        return tuple(
            Word(
                start_s=float(each["start"]),
                end_s=float(each["end"]),
                text=each["word"],
                tokens=tuple(each["tokens"]),
            )
            for each in found
        )
