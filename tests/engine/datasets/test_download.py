"""Downloads from a server of our own on this machine that misbehaves in every known way; nothing else is contacted."""

import contextlib
import errno
import gzip
import hashlib
import http.server
import io
import random
import socket
import struct
import tarfile
import threading
import time

import pytest

from engine import data
from engine.datasets import download, sources, transfer
from engine.datasets.sources import Archive, File, Source
from engine.dataspec import Data

MEGABYTE = 1_000_000
TIMEOUTS_S = (2.0, 0.5)


class Server(http.server.ThreadingHTTPServer):
    """Serves ``files`` and does to each request what comes next in ``faults``; notes every request."""

    daemon_threads = True
    block_on_close = False

    def __init__(self):
        self.files, self.faults, self.requests, self.hold = {}, [], [], threading.Event()
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/"

    def handle_error(self, request, client_address):
        """A client that hangs up is part of these tests."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.requests.append((self.path.rsplit("/", 1)[-1], self.headers.get("Range")))
        fault = self.server.faults.pop(0) if self.server.faults else None
        if isinstance(fault, int):
            self.send_error(fault)
        else:
            self.send_file(self.server.files[self.path.rsplit("/", 1)[-1]], fault)

    def send_file(self, content, fault):
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        start = 0 if fault in ("no ranges", "page", "text") else start
        if fault == "page":
            content = b"\xef\xbb\xbf<!DOCTYPE html>\n<html><body>Welcome to Hotel Wifi. Please sign in.</body></html>"
        if fault == "wrong":
            content = content[:-100] + bytes(100)
        if fault == "text":
            content = b"Too many connections."
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.send_header("Content-Type", "application/x-gzip")
        self.end_headers()
        stop = len(content)
        if isinstance(fault, tuple):  # ("cut" or "stall", at which byte)
            stop = fault[1]
        self.wfile.write(content[start:stop])
        if isinstance(fault, tuple):
            self.wfile.flush()
            if fault[0] == "stall":
                self.server.hold.wait(20)
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *args):
        """Silent."""


@contextlib.contextmanager
def running_server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def server():
    with running_server() as one:
        yield one


def idx(shape, content):
    return struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape) + content


def md5(content):
    return hashlib.md5(content).hexdigest()


CONTENTS = {
    "train-images-idx3-ubyte": idx((3_000, 28, 28), random.Random(1).randbytes(3_000 * 784)),
    "train-labels-idx1-ubyte": idx((3_000,), bytes(i % 10 for i in range(3_000))),
    "t10k-images-idx3-ubyte": idx((500, 28, 28), random.Random(2).randbytes(500 * 784)),
    "t10k-labels-idx1-ubyte": idx((500,), bytes(i % 10 for i in range(500))),
}
PACKED = {f"{name}.gz": gzip.compress(content, 1, mtime=0) for name, content in CONTENTS.items()}
IMAGES = "train-images-idx3-ubyte.gz"
TOTAL = sum(map(len, PACKED.values()))


@pytest.fixture
def small_fashion(monkeypatch, server):
    """Fashion-MNIST as 3,500 images of noise, served by the server."""
    archives = tuple(Archive(f"{name}.gz", len(PACKED[f"{name}.gz"]), md5(PACKED[f"{name}.gz"]),
                             (File(name, len(content), content[: 16 if "images" in name else 8], md5(content)),))
                     for name, content in CONTENTS.items())
    monkeypatch.setitem(sources.SOURCES, "fashion-mnist", Source("FashionMNIST/raw", (server.url,), archives))
    server.files = dict(PACKED)


def fetch(tmp_path, *mirrors, name="fashion-mnist"):
    return list(download.download(name, tmp_path, mirrors or None, TIMEOUTS_S))


def message(tmp_path, *mirrors, name="fashion-mnist"):
    with pytest.raises(download.DownloadError) as caught:
        fetch(tmp_path, *mirrors, name=name)
    assert str(caught.value) == caught.value.message
    return caught.value.message


def final_names(tmp_path):
    return sorted(path.name for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".part")


def assert_whole(tmp_path):
    folder = tmp_path / "FashionMNIST" / "raw"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENTS
    assert data.status("fashion-mnist", tmp_path).state == "present"


def test_a_download_is_verified_unpacked_and_loaded(tmp_path, server, small_fashion):
    reports = fetch(tmp_path)
    assert_whole(tmp_path)
    assert [(report.received, report.total) for report in (reports[0], reports[-1])] == [(0, TOTAL), (TOTAL, TOTAL)]
    received = [report.received for report in reports]
    assert received == sorted(received)
    assert max(report.rate for report in reports) > 0
    loaded = data.load(Data(dataset="fashion-mnist"), tmp_path)
    assert len(loaded.training) == 2_700 and len(loaded.test) == 500
    server.requests.clear()
    fetch(tmp_path)
    assert server.requests == []


def test_a_cut_connection_is_continued_where_it_stopped(tmp_path, server, small_fashion):
    half = len(PACKED[IMAGES]) // 2
    server.faults = [("cut", half)]
    fetch(tmp_path)
    assert_whole(tmp_path)
    assert server.requests[:2] == [(IMAGES, None), (IMAGES, f"bytes={half}-")]


def test_a_server_without_ranges_starts_again(tmp_path, server, small_fashion):
    server.faults = [("cut", 500_000), "no ranges"]
    fetch(tmp_path)
    assert_whole(tmp_path)


def test_the_message_of_a_busy_server_is_the_promised_one(tmp_path, server):
    server.files = {IMAGES: b"\x1f\x8b" + bytes(26_421_878)}
    server.faults = [("cut", 12_400_000), 503, 503]
    assert message(tmp_path, server.url, server.url) == (
        "Fashion-MNIST could not be downloaded: the server is busy (503), tried 2 mirrors. "
        "Kept 12 of 30 MB; Retry continues.")
    assert final_names(tmp_path) == []
    assert (tmp_path / "FashionMNIST" / "raw" / f"{IMAGES}.part").stat().st_size == 12_400_000


@pytest.mark.parametrize(("status", "reason"), [
    (403, "the server refuses access (403)"),
    (404, "the server does not have the file (404)"),
    (429, "the server is busy (429)"),
    (500, "the server has an error (500)"),
    (503, "the server is busy (503)"),
])
def test_a_refusal_is_named(tmp_path, server, status, reason):
    server.faults = [status]
    assert message(tmp_path, server.url) == (
        f"Fashion-MNIST could not be downloaded: {reason}, tried 1 mirror. Nothing was kept; Retry starts again.")
    assert final_names(tmp_path) == []


@pytest.mark.parametrize(("fault", "reason"), [
    ("page", "a web page came instead of the file (does this network want you to sign in?)"),
    ("text", "something else came instead of the file"),
    ("wrong", "the file is not the published one (wrong checksum)"),
])
def test_something_else_with_status_200_is_not_kept(tmp_path, server, small_fashion, fault, reason):
    server.faults = [fault]
    assert message(tmp_path) == (
        f"Fashion-MNIST could not be downloaded: {reason}, tried 1 mirror. Nothing was kept; Retry starts again.")
    assert final_names(tmp_path) == []
    fetch(tmp_path)
    assert_whole(tmp_path)


def test_a_sign_in_page_does_not_cost_what_was_kept(tmp_path, server, small_fashion):
    server.faults = [("cut", MEGABYTE), "page"]
    assert "a web page came" in message(tmp_path)
    part = tmp_path / "FashionMNIST" / "raw" / f"{IMAGES}.part"
    assert part.stat().st_size == MEGABYTE
    server.faults = ["text"]
    assert "Kept 1 of 2 MB" in message(tmp_path)
    fetch(tmp_path)
    assert_whole(tmp_path)


def test_half_a_file_names_the_cut_and_retry_continues(tmp_path, server, small_fashion):
    half = len(PACKED[IMAGES]) // 2
    server.faults = [("cut", half), ("cut", half)]
    assert message(tmp_path) == ("Fashion-MNIST could not be downloaded: the connection was cut, tried 1 mirror. "
                                 "Kept 1 of 2 MB; Retry continues.")
    assert final_names(tmp_path) == []
    server.requests.clear()
    fetch(tmp_path)
    assert server.requests[0] == (IMAGES, f"bytes={half}-")
    assert_whole(tmp_path)


def test_a_stalled_server_times_out(tmp_path, server, small_fashion):
    server.faults = [("stall", 300_000), ("stall", 300_000)]
    assert "the server did not answer in time, tried 1 mirror. Kept 0 of 2 MB" in message(tmp_path)


def test_a_refused_connection_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert "the server refused the connection" in message(tmp_path, f"http://127.0.0.1:{port}/")


def test_a_name_that_is_not_found_is_named(tmp_path, monkeypatch):
    def not_found(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", not_found)
    assert "the server's name was not found (are you offline?)" in message(tmp_path, "http://data.invalid/")


def test_without_a_network_it_says_so(tmp_path, monkeypatch):
    def unreachable(*args, **kwargs):
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", unreachable)
    assert "there is no connection to the network" in message(tmp_path, "http://127.0.0.1:9/")


def test_the_next_mirror_takes_over_what_the_first_began(tmp_path, server, small_fashion):
    with running_server() as second:
        second.files = dict(PACKED)
        server.faults = [("cut", 700_000), 404]
        fetch(tmp_path, server.url, second.url)
        assert second.requests[0] == (IMAGES, "bytes=700000-")
    assert_whole(tmp_path)


def test_a_part_that_cannot_be_continued_is_dropped(tmp_path, server, small_fashion):
    part = tmp_path / "FashionMNIST" / "raw" / f"{IMAGES}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(bytes(1_000))
    server.faults = [416]
    assert "Nothing was kept" in message(tmp_path)
    part.write_bytes(bytes(1_000))
    assert "wrong checksum" in message(tmp_path)
    part.write_bytes(bytes(3 * MEGABYTE))
    assert "wrong checksum" in message(tmp_path)
    fetch(tmp_path)
    assert_whole(tmp_path)


def test_closing_cancels_at_once_even_while_the_server_is_silent(tmp_path, server, small_fashion):
    stop = 36 * transfer.PIECE
    server.faults = [("stall", stop)]
    running = download.download("fashion-mnist", tmp_path, None, (10, 20))
    while next(running).received < stop:
        pass
    started = time.monotonic()
    next(running)
    running.close()
    assert time.monotonic() - started < 1
    assert final_names(tmp_path) == []
    server.requests.clear()
    fetch(tmp_path)
    assert server.requests[0] == (IMAGES, f"bytes={stop}-")
    assert_whole(tmp_path)


def test_closing_while_unpacking_leaves_no_half_file(tmp_path, server, small_fashion, monkeypatch):
    monkeypatch.setattr(download, "BLOCK", 10_000)
    running = download.download("fashion-mnist", tmp_path, None, TIMEOUTS_S)
    while not list(tmp_path.rglob("*.tmp")):
        next(running)
    running.close()
    assert final_names(tmp_path) == []
    server.requests.clear()
    fetch(tmp_path)
    assert server.requests[0][0] == "train-labels-idx1-ubyte.gz"
    assert_whole(tmp_path)


def test_the_thread_beneath_ends_when_the_generator_is_closed(server):
    server.files = {"big": bytes(8 * MEGABYTE)}
    stream = transfer.pieces(f"{server.url}big", 0)
    assert isinstance(next(stream), transfer.Head)
    (worker,) = (thread for thread in threading.enumerate() if thread.name == "download")
    stream.close()
    worker.join(5)
    assert not worker.is_alive()


def test_a_damaged_file_is_fetched_again_and_the_others_are_not(tmp_path, server, small_fashion):
    fetch(tmp_path)
    labels = tmp_path / "FashionMNIST" / "raw" / "train-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:100])
    assert data.status("fashion-mnist", tmp_path).state == "damaged"
    server.requests.clear()
    fetch(tmp_path)
    assert [name for name, _ in server.requests] == ["train-labels-idx1-ubyte.gz"]
    assert_whole(tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path, server, small_fashion):
    (tmp_path / "file").write_text("in the way")
    text = message(tmp_path / "file")
    assert text.startswith("Fashion-MNIST could not be downloaded: cannot write to ")
    assert text.endswith(". Choose another data folder.") and server.requests == []


def test_a_full_disk_is_named_and_the_rest_is_kept(tmp_path, server, small_fashion, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download.os, "fsync", full)
    text = message(tmp_path)
    assert "could not be downloaded: the disk is full" in text and "Kept 2 of 2 MB; Retry continues." in text
    assert final_names(tmp_path) == []
    monkeypatch.undo()


def cifar_archive(extra=()):
    """CIFAR-10's binary archive with ten records a file, and more members on request."""
    names = [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]
    contents = {name: b"".join(bytes([i]) + random.Random(name + str(i)).randbytes(3_072) for i in range(10))
                for name in names}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in [("readme.html", b"<html>"), *extra, *contents.items()]:
            member = tarfile.TarInfo(name if "/" in name else f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return contents, packed.getvalue()


@pytest.fixture
def small_cifar(monkeypatch, server):
    contents, packed = cifar_archive([("../../outside", b"unsafe"), ("/absolute", b"unsafe")])
    name = "cifar-10-binary.tar.gz"
    files = tuple(File(file, len(content)) for file, content in contents.items())
    archive = Archive(name, len(packed), md5(packed), files)
    monkeypatch.setitem(sources.SOURCES, "cifar-10", Source("cifar-10-batches-bin", (server.url,), (archive,)))
    server.files = {name: packed}
    return contents


def test_cifar_is_unpacked_from_its_archive_and_nothing_else_is_written(tmp_path, server, small_cifar):
    fetch(tmp_path / "in", name="cifar-10")
    folder = tmp_path / "in" / "cifar-10-batches-bin"
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == sorted([*small_cifar, sources.SUMS])
    loaded = data.load(Data(dataset="cifar-10"), tmp_path / "in")
    assert tuple(loaded.training.images.shape) == (45, 3, 32, 32)
    pixels = small_cifar["test_batch.bin"][1:3_073]
    assert loaded.test.images[0].numpy().tobytes() == pixels and loaded.test.labels.tolist() == list(range(10))
    changed = bytearray((folder / "data_batch_2.bin").read_bytes())
    changed[100] ^= 1
    (folder / "data_batch_2.bin").write_bytes(changed)
    with pytest.raises(data.DamagedData, match=r"data_batch_2\.bin is damaged"):
        data.load(Data(dataset="cifar-10", seed=1), tmp_path / "in")


@pytest.mark.parametrize("packed", [True, False])
def test_a_file_the_user_has_is_taken_by_its_checksum(tmp_path, server, small_fashion, packed):
    for number, (name, content) in enumerate((PACKED if packed else CONTENTS).items()):
        chosen = tmp_path / f"file {number}"
        chosen.write_bytes(content)
        list(download.use_file("fashion-mnist", tmp_path / "in", chosen))
        assert chosen.read_bytes() == content, name
    assert_whole(tmp_path / "in")
    assert server.requests == []


def test_a_file_that_is_something_else_is_refused(tmp_path, small_fashion):
    chosen = tmp_path / "holiday.jpg"
    chosen.write_bytes(b"not a data set")
    refusal = r"holiday\.jpg is not one of the files of Fashion-MNIST \(train-images"
    with pytest.raises(download.DownloadError, match=refusal):
        list(download.use_file("fashion-mnist", tmp_path, chosen))
    with pytest.raises(download.DownloadError, match=r"gone could not be used: it cannot be read \(no such file"):
        list(download.use_file("fashion-mnist", tmp_path, tmp_path / "gone"))


def test_published_sizes_match_the_formats():
    for name, source in sources.SOURCES.items():
        for file in source.files:
            if file.name.endswith("ubyte"):
                count, *sides = struct.unpack_from(f">{file.head[3]}I", file.head, 4)
                assert file.size == len(file.head) + count * (sides[0] * sides[1] if sides else 1), name
        assert all(len(archive.md5) == 32 and archive.size for archive in source.archives) and source.mirrors
