"""A server that speaks the Gemini API's language, with faults and bills by script; the engine's tests against it."""
