"""Uploads in pieces, as Google's resumable protocol has it."""

from dataclasses import dataclass

from tests.gemini.wire import Call, Problem, Reply


@dataclass
class Upload:
    size: int
    data: bytes = b""


class Files:
    """What was uploaded. Its callers hold a lock."""

    def __init__(self) -> None:
        self._uploads: dict[str, Upload] = {}

    def start(self, call: Call, url: str) -> Reply:
        if call.headers.get("x-goog-upload-command") != "start":
            raise Problem(400, "Expected the upload command start.")
        upload_id = f"upload{len(self._uploads) + 1}"
        self._uploads[upload_id] = Upload(int(call.headers["x-goog-upload-header-content-length"]))
        address = f"{url}/upload/v1/files?upload_id={upload_id}"
        return Reply({}, {"X-Goog-Upload-URL": address, "X-Goog-Upload-Status": "active"})

    def receive(self, call: Call) -> Reply:
        upload_id = call.query["upload_id"]
        upload = self._uploads[upload_id]
        if int(call.headers["x-goog-upload-offset"]) != len(upload.data):
            raise Problem(400, "A piece is missing.")
        upload.data += call.body
        if "finalize" not in call.headers["x-goog-upload-command"]:
            return Reply({}, {"X-Goog-Upload-Status": "active"})
        if len(upload.data) != upload.size:
            raise Problem(400, "The upload is not as long as was said.")
        return Reply({"file": self.describe(f"files/{upload_id}")}, {"X-Goog-Upload-Status": "final"})

    def describe(self, name: str) -> dict[str, str]:
        return {"name": name, "sizeBytes": str(len(self.read(name))), "state": "ACTIVE"}

    def read(self, name: str) -> bytes:
        upload = self._uploads.get(name.removeprefix("files/"))
        if upload is None:
            raise Problem(404, f"{name} is not found.")
        return upload.data
