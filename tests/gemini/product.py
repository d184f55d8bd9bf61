"""`make run-gemini-fake`: the whole product with the contract server in Gemini's place, and a folder of its own."""

import os
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

from tests.gemini.server import API_KEY, GeminiServer

ROOT = Path(__file__).resolve().parent.parent.parent
MODEL, PRICE = "gemini-3.1-flash-image", Decimal("0.067")


def main() -> int:
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C reaches the product by itself; the server outlives it
    with GeminiServer(API_KEY, model=MODEL, price=PRICE, batch_seconds=20) as server:
        print(f"A server at {server.url} stands in for Gemini: no photo leaves this machine.", flush=True)
        command = [sys.executable, "manage.py", "run", "--samples-by", "gemini"]
        return subprocess.call(command, cwd=ROOT, env=os.environ | environment(server))


def environment(server: GeminiServer) -> dict[str, str]:
    """What the product is to know; Batch jobs hurry, so that they can be watched."""
    folder = os.environ.get("VAR_DIR", str(ROOT / "var"))
    return {
        "GEMINI_API_KEY": API_KEY,
        "GEMINI_BASE_URL": server.url,
        "GEMINI_MODEL": MODEL,
        "GEMINI_PRICE_PER_IMAGE": str(PRICE),
        "GEMINI_BATCH_AGE_SECONDS": "10",
        "GEMINI_BATCH_POLL_SECONDS": "5",
        "VAR_DIR": str(Path(folder) / "gemini-fake"),
        "WEIGHTS_DIR": os.environ.get("WEIGHTS_DIR", str(Path(folder) / "weights")),
    }


if __name__ == "__main__":
    sys.exit(main())
