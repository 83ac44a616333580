# SPDX-License-Identifier: GPL-3.0-or-later
"""What each address does, over real sockets, compared with the disk and with the hub."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from subtitle_editor.core.errors.hub import RepositoryNotFoundError
from tests.hub.server import Fault, LoopbackHub

from .kit import MODEL, SIZE, SMALL, Service, add_models, command, install, running, until

pytestmark = pytest.mark.timeout(120)


def slow(hub: LoopbackHub) -> None:
    hub.settings.rate = 150_000


def blob(service: Service, model: str) -> Path:
    found = list((service.models / f"models--Systran--faster-whisper-{model}").glob("snapshots/*/model.bin"))
    assert len(found) == 1
    return found[0]


def test_health(service: Service) -> None:
    assert service.good("GET", "/api/health")["status"] == "ok"


def test_a_download_from_the_request_to_the_file_on_the_disk(service: Service) -> None:
    assert service.state("tiny") == "missing"
    with service.follow() as events:
        job = service.download("tiny")
        end = events.wait_for("complete", job=job)
    assert blob(service, "tiny").read_bytes()[32:] == MODEL[32:]
    assert Path(end["path"]).name == blob(service, "tiny").parent.name
    assert service.state("tiny") == "installed"
    (installed,) = service.good("GET", "/api/sources/installed")
    assert (installed["id"], installed["size"], installed["path"]) == ("tiny", SIZE, end["path"])
    (past,) = service.good("GET", "/api/sources/history")
    assert (past["job"], past["state"], past["bytes_total"]) == (job, "done", SIZE)
    assert service.good("GET", "/api/sources/downloads") == []


def test_progress_is_pushed_with_file_and_overall_percent(service: Service, hub: LoopbackHub) -> None:
    hub.settings.rate = 300_000
    with service.follow() as events:
        job = service.download("tiny")
        events.wait_for("complete", job=job)
    assert events.events[0]["event"] == "snapshot"
    rows = [event for event in events.events if event["event"] == "progress" and event["bytes_total"]]
    assert len(rows) > 5
    percents = [row["percent"] for row in rows]
    assert percents == sorted(percents) and percents[-1] == 100
    large = [row for row in rows if row["file"] == "model.bin" and row["state"] == "downloading"]
    assert {row["files_total"] for row in large} == {4}
    assert any(0 < row["file_percent"] < 100 and row["speed"] > 0 and row["eta"] for row in large)
    assert all(row["file_percent"] == pytest.approx(100 * row["bytes_done"] / len(MODEL), abs=3) for row in large)
    assert events.find("checked", job=job)["bytes_needed"] == SIZE  # type: ignore[index]
    ends = [event["event"] for event in events.events if event["event"] in ("complete", "failed", "cancelled")]
    assert ends == ["complete"]


def test_server_sent_events_tell_the_same(service: Service, hub: LoopbackHub) -> None:
    connection = service.connect()
    connection.request("GET", "/api/sources/events")
    response = connection.getresponse()
    assert response.getheader("content-type") == "text/event-stream; charset=utf-8"
    job = service.download("tiny")
    names = []
    while True:
        line = response.readline().decode().strip()
        if line.startswith("event: "):
            names.append(line.removeprefix("event: "))
        elif line.startswith("data: "):
            data = json.loads(line.removeprefix("data: "))
            assert data["event"] == names[-1]
            if data["event"] == "complete":
                assert data["job"] == job
                break
    assert names[0] == "snapshot" and "progress" in names
    connection.close()


def test_pause_resume_and_cancel_keep_what_has_arrived(service: Service, hub: LoopbackHub) -> None:
    slow(hub)
    job = service.download("tiny")
    service.begun(job)
    paused = service.good("POST", f"/api/sources/download/{job}/pause")
    assert paused["state"] == "paused" and 0 < paused["bytes_done"] < SIZE
    assert service.state("tiny") == "partial"
    assert service.good("POST", f"/api/sources/download/{job}/resume")["state"] in ("queued", "checking", "downloading")
    service.wait(job, "downloading")
    cancelled = service.good("DELETE", f"/api/sources/download/{job}")
    assert cancelled["state"] == "cancelled"
    assert service.bad("POST", f"/api/sources/download/{job}/pause") == (409, "job_ended")
    assert service.bad("DELETE", f"/api/sources/download/{job}") == (409, "job_ended")
    hub.settings.rate = None
    again = service.good("POST", f"/api/sources/download/{job}/retry")
    assert again["job"] != job
    assert service.wait(again["job"], "done", "failed")["state"] == "done"
    assert hub.bytes_served("*/model.bin", "content") < 1.3 * SIZE


def test_one_download_of_a_model_at_a_time(service: Service, hub: LoopbackHub) -> None:
    slow(hub)
    assert service.download("tiny") == service.download("tiny")
    service.good("DELETE", f"/api/sources/download/{service.good('GET', '/api/sources/downloads')[0]['job']}")


def test_a_failed_download_says_why_as_the_command_line_does(service: Service, hub: LoopbackHub) -> None:
    with service.follow() as events:
        job = service.download("medium")
        end = events.wait_for("failed", job=job)
    expected = RepositoryNotFoundError("Systran/faster-whisper-medium", hub.endpoint.removeprefix("http://"))
    row = service.job(job)
    code, rows = command(service, "models", "status", job)
    assert code == 0
    assert end["error"] == row["error"] == rows[0]["error"] == expected.code
    assert end["message"] == row["message"] == rows[0]["message"]
    assert end["hint"] == row["hint"] == rows[0]["hint"] != ""
    assert "Traceback" in row["details"]


def test_a_gated_model_says_where_to_accept_its_licence(service: Service, hub: LoopbackHub) -> None:
    hub.add_model("Systran/faster-whisper-medium", {**SMALL, "model.bin": MODEL}, gated=True)
    job = service.download("medium")
    row = service.wait(job, "failed")
    assert row["error"] == "gated" and "/Systran/faster-whisper-medium" in row["hint"]


def test_verify_finds_what_was_damaged_and_repair_fetches_only_that(service: Service, hub: LoopbackHub) -> None:
    service.wait(service.download("tiny"), "done")
    done = service.task("verify", "tiny")
    assert (done["state"], done["result"]) == ("done", {"verified": 4, "unknown": []})
    target = blob(service, "tiny").resolve()
    target.write_bytes(b"x" + target.read_bytes()[1:])
    failed = service.task("verify", "tiny")
    assert (failed["state"], failed["error"]) == ("failed", "damaged") and "model.bin" in failed["message"]
    assert service.state("tiny") == "damaged"
    served = hub.bytes_served("*", "content")
    repaired = service.task("repair", "tiny")
    assert repaired["result"]["files"] == ["model.bin"]
    assert service.wait(repaired["result"]["job"], "done", "failed")["state"] == "done"
    assert target.read_bytes()[32:] == MODEL[32:]
    assert hub.bytes_served("*", "content") - served < 1.1 * len(MODEL)
    assert service.state("tiny") == "installed"
    assert service.task("repair", "tiny")["result"] == {"job": None, "files": []}


def test_delete_frees_the_disk_and_leaves_others_alone(service: Service) -> None:
    for model in ("tiny", "base"):
        service.wait(service.download(model), "done")
    assert service.task("delete", "tiny")["result"] == {"freed": SIZE}
    assert not (service.models / "models--Systran--faster-whisper-tiny").exists()
    assert blob(service, "base").is_file()
    assert [row["id"] for row in service.good("GET", "/api/sources/installed?fresh=true")] == ["base"]


def test_delete_of_partials_only(service: Service, hub: LoopbackHub) -> None:
    slow(hub)
    job = service.download("tiny")
    service.begun(job)
    busy = service.task("delete", "tiny")
    assert (busy["state"], busy["error"]) == ("failed", "busy")
    service.good("DELETE", f"/api/sources/download/{job}")
    assert service.state("tiny") == "partial"
    assert service.task("delete", "tiny", partials=True)["result"]["freed"] > 0
    assert service.state("tiny") == "missing"


def test_what_is_not_there_is_not_verified(service: Service) -> None:
    row = service.task("verify", "tiny")
    assert (row["state"], row["error"]) == ("failed", "not_installed")


def test_tasks_can_be_cancelled_and_are_listed(service: Service, tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"")
    with large.open("r+b") as file:
        file.truncate(4_000_000_000)  # Sparse: it takes no room, and seconds to read.
    repo = service.models / "models--Systran--faster-whisper-base"
    install(service.models, "Systran/faster-whisper-base", SMALL | {"model.bin": b"x"})
    blob_of = blob(service, "base")
    target = blob_of.resolve()
    blob_of.unlink()
    target.unlink()
    large.rename(repo / "blobs" / ("0" * 64))
    blob_of.symlink_to(repo / "blobs" / ("0" * 64))
    task = service.good("POST", "/api/sources/verify", {"model": "base"})["task"]
    assert service.good("POST", "/api/sources/verify", {"model": "base"})["task"] == task
    assert service.bad("POST", "/api/sources/delete", {"model": "base"}) == (409, "task_busy")
    until(lambda: service.good("GET", f"/api/sources/task/{task}")["bytes_done"] > 0)
    service.good("DELETE", f"/api/sources/task/{task}")
    until(lambda: service.good("GET", f"/api/sources/task/{task}")["state"] == "cancelled")
    assert [row["task"] for row in service.good("GET", "/api/sources/tasks")] == [task]


def test_a_bundle_is_one_download(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.add_model("owner/one", {"a.bin": MODEL})
    hub.add_dataset("owner/two", {"b.bin": MODEL[::-1]})
    address = hub.add_file("c.bin", b"c" * 100)
    import hashlib

    digest = hashlib.sha256(b"c" * 100).hexdigest()
    user = tmp_path / "service" / "user"
    user.mkdir(parents=True)
    (user / "catalog.toml").write_text(
        '[[model]]\nid = "both"\nname = "Both"\nkind = "image"\n'
        'source = [{ repo = "owner/one" }, { repo = "owner/two", type = "dataset" }]\n'
        f'link = [{{ url = "{address}", path = "c.bin", size = 100, sha256 = "{digest}" }}]\n'
    )
    with running(tmp_path / "service", hub.endpoint) as service:
        service.wait(service.download("both"), "done")
        entry = service.good("GET", "/api/sources/catalog/both")
        assert entry["links"] == [address]
        assert {(file["name"], file["state"]) for file in entry["files"]} == {
            ("a.bin", "installed"),
            ("b.bin", "installed"),
            ("c.bin", "installed"),
        }
        assert all(Path(file["path"]).is_file() for file in entry["files"])


def test_filters(service: Service) -> None:
    def ids(query: str, part: str = "catalog") -> list[str]:
        return [row["id"] for row in service.good("GET", f"/api/sources/{part}?{query}")]

    everything = ids("")
    assert ids("", "models/available") + ids("", "datasets/available") == sorted(
        everything, key=lambda model: (model in ids("", "datasets/available"), everything.index(model))
    )
    assert set(ids("kind=dataset")) == set(ids("", "datasets/available"))
    assert ids("search=tiny%20english") and set(ids("search=tiny")) >= {"tiny", "tiny.en"}
    assert ids("installed=true") == []
    service.wait(service.download("tiny"), "done")
    assert ids("installed=true&fresh=true") == ["tiny"]
    assert "tiny" not in ids("missing=true") and "base" in ids("missing=true")


def test_an_answer_that_has_not_changed_is_not_sent_again(service: Service) -> None:
    status, headers, body = service.ask("GET", "/api/sources/catalog")
    assert (status, bool(body)) == (200, True)
    again = service.ask("GET", "/api/sources/catalog", headers={"If-None-Match": headers["etag"]})
    assert (again[0], again[2]) == (304, b"")


def test_messages_come_in_the_clients_language(service: Service) -> None:
    def message(language: str) -> str:
        raw = service.ask("GET", "/api/sources/catalog/tinny", headers={"Accept-Language": language})[2]
        return str(json.loads(raw)["error"]["message"])

    assert message("en") == 'There is no model called "tinny".'
    assert message("de-AT,de;q=0.9") == "Es gibt kein Modell namens „tinny“."
    assert "«tinny»" in message("fa")
    rows = json.loads(service.ask("GET", "/api/sources/catalog", headers={"Accept-Language": "fa"})[2])["data"]
    assert any("\u06cc" in row["description"] for row in rows if row["id"] == "tiny")


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", "/api/sources/catalog/nothing", None, (404, "unknown_model")),
        ("GET", "/api/sources/download/0123456789ab", None, (404, "unknown_job")),
        ("GET", "/api/sources/task/0123456789ab", None, (404, "unknown_task")),
        ("GET", "/api/sources/download/zz", None, (400, "request")),
        ("GET", "/api/sources/catalog/", None, (404, "no_such_address")),
        ("GET", "/api", None, (404, "no_such_address")),
        ("PUT", "/api/sources/catalog", None, (405, "method")),
        ("GET", "/api/sources/verify", None, (405, "method")),
        ("POST", "/api/sources/catalog/download", {"model": "nothing"}, (404, "unknown_model")),
        ("POST", "/api/sources/catalog/download", {}, (400, "request")),
        ("POST", "/api/sources/catalog/download", {"model": 1}, (400, "request")),
        ("POST", "/api/sources/catalog/download", {"model": "tiny", "path": "/etc"}, (400, "request")),
        ("POST", "/api/sources/catalog/download", [], (400, "request")),
        ("POST", "/api/sources/catalog/download", b"{", (400, "request")),
        ("POST", "/api/sources/catalog/download", b'{"model":"tiny","model":"base"}', (400, "request")),
        ("POST", "/api/sources/catalog/download", b"[" * 10_000, (400, "request")),
        ("POST", "/api/sources/download/0123456789ab/pause", {"x": 1}, (400, "request")),
        ("GET", "/api/sources/catalog?kind=other", None, (400, "request")),
        ("GET", "/api/sources/catalog?installed=yes", None, (400, "request")),
        ("GET", "/api/log?lines=0", None, (400, "request")),
        ("GET", "/api/log?lines=99999", None, (400, "request")),
    ],
)
def test_what_is_wrong_with_a_request_is_said(
    shared: Service, method: str, path: str, body: object, expected: tuple[int, str]
) -> None:
    assert shared.bad(method, path, body) == expected


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    with running(tmp_path_factory.mktemp("shared"), None) as service:
        yield service


def test_the_log_and_the_disk(service: Service) -> None:
    service.wait(service.download("tiny"), "done")
    log = service.good("GET", "/api/log?lines=50")
    assert Path(log["path"]) == service.user / "logs" / "subtitle-editor.log"
    assert any("download 'tiny' from 127.0.0.1" in line for line in log["lines"])
    disk = service.good("GET", "/api/sources/disk?fresh=true")
    assert (disk["models_dir"], disk["installed"]) == (str(service.models), 1)
    assert SIZE < disk["used"] < SIZE + 100_000 and disk["free"] > 0
    assert disk["endpoint"] == service.endpoint


def test_history_is_cleared_and_models_stay(service: Service) -> None:
    service.wait(service.download("tiny"), "done")
    assert service.good("DELETE", "/api/sources/history") == {"removed": 1}
    assert service.good("GET", "/api/sources/history") == []
    assert blob(service, "tiny").is_file()


def test_a_hub_that_is_down_is_said_and_tried_again(service: Service, hub: LoopbackHub) -> None:
    hub.faults.add(Fault(path="*", status=503, times=2))
    with service.follow() as events:
        job = service.download("tiny")
        events.wait_for("progress", job=job, state="retrying")
        events.wait_for("complete", job=job)


# Beginning and end


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(service: Service, hub: LoopbackHub, how: int) -> None:
    slow(hub)
    job = service.download("tiny")
    done = service.begun(job)["bytes_done"]
    events = service.follow()
    events.wait_for("snapshot")
    began = time.monotonic()
    assert service.end(how) == 0
    assert time.monotonic() - began < 15
    assert events.closed.wait(5) and events.code in (1001, 1012)
    assert service.errors.read_text() == ""
    hub.settings.rate = None
    served = hub.bytes_served("*/model.bin", "content")
    service.start()
    row = service.job(job)
    assert row["state"] == "interrupted" and row["bytes_done"] >= done
    service.good("POST", f"/api/sources/download/{job}/resume")
    assert service.wait(job, "done", "failed")["state"] == "done"
    assert hub.bytes_served("*/model.bin", "content") - served < SIZE - done / 2


def test_killed_in_the_middle_it_goes_on_by_itself_with_resume(hub: LoopbackHub, tmp_path: Path) -> None:
    slow(hub)
    with running(tmp_path / "service", hub.endpoint, ["--resume"]) as service:
        job = service.download("tiny")
        service.begun(job)
        service.end(signal.SIGKILL)
        hub.settings.rate = None
        service.start()
        assert service.wait(job, "done", "failed")["state"] == "done"


def test_a_port_that_is_taken_is_said(service: Service) -> None:
    code, rows = command(service, "serve", "--port", str(service.port))
    assert code == 1 and rows[-1]["error"] == "address" and str(service.port) in rows[-1]["message"]


# One list of jobs


def test_the_command_line_sees_pauses_and_cancels_its_jobs(service: Service, hub: LoopbackHub) -> None:
    slow(hub)
    job = service.download("tiny")
    service.begun(job)
    with service.follow() as events:
        until(lambda: command(service, "models", "status", job)[1][0]["bytes_done"] > 0)
        code, rows = command(service, "models", "pause", job)
        assert code == 0 and rows[-1]["state"] == "paused"
        events.wait_for("progress", job=job, state="paused")
        service.good("POST", f"/api/sources/download/{job}/resume")
        service.wait(job, "downloading")
        code, rows = command(service, "models", "cancel", job)
        assert code == 0 and rows[-1]["state"] == "cancelled"
        events.wait_for("cancelled", job=job)
    assert service.job(job)["state"] == "cancelled"


def test_a_download_of_the_command_line_is_seen_and_cancelled(service: Service, hub: LoopbackHub) -> None:
    import subprocess
    import sys

    slow(hub)
    words = [sys.executable, "-m", "subtitle_editor", "models", "download", "base", *service.place(), "--json"]
    with service.follow() as events, subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        seen = dict(until(lambda: next((row for row in events.events if row.get("model") == "base"), None)))
        job = seen["job"]
        moved = until(lambda: (found := events.find("progress", job=job, state="downloading")) and found)
        assert moved["elsewhere"] is True
        until(lambda: any(e.get("job") == job and e.get("speed", 0) > 0 for e in events.events))
        assert service.bad("POST", f"/api/sources/download/{job}/resume") == (409, "busy")
        assert service.good("DELETE", f"/api/sources/download/{job}")["state"] in ("cancelled", "downloading")
        events.wait_for("cancelled", job=job)
        assert process.wait(30) == 1
        assert process.stdout is not None and json.loads(process.stdout.read().splitlines()[-1])["event"] == "cancelled"


def test_two_services_on_one_user_folder(service: Service, hub: LoopbackHub) -> None:
    slow(hub)
    with running(service.folder, hub.endpoint) as other:
        job = service.download("tiny")
        until(lambda: [row["elsewhere"] for row in other.good("GET", "/api/sources/downloads")] == [True])
        until(lambda: other.job(job)["bytes_done"] > 0)
        assert other.good("POST", f"/api/sources/download/{job}/pause")["job"] == job
        assert service.wait(job, "paused")["state"] == "paused"
        until(lambda: not other.job(job)["elsewhere"])
        hub.settings.rate = None
        other.good("POST", f"/api/sources/download/{job}/resume")
        assert other.wait(job, "done", "failed")["state"] == "done"
        until(lambda: service.state("tiny") == "installed")
        assert service.wait(job, "done")["path"]


def test_what_another_program_deletes_is_noticed(service: Service) -> None:
    service.wait(service.download("tiny"), "done")
    assert [row["id"] for row in service.good("GET", "/api/sources/installed?fresh=true")] == ["tiny"]
    assert command(service, "models", "delete", "tiny")[0] == 0
    assert service.good("GET", "/api/sources/installed?fresh=true") == []


def test_the_queue_is_not_without_end(hub: LoopbackHub, tmp_path: Path) -> None:
    slow(hub)
    with running(tmp_path / "service", hub.endpoint, ["--max-jobs", "2"]) as service:
        first = service.download("tiny")
        service.download("base")
        assert service.bad("POST", "/api/sources/catalog/download", {"model": "small"}) == (429, "too_many_jobs")
        assert service.download("tiny") == first


def test_offline_nothing_is_asked(hub: LoopbackHub, tmp_path: Path) -> None:
    with running(tmp_path / "service", hub.endpoint, ["--offline"]) as service:
        row = service.wait(service.download("tiny"), "failed")
        assert row["error"] == "offline"
        assert service.good("GET", "/api/sources/disk")["offline"] is True
        assert hub.requests == []


def test_many_models_are_downloaded_at_a_time(hub: LoopbackHub, tmp_path: Path) -> None:
    add_models(hub, "tiny.en", "base.en")
    slow(hub)
    with running(tmp_path / "service", hub.endpoint, ["--concurrency", "3"]) as service:
        jobs = [service.download(model) for model in ("tiny", "tiny.en", "base.en")]
        until(lambda: all(service.job(job)["state"] == "downloading" for job in jobs))
