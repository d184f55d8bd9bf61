import pytest
from django.core.management import CommandError, call_command

from pipeline.models import Batch, Frame
from tests.pipeline.conftest import photo

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "AURA1_1.png").write_bytes(photo(1))
    (tmp_path / "shelf" / ".cache").mkdir(parents=True)
    (tmp_path / "shelf" / "AURA1_2.png").write_bytes(photo(5))
    (tmp_path / "shelf" / ".cache" / "AURA1_3.png").write_bytes(photo(4))
    (tmp_path / "AURA9_3.png").write_bytes(photo(1))
    (tmp_path / "shelf" / "aura1_1.png").write_bytes(photo(1))
    (tmp_path / "AURA1_2.webp").write_bytes(b"")
    (tmp_path / "Thumbs.db").write_bytes(b"x")
    (tmp_path / "IMG_2034.png").write_bytes(photo(3))
    (tmp_path / ".DS_Store").write_bytes(b"x")
    return tmp_path


def test_a_folder_is_taken_in_and_each_refusal_is_explained(folder, services, capsys):
    call_command("ingest", str(folder), batch="Drop", product_class="watch")
    said = capsys.readouterr()
    assert "3 of 6 photos taken in." in said.out
    assert "aura1_1.png: already in the batch, as AURA1_1.png" in said.err
    assert "Not taken: IMG_2034.png: the view is not 1, 2 or 3" in said.err
    assert "Not taken: AURA1_2.webp: the file is empty" in said.err
    assert "AURA9_3.png: this very photo is there as AURA1 front (in batch Drop, waiting in line)" in said.err
    assert "--meant move: It is AURA9 side: remove it from AURA1 front" in said.err
    assert "Skipped, not photos: Thumbs.db\n" in said.err
    assert {frame.filename for frame in Frame.objects.all()} == {"AURA1_1.png", "AURA1_2.png"}
    assert Batch.objects.get().product_class == "watch"


def test_a_photo_of_two_products_is_taken_when_the_command_says_so(folder, services):
    call_command("ingest", str(folder), batch="Drop", meant=["share"])
    assert sorted(frame.code for frame in Frame.objects.all()) == ["AURA1", "AURA1", "AURA9"]


def test_a_path_that_is_not_there_is_named(services):
    with pytest.raises(CommandError, match="not-here: no such file or folder"):
        call_command("ingest", "not-here")


def test_when_no_photo_can_be_taken_the_command_fails_and_opens_no_batch(tmp_path, services):
    (tmp_path / "IMG_2034.png").write_bytes(photo())
    with pytest.raises(CommandError, match="None of the 1 files found can be taken in"):
        call_command("ingest", str(tmp_path))
    assert not Batch.objects.exists()
