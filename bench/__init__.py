import speech  # noqa: F401  Before ONNX Runtime is, whose reports it switches off.
