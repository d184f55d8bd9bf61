"""docker-compose.yml, Dockerfile and nginx.conf, which no container engine reads here, held against what is true:
deploy/smoke.sh runs what the first says, and settings, paths and limits are those of the code."""

import json
import os
import re
import shutil
import ssl
import subprocess
from importlib import import_module
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from django.core.management import call_command, get_commands
from django.http import HttpRequest
from django.urls import reverse

from deploy.smoke.stack import APP, ROOT, Stack, compose
from deploy.smoke.supervisor import Service
from pipeline import parts
from pipeline.engines import embedded
from tests.waiting import wait_for

SAID = {"SITE_NAME": "photos.example", "S3_PUBLIC_ENDPOINT_URL": "https://photos.example"}
COMPOSE = compose(SAID)
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
NGINX = (ROOT / "deploy" / "nginx.conf").read_text()
SETTINGS = (ROOT / "config" / "settings.py").read_text()


def megabytes(location: str) -> int:
    found = re.search(rf"{re.escape(location)}[^}}]*client_max_body_size (\d+)m;", NGINX)
    assert found
    return int(found[1]) << 20


@pytest.mark.parametrize("name", [*SERVICES])
def test_each_service_is_limited_restarted_watched_and_without_rights(name):
    said = SERVICES[name]
    assert said["restart"] == ("on-failure" if name == "setup" else "unless-stopped")
    assert said["read_only"] and said["cap_drop"] == ["ALL"] and said["security_opt"] == ["no-new-privileges:true"]
    assert said["mem_limit"] and said["cpus"] and said["healthcheck"]
    assert set(said.get("secrets", [])) <= COMPOSE["secrets"].keys()
    named = {volume.split(":")[0] for volume in said.get("volumes", []) if not volume.startswith(".")}
    assert named <= COMPOSE["volumes"].keys()


@pytest.mark.parametrize("name", APP)
def test_what_our_processes_are_told_are_settings_and_files_that_they_are_given(name):
    told = SERVICES[name]["environment"]
    ours = {key: value for key, value in told.items() if not key.endswith("_THREADS")}  # those are the BLAS library's
    for key, value in ours.items():
        assert f'"{key.removesuffix("_FILE")}"' in SETTINGS, key
        if key.endswith("_FILE"):
            assert value.removeprefix("/run/secrets/") in SERVICES[name]["secrets"]
    assert {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "S3_SECRET_KEY", "GEMINI_API_KEY"}.isdisjoint(told)


def test_the_pools_serve_every_queue_once_and_their_commands_are_there(settings):
    pools = [SERVICES[name]["command"] for name in ("matte", "light")]
    queues = [word for pool in pools for word in pool[3 : pool.index("--num-workers")]]
    assert sorted(queues) == sorted(settings.RQ_QUEUES)
    for name in ("web", "matte", "light", "cron"):
        assert SERVICES[name]["command"][:2] == ["python", "manage.py"]
        assert SERVICES[name]["command"][2] in get_commands()
    for pool in pools:
        module, worker = pool[pool.index("--worker-class") + 1].rsplit(".", 1)
        assert hasattr(import_module(module), worker)


def test_the_secrets_that_compose_hands_out_are_made_and_kept(tmp_path):
    make = [ROOT / "deploy" / "make_secrets.sh", tmp_path / "secrets"]
    subprocess.run(make, check=True)
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir() if path.is_file()}
    assert {path["file"].removeprefix("./secrets/") for path in COMPOSE["secrets"].values()} <= made.keys()
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert made["redis_password"] in made["redis_url"] and made["redis_password"] in made["valkey.conf"]
    assert made["postgres_password"] in made["database_url"]
    (identity,) = json.loads(made["s3_identity.json"])["identities"]
    assert identity["credentials"][0]["secretKey"] == made["s3_secret_key"]
    subprocess.run(make, check=True)
    assert made == {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir() if path.is_file()}


def test_a_compose_file_that_lacks_what_must_be_set_says_so():
    for name in SAID:
        with pytest.raises(KeyError, match=name):
            compose({key: value for key, value in SAID.items() if key != name})


def test_the_smoke_test_runs_what_compose_says_here(tmp_path):
    """The words of the compose file, but for addresses, folders and programs of this machine."""
    stack = Stack(tmp_path)
    for name in APP:
        command, said = stack.app(name), SERVICES[name]
        assert [word.rpartition("/")[2] for word in command.arguments][1:-1] == [
            str(word).rpartition("/")[2] for word in stack.services[name]["command"]
        ][1:-1]
        assert said["environment"].keys() <= command.environment.keys()
        more = command.environment.keys() - said["environment"].keys()
        assert more == {"PATH", "LANG", "HOME", "WEB_PORT", "PYTHONUNBUFFERED"}
    for command in (stack.nginx(), stack.valkey(), stack.s3(), stack.postgres(), *map(stack.app, APP)):
        told = [*command.arguments, *command.environment.values()]
        theirs = r"(?<![\w/.-])/(run/secrets|models|srv|data|etc/mattegate)|//(web|s3):"
        assert [word for word in told if re.search(theirs, word) and str(tmp_path) not in word] == []
    for name in ("nginx", "valkey", "s3"):
        words = [stack.here(str(word)) for word in SERVICES[name]["command"]]
        assert set(words if name == "s3" else words[1:]) <= set(getattr(stack, name)().arguments)


def test_the_two_pools_of_two_hosts_have_each_a_var_of_their_own(tmp_path):
    stack = Stack(tmp_path)
    first, second = stack.app("matte"), stack.app("matte", "matte-2")
    assert first.arguments == second.arguments
    differ = {key for key in first.environment if first.environment[key] != second.environment[key]}
    assert differ == {"VAR_DIR"}


def test_the_image_runs_as_nobody_in_particular_what_compose_runs_and_tells_its_health():
    app = SERVICES["web"]
    assert re.findall(r"^USER (\w+)", DOCKERFILE, re.MULTILINE)[-1] == "mattegate"
    assert re.findall(r"^FROM \S+ AS (\w+)", DOCKERFILE, re.MULTILINE) == ["build", "app", "setup"]
    assert {SERVICES[name]["build"]["target"] for name in APP} == {"app", "setup"}
    command = re.search(r"^CMD (\[.*\])", DOCKERFILE, re.MULTILINE)
    assert command and json.loads(command[1]) == app["command"]
    assert "http://127.0.0.1:8300/healthz" in DOCKERFILE and 'env_int("WEB_PORT", 8300' in SETTINGS
    for name in ("VAR_DIR", "WEIGHTS_DIR"):
        assert f"{name}={app['environment'][name]}" in DOCKERFILE
    (user,) = re.findall(r"useradd --uid (\d+)", DOCKERFILE)
    assert f"/var/lib/mattegate:uid={user},gid={user},mode=0700" in app["tmpfs"]
    assert re.search(r"install -d -o mattegate .*/models /srv/static", DOCKERFILE)


@pytest.mark.parametrize("name", [".gitignore", ".dockerignore"])
def test_secrets_and_data_go_into_neither_repository_nor_image(name):
    assert {".env", "var", "secrets"} <= {line.strip("/") for line in (ROOT / name).read_text().splitlines()}


def test_nginx_lets_through_what_the_web_process_takes(settings):
    upload = r"location ~ ^/(admin/pipeline/batch/add/|api/v1/batches/[0-9]+/photos)$"
    assert megabytes("reset_timedout_connection") >= settings.MAX_FORM_BYTES
    assert megabytes(upload) >= settings.MAX_UPLOAD_BYTES
    pattern = re.compile(upload.removeprefix("location ~ "))
    assert pattern.search(reverse("admin:pipeline_batch_add")) and pattern.search(reverse("api-photos", args=[7]))
    buckets = "location ~ ^/mattegate-(work|published)/"
    assert megabytes(buckets) >= parts.PART_BYTES
    for name in (settings.S3_WORK_BUCKET, settings.S3_PUBLISHED_BUCKET):
        assert re.search(buckets.removeprefix("location ~ "), f"/{name}/key")


def test_the_first_account_may_do_what_an_admin_may(db, client, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "kept-for-one-test")
    call_command("createsuperuser", interactive=False, username="first", email="", verbosity=0)
    assert client.login(request=HttpRequest(), username="first", password="kept-for-one-test")
    pages = ["admin:auth_user_add", "admin:accounts_serviceaccount_changelist", "operations", "figures"]
    assert [client.get(reverse(page)).status_code for page in pages] == [200] * len(pages)


@pytest.mark.skipif(not shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin"), reason="nginx is not here")
def test_nginx_understands_its_configuration(tmp_path):
    stack = Stack(tmp_path)
    stack.prepare()
    nginx = stack.nginx()
    done = subprocess.run([*nginx.arguments, "-t"], env=nginx.environment, capture_output=True, text=True)
    assert done.returncode == 0 and "warn" not in done.stderr, done.stderr


@pytest.mark.skipif(not shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin"), reason="nginx is not here")
def test_while_the_web_process_is_away_people_and_programs_are_told_and_no_log_names_them(tmp_path):
    stack = Stack(tmp_path)
    stack.prepare()
    service = Service(stack.nginx(), tmp_path / "log")
    try:
        wait_for(lambda: not is_free(stack.ports["https"]), 10)
        context = ssl.create_default_context(cafile=tmp_path / "mattegate" / "tls" / "certificate.pem")
        answers = {}
        for path in ("/admin/?q=nobody", "/api/v1/me?X-Amz-Signature=secret", "/passed-on/secret"):
            with pytest.raises(HTTPError) as refused:
                urlopen(f"https://localhost:{stack.ports['https']}{path}", timeout=10, context=context)
            answers[path] = refused.value.headers["Content-Type"]
            assert refused.value.status == 503 and refused.value.headers["Retry-After"] == "3"
    finally:
        service.end()
    assert [*answers.values()] == ["text/plain", "application/problem+json", "text/plain"]
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [line["path"] for line in lines] == ["/admin/", "/api/v1/me", "/passed-on/"]
    assert not re.search(r"secret|nobody|127\.0\.0\.1(?!:)", (tmp_path / "log").read_text())


def is_free(port: int) -> bool:
    return not embedded.taken_ports([port])
