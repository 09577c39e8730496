#!/usr/bin/env python3
"""Reads the API's own document and asks everything it describes, right and wrong, of the served program.

Fails on any 5xx, any status that isn't documented, any answer that isn't of the documented form. Needs schemathesis
beside this Python (`pip install schemathesis`), and for PostgreSQL `psql` and TALLYMAN_TEST_PG.

    tests/fuzz_api.py target/debug/tallyman [sqlite] [postgres]
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import urllib.request
import uuid

SECONDS = int(os.environ.get("TALLYMAN_FUZZ_SECONDS", "75"))
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# These would end the fuzzer's own token, or send something to an address that the fuzzer makes up.
LEFT_OUT = r"^/api/v1/(tokens/\{token\}/revoke|endpoints.*|printers)$"


class Service:
    """The program, serving on a free port out of a folder of its own."""

    def __init__(self, binary, folder, database_url):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TALLYMAN_")}
        environment |= {"TALLYMAN_LISTEN": "127.0.0.1:0", "LC_ALL": "C.UTF-8"}
        command = [binary, "serve", "--database-url", database_url]
        self.log = open(folder / "log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=self.log, text=True)
        try:
            self.url = self.find(self.process.stdout, "http://")
            # Said to people, beside the log; it is there before the address is.
            self.token = self.find((folder / "log").open(encoding="utf-8"), "tm_")
        except LookupError:
            self.process.kill()
            raise SystemExit("the program did not start:\n" + (folder / "log").read_text()) from None

    @staticmethod
    def find(lines, start):
        for line in lines:
            for word in line.split():
                if word.startswith(start):
                    return word.rstrip("/.,")
        raise LookupError(start)

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
        request = urllib.request.Request(self.url + "/api/v1" + path, data=data, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)


def scene(service):
    """Something of everything, so that small numbers in addresses mean something."""
    skus = [{"code": code, "name_en": code, "weight_grams": 100, "barcodes": [{"barcode": code + "-1"}]} for code in ("A", "B")]
    service.ask("PUT", "/skus", {"skus": skus})
    places = [{"code": f"L{n}", "zone": "Z", "walk_order": n} for n in range(3)]
    service.ask("PUT", "/locations", {"locations": places})
    receipts = [{"sku": sku, "location": "L1", "quantity": 100, "lot": "LOT"} for sku in ("A", "B")]
    service.ask("POST", "/stock/receive", {"receipts": receipts})
    service.ask("POST", "/totes", {"prefix": "T", "first": 1, "last": 5})
    service.ask("PUT", "/carriers", {"code": "SF", "name_en": "SF", "is_default": True})
    for n in range(6):
        receiver = {"name": f"Person {n}", "phone": "13800000000", "country": "CN", "city": "Town", "line1": "Long Street 1"}
        lines = [{"external_id": "1", "sku": "A", "quantity": 2}, {"external_id": "2", "sku": "B", "quantity": 1}]
        service.ask("POST", "/orders", {"external_id": f"E{n}", "receiver": receiver, "lines": lines})
    wave = service.ask("POST", "/waves", {"choice": {"limit": 4}})["wave_id"]
    service.ask("POST", f"/waves/{wave}/release")
    task = service.ask("POST", "/picking/claim", {})
    service.ask("POST", f"/picking/tasks/{task['task_id']}/tote", {"tote": "T000001"})
    for line in task["lines"]:
        proof = {"location": line["place"], "item": line["sku"], "quantity": line["quantity"], "tote": "T000001"}
        service.ask("POST", f"/picking/tasks/{task['task_id']}/lines/{line['allocation_id']}/confirm", proof)
    service.ask("POST", "/manifests", {"carrier": "SF"})


def fuzz(service):
    tool = pathlib.Path(sys.executable).with_name("st")
    command = [
        str(tool), "run", service.url + "/api/v1/openapi.json", "--url", service.url,
        "-H", f"Authorization: Bearer {service.token}", "--checks", CHECKS, "--phases", "examples,coverage,fuzzing",
        "--max-time", str(SECONDS), "--request-timeout", "30", "--workers", "1", "--continue-on-failure", "--no-color",
        "--suppress-health-check", "all", "--warnings", "off", "--exclude-path-regex", LEFT_OUT,
        "--seed", os.environ.get("TALLYMAN_FUZZ_SEED", "20261121"), "--generation-database", "none",
    ]  # fmt: skip
    return subprocess.run(command, cwd=tempfile.gettempdir(), check=False, timeout=SECONDS * 2 + 120).returncode


def database(kind, folder):
    if kind == "sqlite":
        return f"sqlite:{folder}/tallyman.db", lambda: None
    server = os.environ.get("TALLYMAN_TEST_PG", "postgres://postgres@127.0.0.1:54329/postgres")
    name = f"tm_fuzz_{uuid.uuid4().hex}"
    run = lambda sql: subprocess.run(["psql", "-q", "-c", sql, server], check=True)  # noqa: E731
    run(f"CREATE DATABASE {name}")
    return server.rsplit("/", 1)[0] + "/" + name, lambda: run(f"DROP DATABASE {name} WITH (FORCE)")


def main():
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    failed = []
    for kind in sys.argv[2:] or ["sqlite", "postgres"]:
        print(f"== the API on {kind}, {SECONDS} s", flush=True)
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place)
            url, drop = database(kind, folder)
            service = Service(binary, folder, url)
            try:
                scene(service)
                code = fuzz(service)
                findings = service.ask("GET", "/verify")["findings"]
                if code or findings:
                    failed.append(kind)
                    print("verify found:", findings)
                    errors = [line for line in (folder / "log").read_text().splitlines() if "ERROR" in line or "panicked" in line]
                    print("\n".join(errors[-20:]))
            finally:
                service.stop()
                drop()
    if failed:
        raise SystemExit(f"the API failed on {', '.join(failed)}")
    print("the API keeps to its document")


if __name__ == "__main__":
    main()
