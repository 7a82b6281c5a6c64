"""Whisper by its authors, on PyTorch."""

import copy
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Torch's second thread must sleep while it waits: spinning, a clip took 12 s instead of 1.3 to 4.6
# beside other work. libgomp reads this when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
import whisper
from whisper.audio import HOP_LENGTH
from whisper.timing import find_alignment
from whisper.tokenizer import LANGUAGES, get_tokenizer

from speech.asr.base import (
    ALIGNMENT_FILTER_WIDTH,
    FRAMES_PER_S,
    PROMPTS,
    DecodingOptions,
    Hypothesis,
    Word,
)
from speech.asr.ct2_weights import load_whisper
from speech.asr.registry import Device
from speech.audio import Samples
from speech.errors import EngineUnavailableError, UnknownLanguageError


class OpenAIWhisperEngine:
    name = "openai-whisper"

    def __init__(self, model_dir: Path, device: Device, threads: int) -> None:
        """Load the CTranslate2 model in `model_dir`; nothing is ever fetched.

        `threads` holds for all of PyTorch in this process. Raises EngineUnavailableError.
        """
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        torch.set_num_threads(threads)
        model = load_whisper(model_dir / "model.bin")
        if not model.is_multilingual:
            raise EngineUnavailableError(f"{model_dir} knows English only.")
        try:
            self._whisper = model.to(device)
        except (RuntimeError, AssertionError) as error:
            raise EngineUnavailableError(f"openai-whisper cannot start: {error}") from error
        self._lock = threading.Lock()

    @torch.inference_mode()
    def recognize(self, samples: Samples, options: DecodingOptions) -> Hypothesis:
        # Smaller models know no Cantonese, which is the last one.
        known = list(LANGUAGES)[: self._whisper.num_languages]
        if options.language is not None and options.language not in known:
            raise UnknownLanguageError(
                f"This model does not know the language {options.language!r}."
            )
        with self._lock, self._window(len(samples)):
            return self._recognize(samples, options)

    def _recognize(self, samples: Samples, options: DecodingOptions) -> Hypothesis:
        model = self._whisper
        on_gpu = model.device.type == "cuda"
        mel = whisper.log_mel_spectrogram(samples, model.dims.n_mels, device=model.device)
        encoded = model.encoder(mel[None].half() if on_gpu else mel[None])[0]

        language, probability = options.language, 1.0
        if language is None:
            _, probabilities = model.detect_language(encoded)
            language = max(probabilities, key=probabilities.__getitem__)
            probability = probabilities[language]

        task = "translate" if options.translates else "transcribe"
        searches = options.beam_size > 1 and options.temperature == 0
        result = whisper.decode(
            model,
            encoded,
            whisper.DecodingOptions(
                task=task,
                language=language,
                prompt=options.prompt or (None if options.translates else PROMPTS.get(language)),
                temperature=options.temperature,
                beam_size=options.beam_size if searches else None,
                sample_len=options.max_tokens,
                without_timestamps=True,
                fp16=on_gpu,
            ),
        )
        words: tuple[Word, ...] = ()
        if options.aligned_s is not None:
            words = self._align(mel, result.tokens, language, task, options.aligned_s)
        return Hypothesis(
            text=result.text,
            language=language,
            language_probability=probability,
            avg_logprob=result.avg_logprob,
            no_speech_prob=result.no_speech_prob,
            is_complete=len(result.tokens) < options.max_tokens,
            words=words,
        )

    def _align(
        self, mel: torch.Tensor, tokens: list[int], language: str, task: str, aligned_s: float
    ) -> tuple[Word, ...]:
        tokenizer = get_tokenizer(
            multilingual=True,
            num_languages=self._whisper.num_languages,
            language=language,
            task=task,
        )
        if task == "translate":
            # By its language it tells what is a word. Others have the same one.
            tokenizer = copy.copy(tokenizer)
            tokenizer.language = "en"
        found = find_alignment(
            self._whisper,
            tokenizer,
            tokens,
            mel,
            round(aligned_s * FRAMES_PER_S),
            medfilt_width=ALIGNMENT_FILTER_WIDTH,
        )
        return tuple(
            Word(
                start_s=float(each.start),
                end_s=float(each.end),
                text=each.word,
                tokens=tuple(each.tokens),
            )
            for each in found
        )

    @contextmanager
    def _window(self, n_samples: int) -> Iterator[None]:
        """Let the encoder, which insists on 30 seconds, take `n_samples` for a while.

        The positions are those of the beginning of the 30 seconds, as in CTranslate2.
        """
        encoder, dims = self._whisper.encoder, self._whisper.dims
        positions = encoder.positional_embedding
        # The second convolution has a stride of 2.
        n_positions = n_samples // HOP_LENGTH // 2
        try:
            encoder.positional_embedding = positions[:n_positions]
            dims.n_audio_ctx = n_positions
            yield
        finally:
            encoder.positional_embedding = positions
            dims.n_audio_ctx = len(positions)
