"""OpenAI's HTTP API over the same turns as the rest: what clients of it send under `/v1`."""
