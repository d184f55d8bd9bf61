"""The pages' own scripts, asked without a browser."""

import json
import subprocess
from typing import Any

from django.conf import settings


def answer_of(script: str, ask: str, asked: Any = None) -> Any:
    """What `ask` prints: it finds the script's address in process.argv[1], and what is asked on its input."""
    command = ["node", "--input-type=module", "--eval", ask, str(settings.BASE_DIR / "static/mattegate" / script)]
    answer = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=True)
    return json.loads(answer.stdout)
